import { compileIgnorePattern, type IgnorePattern } from '../../core/ignore-pattern.ts';
import { joinPath, parentPath, treePath } from '../../core/paths.ts';
import type { SelectedSource, SourceRequest } from './request.ts';
import { findSource, notFound, requireSource } from './source-path.ts';
import { type Verdict, walkBelow } from './walk.ts';
import { hasWildcard, matchBelow, splitWildcard } from './wildcard.ts';

/**
 * A source under `--parents`: what matches it as an include pattern below the root, or below what stands before `/./`,
 * with the directories on the way (reference, section 11).
 * @throws StepError `STEP_COPY_SOURCE_NOT_FOUND`, `STEP_COPY_LINK_LOOP`; PlanError `PLAN_BAD_PATTERN`
 */
export function selectWithParents(
  request: SourceRequest,
  text: string,
  exclude: (path: string) => Verdict,
): SelectedSource[] {
  const { pivot, pattern } = splitAtPivot(text);
  const judge = joinVerdicts(judgeByInclude(pattern), exclude);
  const sources = pivotDirectories(request, pivot).map((directory): SelectedSource => {
    return { kind: 'directory', name: '', paths: walkBelow(request.source, directory, judge) };
  });
  const isEmpty = sources.every(({ paths }) => paths.length === 0);
  if (isEmpty && pattern !== '' && !hasWildcard(text) && !isExcluded(pattern, exclude)) throw notFound(request, text);
  return sources.filter(({ paths }) => paths.length > 0);
}

function splitAtPivot(text: string): { readonly pivot: string; readonly pattern: string } {
  const at = text.indexOf('/./');
  return at < 0
    ? { pivot: '', pattern: treePath(text) }
    : { pivot: treePath(text.slice(0, at)), pattern: treePath(text.slice(at + 3)) };
}

function pivotDirectories(request: SourceRequest, pivot: string): string[] {
  if (!hasWildcard(pivot)) return [requireSource(request, pivot).path];
  const { base, pattern } = splitWildcard(pivot);
  const directory = findSource(request.source, base)?.path;
  if (directory === undefined) return [];
  const matches = matchBelow(request.source, directory, pattern);
  return matches.map((match) => requireSource(request, joinPath(directory, match)).path);
}

function judgeByInclude(pattern: string): (path: string) => Verdict {
  if (pattern === '') return () => 'take';
  const include = compileIgnorePattern(pattern);
  return (path) => {
    if (matchesPathOrParent(include, path)) return 'take';
    return include.mayMatchBelow(path) ? 'enter' : 'skip';
  };
}

function matchesPathOrParent(pattern: IgnorePattern, path: string): boolean {
  for (let at = path; at !== ''; at = parentPath(at)) if (pattern.matches(at)) return true;
  return false;
}

function joinVerdicts(a: (path: string) => Verdict, b: (path: string) => Verdict): (path: string) => Verdict {
  return (path) => {
    const first = a(path);
    if (first === 'skip') return first;
    const second = b(path);
    return second === 'take' ? first : second;
  };
}

function isExcluded(path: string, exclude: (path: string) => Verdict): boolean {
  return exclude(path) !== 'take';
}
