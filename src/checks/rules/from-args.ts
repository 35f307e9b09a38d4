import { isBuilderError } from '../../core/errors.ts';
import { parseReference } from '../../core/reference.ts';
import { automaticArgs } from '../../plan/automatic-args.ts';
import { createExpander } from '../../plan/expander.ts';
import { evaluateGlobalArgs } from '../../plan/global-args.ts';
import { defineRule, type Found, type Rule, reportedRule } from '../rule.ts';
import type { CheckScope } from '../scope.ts';

export const undefinedArgInFrom: Rule = reportedRule({
  name: 'UndefinedArgInFrom',
  description: 'FROM uses only variables that an ARG above the first FROM declares.',
});

interface DefaultImage {
  readonly written: string;
  readonly expanded: string;
}

export const invalidDefaultArgInFrom: Rule = defineRule<DefaultImage>({
  name: 'InvalidDefaultArgInFrom',
  description: 'With the default values of its ARGs, every FROM names an image.',
  find: (scope) => attempt(() => badDefaults(scope)) ?? [],
  message: ({ written, expanded }) =>
    `without build arguments FROM ${written} means ${JSON.stringify(expanded)}, which is no image`,
  hint: () => 'give the ARG above the first FROM a default',
});

/** FROM lines as they are when nobody gives a build argument. */
function badDefaults({ dockerfile, globalArgs, sections, request }: CheckScope): readonly Found<DefaultImage>[] {
  const text = { source: dockerfile.source, escape: dockerfile.directives.escape };
  const automatic = automaticArgs({ ...request, targetName: request.target ?? sections.at(-1)?.from.stageName?.text });
  const defaults = evaluateGlobalArgs({ ...text, automatic, declarations: globalArgs, buildArgs: {} });
  const expander = createExpander({ ...text, lookup: (name) => defaults.get(name) });
  return sections.flatMap(({ from: { image } }) => {
    if (!image.text.includes('$')) return [];
    const expanded = attempt(() => expander.word(image));
    if (expanded === undefined || attempt(() => parseReference(expanded)) !== undefined) return [];
    return [{ span: image.span, facts: { written: image.text, expanded } }];
  });
}

/** `undefined` for what lamella refuses. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return undefined;
  }
}
