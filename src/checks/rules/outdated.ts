import { skipSpace } from '../../parser/blanks.ts';
import type { EnvInstruction, LabelInstruction, MaintainerInstruction } from '../../parser/instruction.ts';
import { type EscapeChar, readLogicalLine } from '../../parser/logical-line.ts';
import { quoteInDouble } from '../../parser/quote-word.ts';
import { wordEnd } from '../../parser/words.ts';
import { defineRule, type Found, type Rule, reportedRule } from '../rule.ts';
import { type CheckScope, instructionAt, isOnOneLine } from '../scope.ts';
import type { TextEdit } from '../text-edit.ts';

const AUTHORS = 'org.opencontainers.image.authors';

export const maintainerDeprecated: Rule = defineRule<MaintainerInstruction>({
  name: 'MaintainerDeprecated',
  description: 'Authors stand in a label; MAINTAINER is out of use.',
  find: ({ dockerfile: { instructions } }) =>
    instructions.flatMap((instruction) =>
      instruction.kind === 'MAINTAINER' ? [{ span: instruction.span, facts: instruction }] : [],
    ),
  message: () => 'MAINTAINER is deprecated',
  hint: () => `write LABEL ${AUTHORS}="…"`,
  fix: ({ facts: { name, span, keyword } }, { dockerfile }) => {
    if (!isOnOneLine(span) || dockerfile.source.text.includes(AUTHORS)) return undefined;
    // MAINTAINER is not expanded, LABEL is.
    const label = keyword.text === keyword.text.toLowerCase() ? 'label' : 'LABEL';
    const text = `${label} ${AUTHORS}=${quoteInDouble(name.text, dockerfile.directives.escape)}`;
    return [{ start: span.start.offset, end: span.end.offset, text }];
  },
});

export const legacyKeyValueFormat: Rule = defineRule<EnvInstruction | LabelInstruction>({
  name: 'LegacyKeyValueFormat',
  description: 'ENV and LABEL have an equals sign between name and value.',
  find: ({ dockerfile: { instructions } }) =>
    instructions.flatMap((instruction): Found<EnvInstruction | LabelInstruction>[] =>
      (instruction.kind === 'ENV' || instruction.kind === 'LABEL') && instruction.legacy
        ? [{ span: instruction.span, facts: instruction }]
        : [],
    ),
  message: ({ kind }) => `${kind} with a blank between name and value is an old form`,
  hint: ({ kind, pairs }) => `write ${kind} ${pairs[0]?.name.text ?? 'name'}=value`,
  fix: ({ facts }, { dockerfile }) => withEquals(facts, dockerfile.directives.escape),
});

/** Only names and values that mean the same on both sides of an equals sign. */
function withEquals(
  { pairs: [pair], span }: EnvInstruction | LabelInstruction,
  escapeChar: EscapeChar,
): TextEdit[] | undefined {
  if (pair === undefined || !isOnOneLine(span) || !/^[\w./-]+$/.test(pair.name.text)) return undefined;
  const value = asOneWord(pair.value.text, escapeChar);
  if (value === undefined) return undefined;
  return [{ start: pair.name.span.start.offset, end: pair.value.span.end.offset, text: `${pair.name.text}=${value}` }];
}

function asOneWord(value: string, escapeChar: EscapeChar): string | undefined {
  if (value !== '' && wordEnd(value, 0, value.length, escapeChar) === value.length) return value;
  return /['"]/.test(value) || value.includes(escapeChar) ? undefined : `"${value}"`;
}

export const noEmptyContinuation: Rule = reportedRule({
  name: 'NoEmptyContinuation',
  description: 'No blank line stands inside an instruction.',
  fix: (found, scope) => withoutBlankLines(found, scope),
});

/** Heredoc bodies come after the logical line and keep theirs. */
function withoutBlankLines({ span }: Found<unknown>, { dockerfile }: CheckScope): readonly TextEdit[] | undefined {
  const { text } = dockerfile.source;
  const start = instructionAt(dockerfile, span)?.span.start.offset;
  if (start === undefined) return undefined;
  const { lastLine, end } = readLogicalLine(text, start, dockerfile.directives.escape);
  // Else the finding is about an instruction that could not be read.
  if (lastLine !== span.start.offset) return undefined;
  const edits: TextEdit[] = [];
  for (let at = lineAfter(text, start); at < end; at = lineAfter(text, at)) {
    if (skipSpace(text, at) >= lineAfter(text, at)) edits.push({ start: at, end: lineAfter(text, at), text: '' });
  }
  return joinNeighbours(edits);
}

function lineAfter(text: string, at: number): number {
  const feed = text.indexOf('\n', at);
  return feed === -1 ? text.length : feed + 1;
}

function joinNeighbours(edits: readonly TextEdit[]): readonly TextEdit[] {
  const joined: TextEdit[] = [];
  for (const edit of edits) {
    const before = joined.at(-1)?.end === edit.start ? joined.pop() : undefined;
    joined.push(before === undefined ? edit : { ...before, end: edit.end });
  }
  return joined;
}
