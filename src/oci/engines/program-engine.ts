import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HostError } from '../../core/errors.ts';
import { findProgram } from '../../io/programs.ts';
import { type ProgramRun, programFailed, runProgram } from '../../io/run-program.ts';
import type { Engine } from './engine.ts';

interface Dialect {
  readonly name: Engine['name'];
  /** Programs that speak it, the preferred one first. */
  readonly programs: readonly string[];
  readonly load: readonly string[];
  readonly save: (image: string, file: string) => readonly string[];
}

const PODMAN: Dialect = {
  name: 'podman',
  programs: ['podman'],
  load: ['load', '--quiet'],
  save: (image, file) => ['save', '--quiet', '--format', 'oci-archive', '--output', file, image],
};

const CONTAINERD: Dialect = {
  name: 'containerd',
  programs: ['ctr'],
  load: ['images', 'import', '-'],
  save: (image, file) => ['images', 'export', file, image],
};

export function podmanEngine(signal?: AbortSignal): Engine {
  return programEngine(PODMAN, signal);
}

/** By `ctr`, which takes socket and namespace from `CONTAINERD_ADDRESS` and `CONTAINERD_NAMESPACE`. */
export function containerdEngine(signal?: AbortSignal): Engine {
  return programEngine(CONTAINERD, signal);
}

function programEngine(dialect: Dialect, signal: AbortSignal | undefined): Engine {
  const run = async (words: Pick<ProgramRun, 'args' | 'input'>): Promise<void> => {
    const request = { program: programOf(dialect), ...words };
    const result = await runProgram({ ...request, signal });
    if (result.exitCode !== 0) throw programFailed(request, result);
  };
  return {
    name: dialect.name,
    load: (archive) => run({ args: dialect.load, input: archive }),
    async save(image, read) {
      const folder = await mkdtemp(join(tmpdir(), 'lamella-save-'));
      try {
        const file = join(folder, 'image.tar');
        await run({ args: dialect.save(image, file) });
        await read(createReadStream(file));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

function programOf({ name, programs }: Dialect): string {
  const program = programs.map(findProgram).find((path) => path !== undefined);
  if (program !== undefined) return program;
  throw new HostError(
    'HOST_ENGINE_UNAVAILABLE',
    `${name} is not on this machine: there is no ${programs.join(' or ')}`,
    {
      hint: 'install it, or write an archive with -o type=oci,dest=FILE',
    },
  );
}
