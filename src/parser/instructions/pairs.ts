import { argumentsRange, type Context, keywordSpan, report, spanOf, wordAt } from '../context.ts';
import type { EnvInstruction, KeyValue, LabelInstruction } from '../instruction.ts';
import type { Range } from '../words.ts';
import type { Draft } from './draft.ts';

/** ENV and LABEL: `name=value...`, or the legacy form `name value` (reference, section 4). */
export function readPairs(
  { context, base }: Draft,
  kind: 'ENV' | 'LABEL',
  words: readonly Range[],
): EnvInstruction | LabelInstruction | undefined {
  const legacy = words[0] === undefined || equalsIn(context, words[0]) === undefined;
  const pairs = legacy ? readLegacyPair(context) : readPairWords(context, words);
  return pairs && { kind, ...base, pairs, legacy };
}

function readLegacyPair(context: Context): readonly KeyValue[] | undefined {
  const range = argumentsRange(context);
  const text = context.statement.line.text.slice(range.start, range.end);
  const [, name = '', space = ''] = /^([^\t\v\f\r ]*)([\t\v\f\r ]*)/.exec(text) ?? [];
  const nameEnd = range.start + name.length;
  if (space === '') {
    return report(context, keywordSpan(context), {
      code: 'PARSE_MISSING_VALUE',
      message: `${context.clause.kind} ${name} has no value`,
      hint: `write ${context.clause.kind} ${name}=VALUE`,
    });
  }
  return [
    {
      name: wordAt(context, { start: range.start, end: nameEnd }),
      value: wordAt(context, { start: nameEnd + space.length, end: range.end }),
    },
  ];
}

function readPairWords(context: Context, words: readonly Range[]): readonly KeyValue[] | undefined {
  const pairs: KeyValue[] = [];
  for (const word of words) {
    const equals = equalsIn(context, word);
    if (equals === undefined) reportNoEquals(context, word);
    else if (equals === word.start) reportBlankName(context, word);
    else pairs.push(splitPair(context, word, equals));
  }
  return pairs.length === words.length ? pairs : undefined;
}

/** Splits a word at its `=`, at the offset `equals`. */
export function splitPair(context: Context, word: Range, equals: number): KeyValue {
  return {
    name: wordAt(context, { start: word.start, end: equals }),
    value: wordAt(context, { start: equals + 1, end: word.end }),
  };
}

/** Offset of the first `=` of a word. */
export function equalsIn({ statement }: Context, { start, end }: Range): number | undefined {
  const index = statement.line.text.slice(start, end).indexOf('=');
  return index === -1 ? undefined : start + index;
}

export function reportBlankName(context: Context, word: Range): void {
  report(context, spanOf(context, word), {
    code: 'PARSE_BLANK_NAME',
    message: `${context.clause.kind} names cannot be blank`,
    hint: 'write a name in front of "="',
  });
}

function reportNoEquals(context: Context, word: Range): void {
  const { text, span } = wordAt(context, word);
  report(context, span, {
    code: 'PARSE_MISSING_EQUALS',
    message: `cannot find "=" in ${JSON.stringify(text)}`,
    hint: 'write name=value, and quotes around a value with white space',
  });
}
