import { setImmediate } from 'node:timers/promises';
import type { FetchedPackage } from './npm-tree.ts';
import type { PackageFiles } from './package-files.ts';

/** How a package is got ready. */
export interface PackageReader {
  /** Its tarball, verified, from wherever it is. */
  readonly fetch: (candidate: FetchedPackage) => Promise<Buffer>;
  /** About as many bytes as it has when it is unpacked. */
  readonly sizeOf: (tarball: Buffer) => number;
  /** Takes the tarball over. */
  readonly unpack: (candidate: FetchedPackage, tarball: Buffer) => Promise<PackageFiles>;
}

/** Gives packages, unpacked, in the order in which they were announced. */
export interface PackageQueue {
  /** The next package; its files are the caller's alone. @throws what the reader throws */
  take(candidate: FetchedPackage): Promise<PackageFiles>;
  /** Comes back when nothing is under way any more. */
  close(): Promise<void>;
}

/** Tarballs that are fetched ahead of their turn: so many, unless they have more bytes than this. */
const FETCHED_AHEAD = 20;
const FETCHED_BYTES_AHEAD = 8 * 1024 * 1024;
/** Bytes that lie unpacked before their turn; what is larger is unpacked when its turn comes. */
const UNPACKED_AHEAD = 4 * 1024 * 1024;

type Ready = () => Promise<PackageFiles>;

/** Tarballs on their way, and what lies there before its turn. */
interface Preparation {
  /** Starts to fetch a package, where that is not under way; it is unpacked, too, where there is room for what is in it. */
  start(candidate: FetchedPackage): Promise<Ready>;
  /** Makes room for another one. */
  release(candidate: FetchedPackage): void;
  /** Whether as many packages or bytes lie fetched as may. */
  isFull(): boolean;
  settled(): Promise<void>;
}

function createPreparation(reader: PackageReader): Preparation {
  const running = new Map<FetchedPackage, Promise<Ready>>();
  let fetchedBytes = 0;
  let unpackedBytes = 0;

  async function unpack(candidate: FetchedPackage, tarball: Buffer): Promise<PackageFiles> {
    const { length } = tarball;
    const files = await reader.unpack(candidate, tarball);
    fetchedBytes -= length;
    return files;
  }

  async function prepare(candidate: FetchedPackage): Promise<Ready> {
    const tarball = await reader.fetch(candidate);
    fetchedBytes += tarball.length;
    const size = reader.sizeOf(tarball);
    if (unpackedBytes + size > UNPACKED_AHEAD) return () => unpack(candidate, tarball);
    unpackedBytes += size;
    const files = await unpack(candidate, tarball);
    return async () => {
      unpackedBytes -= size;
      return files;
    };
  }

  return {
    start(candidate) {
      const work = running.get(candidate) ?? prepare(candidate);
      // What goes wrong is told when its turn comes.
      work.catch(() => undefined);
      running.set(candidate, work);
      return work;
    },
    release: (candidate) => void running.delete(candidate),
    isFull: () => running.size >= FETCHED_AHEAD || fetchedBytes >= FETCHED_BYTES_AHEAD,
    settled: async () => void (await Promise.allSettled(running.values())),
  };
}

/**
 * Gets packages ready while those before them are written, so that neither network nor processor waits. Memory does not grow
 * with the installation.
 */
export function createPackageQueue(announced: readonly FetchedPackage[], reader: PackageReader): PackageQueue {
  const preparation = createPreparation(reader);
  let started = 0;
  let isStarting = false;

  /** One after the other: what a tarball takes shows only when it is there. */
  async function startMore(): Promise<void> {
    if (isStarting) return;
    isStarting = true;
    while (!preparation.isFull()) {
      const candidate = announced[started++];
      if (candidate === undefined) break;
      preparation.start(candidate);
      await setImmediate();
    }
    isStarting = false;
  }

  return {
    async take(candidate) {
      if (announced[started] === candidate) started++;
      const work = preparation.start(candidate);
      void startMore();
      const give = await work;
      preparation.release(candidate);
      void startMore();
      return await give();
    },
    async close() {
      started = announced.length;
      await preparation.settled();
    },
  };
}
