import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isBuilderError, StepError } from '../core/errors.ts';
import type { IsolationMethod, Sandbox, SandboxCommand, SandboxRun } from '../core/sandbox.ts';
import { findProgram } from '../io/programs.ts';
import type { HostFlavor, RunResult } from '../rootfs/host-messages.ts';
import { readMachine } from '../rootfs/machine.ts';
import { filterObstacle } from '../rootfs/obstacles.ts';
import { createBwrap } from '../sandbox/bwrap.ts';
import { createChroot } from '../sandbox/chroot.ts';
import type { CoveredRootTools } from '../sandbox/covered-root.ts';
import { createCrun } from '../sandbox/crun.ts';
import { createRunc } from '../sandbox/runc.ts';
import { createUnshare } from '../sandbox/unshare.ts';

/** Best first. */
const METHODS: readonly IsolationMethod[] = ['crun', 'runc', 'unshare', 'bwrap'];

export interface SandboxesOptions {
  readonly isolation: 'auto' | IsolationMethod;
  readonly flavor: HostFlavor;
  /** Of the build: control groups are noted there. */
  readonly workspace: string;
}

/**
 * The ways to run a command on this machine. With `auto` the best one that has its programs is used; when it cannot
 * start the first command, the next one gets it, and the choice holds for all that follow.
 */
export class Sandboxes {
  #candidates: readonly Sandbox[];
  readonly #failures: string[] = [];
  #isProven = false;

  /** @throws StepError `STEP_SANDBOX_UNAVAILABLE` when the programs of all methods are missing */
  constructor({ isolation, ...surroundings }: SandboxesOptions) {
    const wanted = isolation === 'auto' ? METHODS : [isolation];
    this.#candidates = wanted.flatMap((method) => createSandbox(method, surroundings) ?? []);
    if (this.#candidates.length === 0) throw missingPrograms(wanted);
  }

  /** That which the next command is run with. */
  get method(): IsolationMethod {
    return this.#current().method;
  }

  async run(root: string, command: SandboxCommand, run: (sandbox: Sandbox) => SandboxRun): Promise<RunResult> {
    for (;;) {
      const sandbox = this.#current();
      try {
        const { exitCode } = await sandbox.run(root, command, run(sandbox));
        this.#isProven = true;
        return { exitCode, method: sandbox.method };
      } catch (error) {
        if (!isSetUpFailure(error) || this.#isProven) throw error;
        this.#giveUp(sandbox, error);
      }
    }
  }

  /** Commands that run side by side may find the same method wanting. */
  #giveUp(sandbox: Sandbox, error: StepError): void {
    this.#failures.push(`${sandbox.method}: ${error.message}`, ...error.output);
    const rest = this.#candidates.filter((candidate) => candidate !== sandbox);
    if (rest.length === 0) throw nothingWorks(this.#failures, error);
    this.#candidates = rest;
  }

  #current(): Sandbox {
    const [first] = this.#candidates;
    if (first === undefined) throw new TypeError('there is always a candidate');
    return first;
  }
}

function createSandbox(
  method: IsolationMethod,
  { flavor, workspace }: Omit<SandboxesOptions, 'isolation'>,
): Sandbox | undefined {
  const privileges = { capabilities: boundingSet(), canSetGroups: flavor !== 'single-id' };
  if (method === 'chroot') {
    const tools = findTools();
    return tools && createChroot({ ...privileges, tools, launcher: launcherCommand(), alwaysByLauncher: true });
  }
  const program = findProgram(method);
  if (program === undefined) return undefined;
  if (method === 'crun') return createCrun({ ...privileges, program });
  if (method === 'runc') return createRunc({ ...privileges, program, workspace });
  const tools = findTools();
  if (tools === undefined) return undefined;
  const options = { ...privileges, tools, launcher: launcherCommand() };
  return method === 'bwrap' ? createBwrap({ ...options, program }) : createUnshare(options);
}

function findTools(): CoveredRootTools | undefined {
  const [unshare, setpriv, mount, sh, env] = ['unshare', 'setpriv', 'mount', 'sh', 'env'].map(findProgram);
  if (unshare === undefined || setpriv === undefined || mount === undefined) return undefined;
  if (sh === undefined || env === undefined) return undefined;
  return { unshare, setpriv, mount, sh, env, ip: findProgram('ip'), prlimit: findProgram('prlimit') };
}

function launcherCommand(): string[] {
  const module = fileURLToPath(new URL(`../hostd/launch${extname(import.meta.url)}`, import.meta.url));
  return [process.execPath, '--disable-warning=ExperimentalWarning', module];
}

function boundingSet(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^CapBnd:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0';
}

function isSetUpFailure(error: unknown): error is StepError {
  return isBuilderError(error) && error instanceof StepError && error.code === 'STEP_SANDBOX_FAILED';
}

function missingPrograms(wanted: readonly IsolationMethod[]): StepError {
  return new StepError('STEP_SANDBOX_UNAVAILABLE', `cannot run commands: none of ${wanted.join(', ')} is installed`, {
    hint: 'install crun, or util-linux (unshare, setpriv, mount)',
  });
}

function nothingWorks(failures: readonly string[], cause: unknown): StepError {
  const filter = filterObstacle(readMachine());
  const filtered = filter === undefined ? '' : `${filter.reason}: ${filter.remedies.join(', or ')}; `;
  return new StepError('STEP_SANDBOX_UNAVAILABLE', 'cannot run commands: no isolation method works on this machine', {
    hint: `${filtered}the output says why each method failed, and \`lamella doctor\` which others there are`,
    output: failures,
    cause,
  });
}
