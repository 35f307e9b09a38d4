import type { TarballPackage } from './npm-tree.ts';
import type { PackageFiles } from './package-files.ts';

/** How a package is got ready. */
export interface PackageReader {
  /** Its tarball, verified, from wherever it is. */
  readonly fetch: (candidate: TarballPackage) => Promise<Buffer>;
  /** About as many bytes as it has when it is unpacked. */
  readonly sizeOf: (tarball: Buffer) => number;
  readonly unpack: (candidate: TarballPackage, tarball: Buffer) => Promise<PackageFiles>;
}

/** Gives packages, unpacked, in the order in which they were announced. */
export interface PackageQueue {
  /** The next package; its files are the caller's alone. @throws what the reader throws */
  take(candidate: TarballPackage): Promise<PackageFiles>;
  /** Comes back when nothing is under way any more. */
  close(): Promise<void>;
}

/** Tarballs that are fetched ahead of their turn. */
const FETCHED_AHEAD = 20;
/** Bytes that lie unpacked before their turn; what is larger is unpacked when its turn comes. */
const UNPACKED_AHEAD = 6 * 1024 * 1024;

/**
 * Gets packages ready while those before them are written, so that neither network nor processor waits. Memory does not grow
 * with the installation.
 */
export function createPackageQueue(announced: readonly TarballPackage[], reader: PackageReader): PackageQueue {
  const ready = new Map<TarballPackage, Promise<() => Promise<PackageFiles>>>();
  let started = 0;
  let bytesAhead = 0;

  async function prepare(candidate: TarballPackage): Promise<() => Promise<PackageFiles>> {
    const tarball = await reader.fetch(candidate);
    const size = reader.sizeOf(tarball);
    if (bytesAhead + size > UNPACKED_AHEAD) return () => reader.unpack(candidate, tarball);
    bytesAhead += size;
    const files = await reader.unpack(candidate, tarball);
    return async () => {
      bytesAhead -= size;
      return files;
    };
  }

  function start(candidate: TarballPackage): Promise<() => Promise<PackageFiles>> {
    const work = prepare(candidate);
    // What goes wrong is told when its turn comes.
    work.catch(() => undefined);
    return work;
  }

  function startMore(): void {
    while (started < announced.length && ready.size < FETCHED_AHEAD) {
      const candidate = announced[started++];
      if (candidate !== undefined) ready.set(candidate, start(candidate));
    }
  }

  return {
    async take(candidate) {
      startMore();
      const give = await (ready.get(candidate) ?? start(candidate));
      ready.delete(candidate);
      startMore();
      return await give();
    },
    async close() {
      started = announced.length;
      await Promise.allSettled(ready.values());
      ready.clear();
    },
  };
}
