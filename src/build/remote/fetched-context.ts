import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { readTarContext } from '../../context/tar-context.ts';
import { decodeText } from '../../context/utf8.ts';
import { ContextError, isBuilderError } from '../../core/errors.ts';
import { parseGitUrl, redactAddresses } from '../../core/git-url.ts';
import { joinPath } from '../../core/paths.ts';
import type { Tree } from '../../core/tree.ts';
import { decompress, sniffCompression } from '../../io/decompress.ts';
import { peek } from '../../io/peek.ts';
import { decodeTarHeader } from '../../io/tar-decode.ts';
import { TAR_RECORD } from '../../io/tar-header.ts';
import { isBuilderSwitchOn } from '../../plan/build-args.ts';
import type { ContextAddress } from '../context-address.ts';
import type { RemoteSession } from './remote-session.ts';
import type { RemoteSources } from './remote-sources.ts';

/** A build context that is no directory of this machine, as messages name it. */
export type FetchedContext = (
  | { readonly kind: 'files'; readonly name: string; readonly tree: Tree }
  /** What came was not an archive, so it is taken for the Dockerfile itself (reference, section 18). */
  | { readonly kind: 'dockerfile'; readonly name: string; readonly text: string }
) & {
  /** Seconds since 1970 of the commit, of the newest file of an archive, or of a Dockerfile as its server says. */
  time(): Promise<number | undefined>;
};

type ContextSession = Pick<RemoteSession, 'workspace' | 'store' | 'signal' | 'options' | 'settings'> & {
  remotes(): RemoteSources;
};

/** Far more than a Dockerfile has, far less than a mistake can. */
const MAX_TEXT_BYTES = 16 << 20;

/** @throws ContextError `CONTEXT_GIT_…`, `CONTEXT_DOWNLOAD_FAILED`, and as {@link readContextStream} does */
export async function fetchContext(
  session: ContextSession,
  { kind, address }: ContextAddress,
): Promise<FetchedContext> {
  const name = redactAddresses(address);
  if (kind === 'http') {
    const download = await session.remotes().downloads.fetch(address, { isOwn: true });
    const context = await readContextStream(session, session.store.read(download), name);
    return context.kind === 'files' ? context : { ...context, time: async () => download.modified };
  }
  const source = parseGitUrl(address, { shorthand: true });
  if (source === undefined) throw new TypeError(`${name} is no git address`);
  const keepGitDir =
    source.keepGitDir ?? isBuilderSwitchOn(session.options.buildArgs ?? {}, 'BUILDKIT_CONTEXT_KEEP_GIT_DIR');
  const files = await session.remotes().repositories.resolve({ ...source, keepGitDir }, { isOwn: true });
  return { kind: 'files', name, tree: await files.open(), time: () => files.committed() };
}

/**
 * Reads a tar archive, plain or compressed with gzip, bzip2, xz or zstd; text is a Dockerfile.
 * @throws ContextError `CONTEXT_BAD_ARCHIVE`, `CONTEXT_NOT_UTF8`; LayerError for a damaged archive
 */
export async function readContextStream(
  session: Pick<ContextSession, 'workspace' | 'signal' | 'settings'>,
  bytes: AsyncIterable<Uint8Array>,
  name: string,
): Promise<FetchedContext> {
  const { head, all } = await peek(bytes, TAR_RECORD);
  const isCompressed = sniffCompression(head) !== 'none';
  if (!isCompressed && !isTar(head)) {
    return { kind: 'dockerfile', name, text: await readText(all, name), time: async () => undefined };
  }
  const folder = join(session.workspace.path, 'contexts', randomUUID());
  const { limits } = session.settings;
  const tree = await readTarContext(decompress(all), { folder, limits, signal: session.signal });
  return { kind: 'files', name, tree, time: async () => newestTime(tree) };
}

function newestTime(tree: Tree, directory = ''): number | undefined {
  const times = tree.list(directory).flatMap((name) => {
    const path = joinPath(directory, name);
    return [tree.lookup(path)?.mtime ?? [], newestTime(tree, path) ?? []].flat();
  });
  return times.length === 0 ? undefined : times.reduce((newest, time) => Math.max(newest, time));
}

function isTar(head: Uint8Array): boolean {
  if (head.length < TAR_RECORD) return false;
  const record = Buffer.from(head.buffer, head.byteOffset, TAR_RECORD);
  if (record.every((byte) => byte === 0)) return true;
  try {
    decodeTarHeader(record, 0, 0);
    return true;
  } catch (error) {
    if (isBuilderError(error)) return false;
    throw error;
  }
}

async function readText(stream: AsyncIterable<Uint8Array>, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_TEXT_BYTES) throw notAContext(name);
  }
  const bytes = Buffer.concat(chunks);
  if (bytes.includes(0)) throw notAContext(name);
  return decodeText(bytes, name);
}

function notAContext(name: string): ContextError {
  return new ContextError('CONTEXT_BAD_ARCHIVE', `${name} is neither a tar archive nor a Dockerfile`, {
    hint: 'give a tar archive, plain or compressed with gzip, bzip2, xz or zstd',
  });
}
