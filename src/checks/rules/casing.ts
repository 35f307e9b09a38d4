import type { Word } from '../../parser/instruction.ts';
import { defineRule, type Found, type Rule } from '../rule.ts';
import type { CheckScope } from '../scope.ts';
import type { TextEdit } from '../text-edit.ts';

type Case = 'upper' | 'lower';

/** A word and how it should be written. */
interface Spelling {
  readonly written: string;
  readonly wanted: string;
}

export const stageNameCasing: Rule = defineRule<Spelling>({
  name: 'StageNameCasing',
  description: 'Stage names are lower case.',
  find: ({ sections }) => sections.flatMap(({ from }) => misspelled(from.stageName, 'lower')),
  message: ({ written }) => `stage name ${JSON.stringify(written)} has upper-case letters`,
  hint: ({ wanted }) => `write ${wanted}`,
  fix: respell,
});

export const fromAsCasing: Rule = defineRule<Spelling>({
  name: 'FromAsCasing',
  description: 'FROM and AS are written in the same case.',
  find: ({ sections }) => sections.flatMap(({ from }) => misspelled(from.asKeyword, caseOf(from.keyword.text))),
  message: ({ written }) => `AS is written ${JSON.stringify(written)}, in another case than FROM`,
  hint: ({ wanted }) => `write ${wanted}`,
  fix: respell,
});

export const consistentInstructionCasing: Rule = defineRule<Spelling>({
  name: 'ConsistentInstructionCasing',
  description: 'All keywords of a Dockerfile are written in the same case.',
  find: ({ dockerfile: { instructions } }) => {
    const wanted = majority(instructions.map(({ keyword }) => caseOf(keyword.text)));
    return instructions.flatMap(({ keyword }) => misspelled(keyword, wanted));
  },
  message: ({ written, wanted }) =>
    `keyword ${JSON.stringify(written)} is not ${wanted === wanted.toUpperCase() ? 'upper' : 'lower'} case as most are`,
  hint: ({ wanted }) => `write ${wanted}`,
  fix: respell,
});

/** `undefined` for a mixed one. */
function caseOf(word: string): Case | undefined {
  if (word === word.toUpperCase()) return 'upper';
  return word === word.toLowerCase() ? 'lower' : undefined;
}

/** As many of each count as upper case. */
function majority(cases: readonly (Case | undefined)[]): Case {
  const count = (wanted: Case): number => cases.filter((each) => each === wanted).length;
  return count('lower') > count('upper') ? 'lower' : 'upper';
}

function misspelled(word: Word | undefined, wantedCase: Case | undefined): readonly Found<Spelling>[] {
  if (word === undefined || wantedCase === undefined) return [];
  const wanted = wantedCase === 'upper' ? word.text.toUpperCase() : word.text.toLowerCase();
  return word.text === wanted ? [] : [{ span: word.span, facts: { written: word.text, wanted } }];
}

function respell({ span, facts }: Found<Spelling>, _scope: CheckScope): readonly TextEdit[] {
  return [{ start: span.start.offset, end: span.end.offset, text: facts.wanted }];
}
