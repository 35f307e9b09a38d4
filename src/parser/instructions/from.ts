import { type Context, keywordSpan, report } from '../context.ts';
import { flagText } from '../flags.ts';
import type { FromInstruction, Word } from '../instruction.ts';
import type { Draft } from './draft.ts';

/** `FROM [--platform=P] ref [AS name]` (reference, section 8). */
export function readFrom({ context, base, flags }: Draft, items: readonly Word[]): FromInstruction | undefined {
  const [image, asKeyword, stageName] = items;
  if (image === undefined || !hasFromShape(items)) return reportShape(context);
  const platform = flagText(flags, 'platform');
  const from: FromInstruction = { kind: 'FROM', ...base, ...(platform && { platform }), image };
  if (asKeyword === undefined || stageName === undefined) return from;
  checkStageName(context, stageName);
  return { ...from, asKeyword, stageName };
}

function hasFromShape(items: readonly Word[]): boolean {
  return items.length === 1 || (items.length === 3 && items[1]?.text.toUpperCase() === 'AS');
}

function reportShape(context: Context): undefined {
  return report(context, keywordSpan(context), {
    code: 'PARSE_BAD_FROM',
    message: 'FROM takes an image, or an image, AS and a name',
    hint: 'write FROM IMAGE or FROM IMAGE AS NAME',
  });
}

function checkStageName(context: Context, name: Word): void {
  if (/^[a-z][a-z0-9\-_.]*$/.test(name.text.toLowerCase())) return;
  report(context, name.span, {
    code: 'PARSE_BAD_STAGE_NAME',
    message: `invalid stage name ${JSON.stringify(name.text)}`,
    hint: 'a stage name starts with a letter and goes on with letters, digits, "-", "_" and "."',
  });
}
