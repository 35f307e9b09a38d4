import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const SCRIPT = join(import.meta.dirname, '../../scripts/test-host.mjs');
const HOLDER = ['--for', String(process.pid)];

export interface TestHost extends Disposable {
  /** host:port of the registry with the base images. */
  readonly registry: string;
}

/** The registry and the base images of the end-to-end tests: those that these are told of, or held until it is disposed. */
export function openTestHost(): TestHost {
  const given = process.env.LAMELLA_TEST_REGISTRY;
  if (given !== undefined) return { registry: given, [Symbol.dispose]: () => undefined };
  const { status } = call(['up', 'all', ...HOLDER]);
  if (status !== 0) throw new Error('scripts/test-host.mjs could not make this machine ready: see above');
  const lines = execFileSync(process.execPath, [SCRIPT, 'env'], { encoding: 'utf8' }).split('\n');
  const registry = lines.find((line) => line.startsWith('LAMELLA_TEST_REGISTRY='))?.split('=')[1];
  if (registry === undefined) throw new Error('there is no registry with base images: see above');
  return { registry, [Symbol.dispose]: () => call(['down', ...HOLDER]) };
}

function call(args: readonly string[]): { readonly status: number | null } {
  return spawnSync(process.execPath, [SCRIPT, ...args], { stdio: ['ignore', 'inherit', 'inherit'] });
}
