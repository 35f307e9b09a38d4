import { readFileSync } from 'node:fs';
import { readDockerfile } from '../context/dockerfile.ts';
import { type ContextIgnore, parseContextIgnore, readContextIgnore } from '../context/ignore-file.ts';
import { decodeText } from '../context/utf8.ts';
import { ContextError, OptionError } from '../core/errors.ts';
import { baseName, joinPath, parentPath, treePath } from '../core/paths.ts';
import type { SourceText } from '../core/span.ts';
import type { Tree } from '../core/tree.ts';
import { resolveNode } from '../rootfs/resolve.ts';
import { contextAddress } from './context-address.ts';
import type { BuildOptions } from './options.ts';
import { type FetchedContext, fetchContext, readContextStream } from './remote/fetched-context.ts';
import type { Session } from './session.ts';

/** The build context, opened; what the ignore file hides is not known yet. */
export type MainContext = { readonly kind: 'directory'; readonly path: string } | FetchedContext;

/** @throws ContextError as {@link fetchContext} and {@link readContextStream} do */
export async function openMainContext(session: Session): Promise<MainContext> {
  const { context = '.' } = session.options;
  if (typeof context !== 'string') {
    return await readContextStream(session, context, 'the stream of the build context');
  }
  const address = contextAddress(context);
  if (address === undefined) return { kind: 'directory', path: session.settings.contextDir };
  return await fetchContext(session, address);
}

/** @throws OptionError `OPTION_UNSUPPORTED_CONTEXT` for what must be fetched first */
export function requireDirectoryContext({ context = '.' }: Pick<BuildOptions, 'context'>): void {
  if (typeof context === 'string' && contextAddress(context) === undefined) return;
  throw new OptionError('OPTION_UNSUPPORTED_CONTEXT', 'only a build fetches its context: here it must be a directory', {
    hint: 'fetch or unpack it first, then give the directory',
  });
}

/** A Dockerfile of a context; `path` leads to it inside of the context, or on this machine for a directory. */
export interface ContextDockerfile extends SourceText {
  readonly path?: string;
}

/** @throws ContextError `CONTEXT_NO_DOCKERFILE`, and as {@link readDockerfile} does */
export function dockerfileOf(context: MainContext, file: string | undefined): ContextDockerfile {
  switch (context.kind) {
    case 'directory':
      return readDockerfile(context.path, file === undefined ? {} : { file });
    case 'dockerfile':
      return { text: context.text, name: 'Dockerfile' };
    case 'files':
      return fileOf(context, treePath(file ?? 'Dockerfile'));
  }
}

function fileOf({ tree, name }: FetchedContext & { readonly kind: 'files' }, wanted: string): ContextDockerfile {
  const isUsual = baseName(wanted) === 'Dockerfile';
  for (const path of isUsual ? [wanted, joinPath(parentPath(wanted), 'dockerfile')] : [wanted]) {
    const bytes = readTreeFile(tree, path);
    if (bytes !== undefined) return { text: decodeText(bytes, path), name: path, path };
  }
  throw new ContextError('CONTEXT_NO_DOCKERFILE', `no Dockerfile: ${name} has no file ${JSON.stringify(wanted)}`, {
    hint: `name another file of it with --file; it holds ${tree.list('').slice(0, 8).join(', ') || 'nothing'}`,
  });
}

/** The ignore file of the context, or of its Dockerfile (reference, section 13). */
export function ignoreOf(context: MainContext, dockerfilePath: string | undefined): ContextIgnore | undefined {
  if (context.kind === 'directory') return readContextIgnore(context.path, dockerfilePath);
  if (context.kind === 'dockerfile') return undefined;
  const own = dockerfilePath === undefined ? [] : [`${dockerfilePath}.dockerignore`];
  for (const path of [...own, '.dockerignore']) {
    const bytes = readTreeFile(context.tree, path);
    if (bytes !== undefined) return parseContextIgnore(path, bytes);
  }
  return undefined;
}

function readTreeFile(tree: Tree, path: string): Uint8Array | undefined {
  const node = resolveNode(tree, path);
  if (node?.type !== 'file') return undefined;
  return node.source?.kind === 'path' && node.size > 0 ? readFileSync(node.source.path) : new Uint8Array(0);
}
