import { type TextList, TextListWriter } from '../../src/cache/text-list.ts';

export function textListOf(texts: readonly string[]): TextList {
  const writer = new TextListWriter();
  for (const text of texts) writer.add(text);
  return writer.finish();
}
