import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../core/errors.ts';
import { findProgram } from '../../io/programs.ts';
import { type ProgramRun, programFailed, runProgram } from '../../io/run-program.ts';
import type { Engine } from './engine.ts';

/** How a program is told what to do. */
interface Dialect {
  readonly program: string;
  readonly load: readonly string[];
  readonly save: (image: string, file: string) => readonly string[];
}

interface ProgramEngine {
  readonly name: Engine['name'];
  /** The preferred program first. */
  readonly dialects: readonly Dialect[];
}

const PODMAN: ProgramEngine = {
  name: 'podman',
  dialects: [
    {
      program: 'podman',
      load: ['load', '--quiet'],
      save: (image, file) => ['save', '--quiet', '--format', 'oci-archive', '--output', file, image],
    },
  ],
};

/** Both take socket and namespace from `CONTAINERD_ADDRESS` and `CONTAINERD_NAMESPACE`. */
const CONTAINERD: ProgramEngine = {
  name: 'containerd',
  dialects: [
    {
      program: 'ctr',
      load: ['images', 'import', '-'],
      save: (image, file) => ['images', 'export', file, image],
    },
    {
      program: 'nerdctl',
      load: ['load', '--quiet'],
      save: (image, file) => ['save', '--output', file, image],
    },
  ],
};

/** Where a program of this machine is. */
type FindProgram = (name: string) => string | undefined;

export function podmanEngine(signal?: AbortSignal, find: FindProgram = findProgram): Engine {
  return programEngine(PODMAN, signal, find);
}

/** By `ctr`, else by `nerdctl`. */
export function containerdEngine(signal?: AbortSignal, find: FindProgram = findProgram): Engine {
  return programEngine(CONTAINERD, signal, find);
}

function programEngine(engine: ProgramEngine, signal: AbortSignal | undefined, find: FindProgram): Engine {
  const run = async (program: string, words: Pick<ProgramRun, 'args' | 'input'>): Promise<void> => {
    const request = { program, ...words };
    const result = await runProgram({ ...request, signal });
    if (result.exitCode !== 0) throw programFailed(request, result);
  };
  return {
    name: engine.name,
    isThere: async () => engine.dialects.some(({ program }) => find(program) !== undefined),
    async load(archive) {
      const { path, dialect } = findDialect(engine, find);
      await run(path, { args: dialect.load, input: archive });
    },
    async save(image, read) {
      const { path, dialect } = findDialect(engine, find);
      const folder = await mkdtemp(join(tmpdir(), 'lamella-save-'));
      try {
        const file = join(folder, 'image.tar');
        await run(path, { args: dialect.save(image, file) });
        await read(createReadStream(file));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function findDialect(
  { name, dialects }: ProgramEngine,
  find: FindProgram,
): { readonly path: string; readonly dialect: Dialect } {
  for (const dialect of dialects) {
    const path = find(dialect.program);
    if (path !== undefined) return { path, dialect };
  }
  const programs = dialects.map(({ program }) => program).join(' or ');
  throw new HostError('HOST_ENGINE_UNAVAILABLE', `${name} is not on this machine: there is no ${programs}`, {
    hint: 'install it, or write an archive with -o type=oci,dest=FILE',
  });
}
