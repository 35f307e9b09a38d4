import { argumentsRange, type Context, report, spanOf } from '../context.ts';
import type { Word } from '../instruction.ts';
import { jsonStringRanges, readJsonForm } from '../json-form.ts';

/** The strings of arguments in JSON form, each where it stands; reports an array that holds anything else. */
export function readJsonWords(context: Context): readonly Word[] | undefined {
  const { start, end } = argumentsRange(context);
  const { text } = context.statement.line;
  const strings = readJsonForm(text, start, end)?.strings;
  if (strings === undefined) {
    return report(context, spanOf(context, { start, end }), {
      code: 'PARSE_JSON_NOT_STRINGS',
      message: 'an array of arguments may hold only strings',
      hint: 'put every element into double quotes',
    });
  }
  const ranges = jsonStringRanges(text, start, end);
  return strings.map((string, index) => ({
    text: string,
    span: spanOf(context, ranges[index] ?? { start, end }),
  }));
}
