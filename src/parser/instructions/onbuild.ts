import type { IToken } from 'chevrotain';
import { type Context, rangeOf, report, spanOf, wordAt } from '../context.ts';
import type { Instruction, OnbuildInstruction } from '../instruction.ts';
import type { Draft } from './draft.ts';

export function toOnbuild({ base }: Draft, instruction: Instruction): OnbuildInstruction {
  return { kind: 'ONBUILD', ...base, trigger: triggerText(instruction), instruction };
}

/** What the image configuration keeps: the line, and behind it the bodies with their terminators (reference, 5). */
function triggerText({ logicalText, heredocs }: Instruction): string {
  return [logicalText, ...heredocs.map(({ content, name }) => content + name)].join('\n');
}

export function reportForbiddenTrigger(context: Context, keyword: IToken): undefined {
  const range = rangeOf(context, keyword);
  const { text } = wordAt(context, range);
  return report(context, spanOf(context, range), {
    code: 'PARSE_FORBIDDEN_TRIGGER',
    message: `${text.toUpperCase()} is not allowed as an ONBUILD trigger`,
    hint: 'every instruction but FROM, MAINTAINER and ONBUILD is',
  });
}
