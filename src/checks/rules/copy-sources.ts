import { nearPath } from '../../core/near-path.ts';
import { joinPath, treePath } from '../../core/paths.ts';
import type { SourceSpan } from '../../core/span.ts';
import type { Tree } from '../../core/tree.ts';
import { sourceKind } from '../../plan/remote-source.ts';
import type { AddStep, CopyStep } from '../../plan/step.ts';
import { defineRule, type Rule } from '../rule.ts';
import type { CheckIgnore, CheckScope } from '../scope.ts';

interface IgnoredSource {
  readonly kind: string;
  readonly path: string;
}

export const copyIgnoredFile: Rule = defineRule<IgnoredSource>({
  name: 'CopyIgnoredFile',
  description: 'COPY and ADD take no file that the ignore file excludes.',
  find: (scope) => {
    const { ignore } = scope.request;
    if (ignore === undefined || hasExceptions(ignore)) return [];
    return contextSources(scope)
      .filter(({ path }) => ignore.matcher.ignores(treePath(path)))
      .map(({ span, ...facts }) => ({ span, facts }));
  },
  message: ({ kind, path }) => `${kind} takes ${JSON.stringify(path)}, which the ignore file excludes`,
  hint: () => 'take the path out of the ignore file, or do not copy it',
});

interface MissingSource {
  readonly kind: string;
  readonly path: string;
  readonly excluded: boolean;
  readonly near: string | undefined;
}

/** Not among the rules of other builders: they see it when they build. */
export const copySourceNotFound: Rule = defineRule<MissingSource>({
  name: 'CopySourceNotFound',
  description: 'What COPY and ADD take from the build context is there.',
  severity: 'error',
  find: (scope) => {
    const { context, ignore } = scope.request;
    if (context === undefined) return [];
    return contextSources(scope).flatMap(({ span, kind, path }) => {
      const clean = treePath(path);
      const excluded = ignore?.matcher.ignores(clean) === true;
      if (mayExist(context, path) || (excluded && ignore && !hasExceptions(ignore))) return [];
      return [{ span, facts: { kind, path, excluded, near: nearPath(context, clean) } }];
    });
  },
  message: ({ kind, path }) => `${kind} finds no ${JSON.stringify(path)} in the build context`,
  hint: ({ excluded, near }) => {
    if (excluded) return 'the ignore file excludes it: add a line that starts with !';
    return near === undefined
      ? 'paths start at the root of the build context'
      : `did you mean ${JSON.stringify(near)}?`;
  },
});

interface ContextSource extends IgnoredSource {
  readonly span: SourceSpan;
}

/** Paths of the build context, expanded. Triggers of a base stand in another text and have no place in this one. */
function contextSources({ outcomes, dockerfile }: CheckScope): readonly ContextSource[] {
  const steps = outcomes.flatMap(({ result }) => result?.steps ?? []);
  return steps.flatMap((step) => {
    const isCopy = step.kind === 'add' || (step.kind === 'copy' && step.from.kind === 'context');
    return isCopy && step.source === dockerfile.source ? stepSources(step) : [];
  });
}

function stepSources({ instruction, sources }: CopyStep | AddStep): readonly ContextSource[] {
  if (instruction.kind !== 'COPY' && instruction.kind !== 'ADD') return [];
  const { kind } = instruction;
  const words = instruction.sources.flatMap((source) => (source.kind === 'path' ? [source.word] : []));
  return words.flatMap(({ span }, index) => {
    const path = sources[index] ?? '';
    return sourceKind(path) === 'path' ? [{ span, kind, path }] : [];
  });
}

function hasExceptions({ patterns }: CheckIgnore): boolean {
  return patterns.some((pattern) => pattern.startsWith('!'));
}

/** A pattern may match nothing, and a link may lead anywhere: only a plain path can be missing. */
function mayExist(tree: Tree, path: string): boolean {
  if (/[*?[\\]/.test(path)) return true;
  let at = '';
  for (const name of treePath(path).split('/')) {
    at = joinPath(at, name);
    const node = at === '' ? undefined : tree.lookup(at);
    if (node?.type === 'symlink') return true;
    if (node === undefined && at !== '') return false;
  }
  return true;
}
