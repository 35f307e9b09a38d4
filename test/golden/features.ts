import { parseCsvLine } from '../../src/parser/csv.ts';
import { INSTRUCTION_FLAGS } from '../../src/parser/flags.ts';
import { parse } from '../../src/parser/index.ts';
import type { Instruction } from '../../src/parser/instruction.ts';
import { MOUNT_KEYS, MOUNT_TYPES } from '../../src/parser/mount-options.ts';

const HEREDOC_FORMS = ['<<NAME', '<<-NAME', "<<'NAME'"] as const;
const HEREDOC_KINDS = ['RUN', 'COPY', 'ADD'] as const;

/** What a Dockerfile can ask for, from the tables that drive the parser (reference, sections 3, 5, 10 to 12). */
export const FEATURES: readonly string[] = [
  ...Object.entries(INSTRUCTION_FLAGS).flatMap(([kind, flags]) =>
    Object.keys(flags).map((flag) => `${kind} --${flag}`),
  ),
  ...Object.entries(MOUNT_TYPES).flatMap(([type, { takes }]) => [
    mountFeature(type),
    ...takes.map((option) => mountFeature(type, option)),
  ]),
  ...HEREDOC_KINDS.flatMap((kind) => HEREDOC_FORMS.map((form) => `${kind} ${form}`)),
];

/** The features that a Dockerfile uses, in whatever state it is. */
export function featuresOf(text: string): ReadonlySet<string> {
  return new Set(parse(text).instructions.flatMap(instructionFeatures));
}

function instructionFeatures(instruction: Instruction): string[] {
  const { kind, flags, heredocs } = instruction;
  const forms = heredocs.flatMap(({ expand, chomp }) => [
    HEREDOC_FORMS[chomp ? 1 : 0],
    ...(expand ? [] : [HEREDOC_FORMS[2]]),
  ]);
  return [
    ...flags.map(({ name }) => `${kind} --${name}`),
    ...flags.flatMap(({ name, value }) => (name === 'mount' ? mountFeatures(value ?? '') : [])),
    ...forms.map((form) => `${kind} ${form}`),
    ...(kind === 'ONBUILD' ? instructionFeatures(instruction.instruction) : []),
  ];
}

function mountFeatures(value: string): string[] {
  const options = (parseCsvLine(value) ?? []).map((field) => {
    const [key = '', text = ''] = field.split('=', 2);
    return { option: MOUNT_KEYS[key.toLowerCase()] ?? key, text };
  });
  const type = options.find(({ option }) => option === 'type')?.text.toLowerCase() ?? 'bind';
  return [mountFeature(type), ...options.map(({ option }) => mountFeature(type, option))];
}

function mountFeature(type: string, option?: string): string {
  return `RUN --mount=type=${type}${option === undefined ? '' : `,${option}`}`;
}
