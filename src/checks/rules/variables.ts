import type { Instruction, Word } from '../../parser/instruction.ts';
import { defineRule, type Rule, reportedRule } from '../rule.ts';

export const undefinedVar: Rule = reportedRule({
  name: 'UndefinedVar',
  description: 'Variables are declared with ARG or set with ENV before they are used.',
});

const SECRET = /(?:^|_)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)/i;
const HARMLESS = /(?:^|_)(?:public|file|version)(?:_|$)/i;

/** Whether a variable of that name holds what nobody should see. */
export function looksLikeSecret(name: string): boolean {
  return SECRET.test(name) && !HARMLESS.test(name);
}

export const secretsUsedInArgOrEnv: Rule = defineRule<{ readonly kind: string; readonly name: string }>({
  name: 'SecretsUsedInArgOrEnv',
  description: 'Secrets do not come by ARG or ENV, which everybody can read in the image.',
  find: ({ dockerfile: { instructions } }) =>
    instructions.flatMap((instruction) =>
      namesOf(instruction)
        .filter(({ text }) => looksLikeSecret(text))
        .map(({ text, span }) => ({ span, facts: { kind: instruction.kind, name: text } })),
    ),
  message: ({ kind, name }) =>
    `${kind} ${JSON.stringify(name)} looks like a secret, and everybody can read it in the image`,
  hint: () => 'give secrets with RUN --mount=type=secret',
});

function namesOf(instruction: Instruction): readonly Word[] {
  if (instruction.kind === 'ARG') return instruction.args.map(({ name }) => name);
  return instruction.kind === 'ENV' ? instruction.pairs.map(({ name }) => name) : [];
}
