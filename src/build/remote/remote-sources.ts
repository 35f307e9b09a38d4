import { FIXED_TIME } from '../../core/time.ts';
import type { RemoteSource } from '../../plan/remote-source.ts';
import type { FetchedSource } from '../copy/request.ts';
import { createDownloadRecords } from './download-records.ts';
import { createDownloads, type Download, type Downloads } from './downloads.ts';
import type { RemoteSession } from './remote-session.ts';
import { createRepositories, type Repositories } from './repositories.ts';

/** A source of ADD of which it is known what it holds now. */
export interface ResolvedSource {
  /** Equal keys mean equal files. */
  readonly key: string;
  /** Seconds since 1970 of a download, where times are kept. */
  readonly modified?: number;
  /** Seconds since 1970 of the commit, or of the file as its server says. */
  time(): Promise<number | undefined>;
  open(): Promise<FetchedSource>;
}

/** All that a build fetches but images. */
export interface RemoteSources {
  readonly downloads: Downloads;
  readonly repositories: Repositories;
  /** @throws ContextError, HostError as {@link Downloads} and {@link Repositories} do */
  resolve(source: RemoteSource): Promise<ResolvedSource>;
  close(): Promise<void>;
}

export function createRemoteSources(session: RemoteSession): RemoteSources {
  const records = createDownloadRecords(session.folders.downloads);
  const downloads = createDownloads(session, records);
  const repositories = createRepositories(session);
  return {
    downloads,
    repositories,
    async resolve(source) {
      if (source.kind === 'http') {
        return toFile(source.url, await downloads.fetch(source.url, { checksum: source.checksum }), session);
      }
      const files = await repositories.resolve(source.git);
      return {
        key: files.key,
        time: () => files.committed(),
        open: async () => ({ kind: 'tree', tree: await files.open() }),
      };
    },
    async close() {
      await Promise.allSettled([downloads.close(), repositories.close()]);
    },
  };
}

/** One file of root, mode 0600 (reference, section 12). Its time counts only where times are kept. */
function toFile(url: string, { digest, size, modified }: Download, session: RemoteSession): ResolvedSource {
  const { timestamps, sourceDateEpoch } = session.settings;
  const isKept = timestamps === 'preserve';
  const told = modified ?? sourceDateEpoch ?? Math.floor(session.now().getTime() / 1000);
  const mtime = isKept ? told : FIXED_TIME;
  const name = fileName(url);
  const source = { kind: 'path', path: session.store.pathOf(digest) } as const;
  const node = { type: 'file', mode: 0o600, uid: 0, gid: 0, mtime, size, digest, source } as const;
  const time = isKept && modified !== undefined ? { modified } : {};
  const key = JSON.stringify(['http', name, digest, time]);
  return {
    key,
    ...time,
    time: () => Promise.resolve(modified),
    open: () => Promise.resolve({ kind: 'file', name, node }),
  };
}

/** Last segment of the path, without its encoding. */
function fileName(url: string): string {
  const segment = new URL(url).pathname.split('/').at(-1) ?? '';
  const name = decode(segment).split('/').at(-1) ?? '';
  return name === '' || name === '.' || name === '..' || name.includes('\0') ? '__unnamed__' : name;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
