import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';

/** A registry of the host that tests may push to, `host:port`. */
export const TEST_REGISTRY: string = process.env.LAMELLA_TEST_REGISTRY ?? '127.0.0.1:5000';

/** Address of a Docker Engine that tests may load images into. */
export const TEST_DOCKER: string = socketAddress(process.env.LAMELLA_TEST_DOCKER ?? '/var/run/docker.sock');

/** `unix:///path` also for a plain path. */
function socketAddress(text: string): string {
  return text.startsWith('/') ? `unix://${text}` : text;
}

/**
 * Whether tests that need a program of the host can run: skipped aloud when not, never in CI.
 * `check` is the arguments that must succeed, `--version` by default.
 */
export function requireTool(name: string, check: readonly string[] = ['--version']): boolean {
  const command = `${name} ${check.join(' ')}`;
  return require(command, () => execFileSync(name, check, { stdio: 'pipe', timeout: 30_000 }));
}

export async function requireRegistry(): Promise<boolean> {
  const url = `http://${TEST_REGISTRY}/v2/`;
  const works = await fetch(url).then(
    (response) => response.ok,
    () => false,
  );
  return require(`a registry at ${url}`, () => {
    if (!works) throw new Error('it does not answer');
  });
}

function require(what: string, check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (cause) {
    if (process.env.CI) throw new Error(`CI must have ${what}`, { cause });
    console.warn(`SKIPPED: needs ${what}: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`);
    return false;
  }
}

/** Runs a program; what it prints to standard output. A failure shows all that it printed. */
export async function run(name: string, ...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)(name, args, { timeout: 120_000, maxBuffer: 64 << 20 })).stdout;
  } catch (cause) {
    const { stderr = '', stdout = '' } = cause as { stderr?: string; stdout?: string };
    throw new Error(`${name} ${args.join(' ')} failed: ${stderr}${stdout}`, { cause });
  }
}
