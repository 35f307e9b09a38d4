import { compileIgnorePattern, type IgnorePattern } from '../../core/ignore-pattern.ts';
import { joinPath, parentPath, treePath } from '../../core/paths.ts';
import type { SelectedPath, SelectedSource, SourceRequest } from './request.ts';
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
  if (!isEmpty || pattern === '' || hasWildcard(text) || isExcluded(pattern, exclude)) {
    return sources.filter(({ paths }) => paths.length > 0);
  }
  return [{ kind: 'directory', name: '', paths: followed(request, { text, pivot, pattern, exclude }) }];
}

interface FollowedSource {
  readonly text: string;
  readonly pivot: string;
  readonly pattern: string;
  readonly exclude: (path: string) => Verdict;
}

/** A plain path that leads through symbolic links: in their place stand the directories that they lead to. */
function followed(request: SourceRequest, { text, pivot, pattern, exclude }: FollowedSource): SelectedPath[] {
  const prefixes = pattern.split('/').map((_, index, names) => names.slice(0, index + 1).join('/'));
  const found = prefixes.map((path) => ({ path, at: findSource(request.source, joinPath(pivot, path)) }));
  const paths = found.map(({ path, at }): SelectedPath => {
    if (at === undefined) throw notFound(request, text);
    return { path, node: at.node };
  });
  const last = found.at(-1)?.at;
  if (last?.node.type !== 'directory') return paths;
  const below = walkBelow(request.source, last.path, (path) => exclude(joinPath(pattern, path)));
  return [...paths, ...below.map(({ path, node }) => ({ path: joinPath(pattern, path), node }))];
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
