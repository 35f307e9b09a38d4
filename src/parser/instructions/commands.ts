import { isBuilderError } from '../../core/errors.ts';
import { suggest } from '../../core/suggest.ts';
import { argumentsRange, type Context, keywordSpan, report, spanOf } from '../context.ts';
import { flagList, flagText } from '../flags.ts';
import type {
  CmdInstruction,
  Command,
  EntrypointInstruction,
  RunInstruction,
  ShellInstruction,
  Word,
} from '../instruction.ts';
import { parseMount } from '../mount.ts';
import type { Draft } from './draft.ts';
import { readJsonWords } from './json-words.ts';

/** A command in JSON form, or else all the text for the shell; no arguments are an empty text. */
export function readCommand(context: Context, json: boolean): Command | undefined {
  const range = argumentsRange(context);
  const span = spanOf(context, range);
  if (!json) return { form: 'shell', text: context.statement.line.text.slice(range.start, range.end), span };
  const words = readJsonWords(context);
  return words && { form: 'exec', argv: words.map(({ text }) => text), span };
}

export function readCmd({ context, base }: Draft, json: boolean): CmdInstruction | undefined {
  const command = readCommand(context, json);
  return command && { kind: 'CMD', ...base, command };
}

export function readEntrypoint({ context, base }: Draft, json: boolean): EntrypointInstruction | undefined {
  const command = readCommand(context, json);
  return command && { kind: 'ENTRYPOINT', ...base, command };
}

export function readShell({ context, base }: Draft, json: boolean): ShellInstruction | undefined {
  const command = readCommand(context, json);
  if (command === undefined) return undefined;
  if (command.form === 'exec' && command.argv.length > 0) return { kind: 'SHELL', ...base, argv: command.argv };
  return report(context, keywordSpan(context), {
    code: 'PARSE_BAD_SHELL',
    message: 'SHELL needs a JSON array with at least one element',
    hint: 'write, for example, SHELL ["/bin/sh", "-c"]',
  });
}

export function readRun({ context, base, flags }: Draft, json: boolean): RunInstruction | undefined {
  const command = readCommand(context, json);
  if (command === undefined) return undefined;
  const mounts = flagList(flags, 'mount');
  const network = flagText(flags, 'network');
  const security = flagText(flags, 'security');
  for (const mount of mounts) checkMount(context, mount);
  checkChoice(context, '--network', network, ['default', 'none', 'host']);
  checkChoice(context, '--security', security, ['sandbox', 'insecure']);
  return {
    kind: 'RUN',
    ...base,
    command,
    mounts,
    ...(network && { network }),
    ...(security && { security }),
    devices: flagList(flags, 'device'),
  };
}

function checkChoice(context: Context, flag: string, value: Word | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value.text)) return;
  const near = suggest(value.text, choices);
  report(context, value.span, {
    code: 'PARSE_BAD_FLAG_VALUE',
    message: `invalid value ${JSON.stringify(value.text)} of flag ${flag}`,
    hint: near === undefined ? `it may be ${choices.join(', ')}` : `did you mean ${near}?`,
  });
}

/** A mount with a variable can only be read when the variable is known. */
function checkMount(context: Context, mount: Word): void {
  if (mount.text.includes('$')) return;
  try {
    parseMount(mount.text);
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    const code = error.code.replace(/^PLAN_/, 'PARSE_');
    report(context, mount.span, { code, message: error.message, hint: error.hint ?? '' });
  }
}
