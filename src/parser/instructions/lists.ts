import { type Context, keywordSpan, report } from '../context.ts';
import type { ExposeInstruction, VolumeInstruction, Word } from '../instruction.ts';
import type { Draft } from './draft.ts';
import { readJsonWords } from './json-words.ts';

export function readExpose({ base }: Draft, ports: readonly Word[]): ExposeInstruction {
  return { kind: 'EXPOSE', ...base, ports };
}

/** Without `items` the arguments have JSON form. */
export function readVolume(
  { context, base }: Draft,
  items: readonly Word[] | undefined,
): VolumeInstruction | undefined {
  const words = items ?? readJsonWords(context);
  if (words === undefined) return undefined;
  const paths = words.map(({ text, span }) => ({ text: text.trim(), span }));
  if (paths.length === 0) return reportMissing(context, 'VOLUME needs at least one path');
  if (paths.some(({ text }) => text === '')) return reportMissing(context, 'a path of VOLUME cannot be empty');
  return { kind: 'VOLUME', ...base, paths, json: items === undefined };
}

function reportMissing(context: Context, message: string): undefined {
  return report(context, keywordSpan(context), { code: 'PARSE_BAD_VOLUME', message, hint: 'write VOLUME PATH...' });
}
