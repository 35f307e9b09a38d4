import { compileIgnore, type IgnoreMatcher } from '../../core/ignore.ts';
import { baseName, joinPath, treePath } from '../../core/paths.ts';
import { digestOf } from '../../io/hash.ts';
import type { InlineFile } from '../../plan/step.ts';
import { notAFileName } from './copy-error.ts';
import { selectWithParents } from './parents.ts';
import type { FetchedSource, SelectedSource, SourceRequest } from './request.ts';
import { findSource, requireSource } from './source-path.ts';
import { type Verdict, walkBelow } from './walk.ts';
import { hasWildcard, matchBelow, splitWildcard } from './wildcard.ts';

/**
 * What the sources of a COPY or ADD are (reference, section 11): in the order of the instruction, wildcards replaced by
 * their matches, here-documents last.
 * @throws StepError `STEP_COPY_SOURCE_NOT_FOUND`, `STEP_COPY_LINK_LOOP`, `STEP_COPY_BAD_NAME`; PlanError `PLAN_BAD_PATTERN`
 */
export function selectSources(request: SourceRequest): SelectedSource[] {
  const judge = judgeByExclude(compileIgnore(request.exclude));
  const select = request.parents
    ? (text: string) => selectWithParents(request, text, judge)
    : (text: string) => selectPlain(request, text, judge);
  const selectAny = (text: string): SelectedSource[] => {
    const fetched = request.fetched?.get(text);
    return fetched === undefined ? select(text) : [toFetchedSource(fetched, judge)];
  };
  return [...request.sources.flatMap(selectAny), ...request.inlineFiles.map((file) => toInlineSource(file, request))];
}

/** An excluded directory is left out whole unless a `!` pattern may keep something in it. */
function judgeByExclude(exclude: IgnoreMatcher): (path: string) => Verdict {
  return (path) => {
    if (!exclude.ignores(path)) return 'take';
    return exclude.mayKeepBelow(path) ? 'enter' : 'skip';
  };
}

function selectPlain(request: SourceRequest, text: string, judge: (path: string) => Verdict): SelectedSource[] {
  const texts = hasWildcard(text) ? expandWildcard(request, treePath(text)) : [text];
  return texts.map((match) => toSource(request, match, judge));
}

function expandWildcard({ source }: SourceRequest, path: string): string[] {
  const { base, pattern } = splitWildcard(path);
  const directory = findSource(source, base)?.path;
  if (directory === undefined) return [];
  return matchBelow(source, directory, pattern).map((match) => joinPath(directory, match));
}

function toSource(request: SourceRequest, text: string, judge: (path: string) => Verdict): SelectedSource {
  const { path, node, name } = requireSource(request, text);
  if (node.type !== 'directory') return { kind: 'file', name, paths: [{ path: '', node }] };
  return { kind: 'directory', name: '', paths: walkBelow(request.source, path, judge) };
}

function toFetchedSource(fetched: FetchedSource, judge: (path: string) => Verdict): SelectedSource {
  return fetched.kind === 'file'
    ? { kind: 'file', name: fetched.name, paths: [{ path: '', node: fetched.node }], isFetched: true }
    : { kind: 'directory', name: '', paths: walkBelow(fetched.tree, '', judge), isFetched: true };
}

/** Mode 0644 of root (reference, section 5); a name that is a path counts as a source in a root of its own does. */
function toInlineSource({ name: written, content }: InlineFile, { time }: SourceRequest): SelectedSource {
  const name = baseName(treePath(written));
  if (name === '') throw notAFileName(written);
  const bytes = Buffer.from(content);
  const digest = digestOf(bytes);
  const source = { kind: 'bytes', bytes } as const;
  const node = { type: 'file', mode: 0o644, uid: 0, gid: 0, ...time, size: bytes.length, digest, source } as const;
  return { kind: 'file', name, paths: [{ path: '', node }] };
}
