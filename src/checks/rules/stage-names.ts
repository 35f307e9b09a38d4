import type { Word } from '../../parser/instruction.ts';
import { defineRule, type Rule } from '../rule.ts';
import type { CheckScope } from '../scope.ts';

const RESERVED = ['context', 'scratch'];

export const duplicateStageName: Rule = defineRule<{ readonly name: string; readonly line: number }>({
  name: 'DuplicateStageName',
  description: 'Every stage has a name of its own.',
  find: (scope) =>
    stageNames(scope).flatMap((word, index, all) => {
      const first = all.findIndex(({ text }) => sameName(text, word.text));
      const line = all[first]?.span.start.line ?? 0;
      return first < index ? [{ span: word.span, facts: { name: word.text, line } }] : [];
    }),
  message: ({ name, line }) => `stage name ${JSON.stringify(name)} is taken already, in line ${line}`,
  hint: () => 'give each stage a name of its own',
});

export const reservedStageName: Rule = defineRule<string>({
  name: 'ReservedStageName',
  description: 'No stage is called scratch or context, which mean something else.',
  find: (scope) =>
    stageNames(scope)
      .filter(({ text }) => RESERVED.includes(text.toLowerCase()))
      .map(({ text, span }) => ({ span, facts: text })),
  message: (name) => `${JSON.stringify(name)} is a reserved word, not a name for a stage`,
  hint: () => 'choose another name',
});

function stageNames({ sections }: CheckScope): readonly Word[] {
  return sections.flatMap(({ from }) => from.stageName ?? []);
}

function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
