import { suggest } from '../core/suggest.ts';
import { type Context, type Problem, rangeOf, report, spanOf } from './context.ts';
import type { FlagsCstNode } from './cst.ts';
import type { Flag, InstructionKind, Word } from './instruction.ts';
import { unquoteFlag } from './words.ts';

/** `text` needs a value, `list` too and may be repeated, `switch` is true, false, or alone (reference, section 3). */
type FlagType = 'text' | 'list' | 'switch';

const COPY_FLAGS = { chown: 'text', chmod: 'text', link: 'switch', exclude: 'list' } as const;

export const INSTRUCTION_FLAGS: Partial<Record<InstructionKind, Readonly<Record<string, FlagType>>>> = {
  FROM: { platform: 'text' },
  RUN: { mount: 'list', network: 'text', security: 'text', device: 'list' },
  COPY: { ...COPY_FLAGS, from: 'text', parents: 'switch' },
  ADD: { ...COPY_FLAGS, checksum: 'text', 'keep-git-dir': 'switch', unpack: 'switch' },
  HEALTHCHECK: { interval: 'text', timeout: 'text', 'start-period': 'text', 'start-interval': 'text', retries: 'text' },
};

/** These swallow every flag unseen. */
const UNCHECKED: readonly InstructionKind[] = ['ARG', 'STOPSIGNAL'];

/** A flag, with the value as a word of its own. */
export interface ReadFlag {
  readonly flag: Flag;
  readonly value: Word | undefined;
}

export function readFlags(context: Context, [node]: readonly FlagsCstNode[]): readonly ReadFlag[] {
  const { text } = context.statement.line;
  return (node?.children.Flag ?? []).map((token) => {
    const range = rangeOf(context, token);
    const raw = text.slice(range.start, range.end);
    const word = unquoteFlag(raw, context.escapeChar).slice('--'.length);
    const span = spanOf(context, range);
    const equals = word.indexOf('=');
    if (equals === -1) return { flag: { name: word, span }, value: undefined };
    const value = word.slice(equals + 1);
    const valueSpan = spanOf(context, { start: range.start + raw.indexOf('=') + 1, end: range.end });
    return { flag: { name: word.slice(0, equals), value, span }, value: { text: value, span: valueSpan } };
  });
}

export function checkFlags(context: Context, flags: readonly ReadFlag[]): void {
  const kind = context.clause.kind;
  if (kind === undefined || UNCHECKED.includes(kind)) return;
  const known = INSTRUCTION_FLAGS[kind] ?? {};
  const seen = new Set<string>();
  for (const { flag } of flags) {
    const problem = flagProblem(flag, kind, known) ?? repeatProblem(flag, known, seen);
    if (problem !== undefined) report(context, flag.span, problem);
    seen.add(flag.name);
  }
}

function flagProblem(flag: Flag, kind: string, known: Readonly<Record<string, FlagType>>): Problem | undefined {
  const type = Object.hasOwn(known, flag.name) ? known[flag.name] : undefined;
  if (type === undefined) return unknownFlag(flag, kind, Object.keys(known));
  if (type === 'switch') return switchProblem(flag);
  if (flag.value !== undefined) return undefined;
  return {
    code: 'PARSE_FLAG_WITHOUT_VALUE',
    message: `missing a value on flag --${flag.name}`,
    hint: `write --${flag.name}=VALUE, without white space around "="`,
  };
}

function unknownFlag({ name }: Flag, kind: string, known: readonly string[]): Problem {
  const near = suggest(name, known);
  const list = known.map((flag) => `--${flag}`).join(', ');
  const others = list === '' ? `${kind} has no flags` : `the flags of ${kind} are ${list}`;
  return {
    code: 'PARSE_UNKNOWN_FLAG',
    message: `unknown flag --${name} of ${kind}`,
    hint: near === undefined ? others : `did you mean --${near}?`,
  };
}

function switchProblem({ name, value }: Flag): Problem | undefined {
  if (value === undefined || /^(true|false)$/i.test(value)) return undefined;
  return {
    code: 'PARSE_BAD_FLAG_VALUE',
    message: `invalid value ${JSON.stringify(value)} of flag --${name}`,
    hint: `write --${name}, --${name}=true or --${name}=false`,
  };
}

function repeatProblem(
  { name }: Flag,
  known: Readonly<Record<string, FlagType>>,
  seen: ReadonlySet<string>,
): Problem | undefined {
  if (!seen.has(name) || known[name] === 'list') return undefined;
  return { code: 'PARSE_DUPLICATE_FLAG', message: `flag --${name} is given twice`, hint: 'keep one of them' };
}

export function flagText(flags: readonly ReadFlag[], name: string): Word | undefined {
  return flagList(flags, name)[0];
}

export function flagList(flags: readonly ReadFlag[], name: string): readonly Word[] {
  return flags.flatMap(({ flag, value }) => (flag.name === name && value !== undefined ? [value] : []));
}

export function flagSwitch(flags: readonly ReadFlag[], name: string): boolean | undefined {
  const found = flags.find(({ flag }) => flag.name === name);
  return found && found.flag.value?.toLowerCase() !== 'false';
}
