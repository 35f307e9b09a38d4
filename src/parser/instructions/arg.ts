import { wordAt } from '../context.ts';
import type { ArgInstruction } from '../instruction.ts';
import type { Range } from '../words.ts';
import type { Draft } from './draft.ts';
import { equalsIn, reportBlankName, splitPair } from './pairs.ts';

/** `ARG name[=default]...` (reference, section 4). */
export function readArg({ context, base }: Draft, words: readonly Range[]): ArgInstruction | undefined {
  const args = words.map((word) => {
    const equals = equalsIn(context, word);
    if (equals === word.start) reportBlankName(context, word);
    return equals === undefined ? { name: wordAt(context, word) } : splitPair(context, word, equals);
  });
  return args.some(({ name }) => name.text === '') ? undefined : { kind: 'ARG', ...base, args };
}
