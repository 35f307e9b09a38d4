import type { SourceSpan } from '../../core/span.ts';
import type { Instruction } from '../../parser/instruction.ts';
import { defineRule, type Rule } from '../rule.ts';

export const invalidDefinitionDescription: Rule = defineRule<{ readonly kind: string; readonly name: string }>({
  name: 'InvalidDefinitionDescription',
  description: 'A comment right above an ARG or a stage starts with its name.',
  experimental: true,
  find: ({ dockerfile: { instructions } }) =>
    instructions.flatMap((instruction) => {
      const { names, span } = definitionOf(instruction);
      const comment = instruction.comments.filter((line) => !/^check\s*=/i.test(line)).at(-1);
      const [name] = names;
      if (comment === undefined || name === undefined || names.some((each) => startsWithWord(comment, each))) return [];
      return [{ span, facts: { kind: instruction.kind, name } }];
    }),
  message: ({ kind, name }) =>
    `the comment above ${kind === 'ARG' ? 'ARG' : 'stage'} ${JSON.stringify(name)} does not start with its name`,
  hint: ({ name }) => `write "# ${name} …", or an empty comment line below what is no description`,
});

function definitionOf(instruction: Instruction): { readonly names: readonly string[]; readonly span: SourceSpan } {
  const { span } = instruction;
  if (instruction.kind === 'ARG') return { names: instruction.args.map(({ name }) => name.text), span };
  if (instruction.kind !== 'FROM' || instruction.stageName === undefined) return { names: [], span };
  return { names: [instruction.stageName.text], span };
}

function startsWithWord(text: string, word: string): boolean {
  return text.startsWith(word) && /^(?:\s|$)/.test(text.slice(word.length));
}
