import { npmError } from '../../npm/npm-error.ts';
import type { NpmTree } from '../../npm/npm-tree.ts';
import {
  allowedScripts,
  type InstallScripts,
  installScripts,
  NO_SCRIPTS,
  undecidedScripts,
} from '../../npm/scripts.ts';
import type { NpmOptions } from '../options.ts';
import type { Refusal } from './plans.ts';

export interface ScriptQuestion {
  readonly tree: NpmTree;
  readonly packageJson: string;
  readonly policy: Required<NpmOptions>['scripts'];
  /** Whether the command itself says that none runs. */
  readonly ignored: boolean;
}

/**
 * Which install scripts run after a native installation: what the project allows or forbids by name is done; where it says
 * nothing the policy decides.
 * @throws StepError `STEP_NPM_SCRIPTS` naming the packages
 */
export function decideScripts({ tree, packageJson, policy, ignored }: ScriptQuestion): InstallScripts | Refusal {
  if (ignored || policy === 'ignore') return NO_SCRIPTS;
  const needed = installScripts(tree, packageJson);
  if (policy === 'sandbox') return needed;
  const undecided = undecidedScripts(needed);
  if (undecided.length === 0) return allowedScripts(needed);
  const names = undecided.join(', ');
  if (policy === 'refuse') throw refusedScripts(names);
  return { refused: `install scripts must run: ${names} (--npm-scripts ignore or sandbox goes on without)` };
}

function refusedScripts(names: string): Error {
  return npmError(
    'STEP_NPM_SCRIPTS',
    `install scripts want to run: ${names}`,
    'go on in one of three ways: --npm-scripts ignore runs none; allowScripts of package.json decides by name, ' +
      '{ "NAME": true } or false; --npm-scripts sandbox runs all of them in the image',
  );
}

/**
 * Where npm itself must install, its scripts run as well: also then nothing may run that nobody allowed.
 * @throws StepError `STEP_NPM_SCRIPTS`
 */
export function refuseScriptsOfLockfile(lockfile: string, reason: string): void {
  const { packages = {} } = JSON.parse(lockfile) as { readonly packages?: Readonly<Record<string, LockedPackage>> };
  const names = Object.entries(packages)
    .filter(([, { hasInstallScript, inBundle, resolved }]) => {
      // npm may have to prepare what comes from git, which only its files tell.
      return (hasInstallScript === true || resolved?.startsWith('git') === true) && inBundle !== true;
    })
    .map(([location, { version }]) => `${location.split('node_modules/').at(-1)}@${version}`);
  if (names.length > 0) throw refusedScripts(`${names.join(', ')} (by npm itself, because ${reason})`);
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly inBundle?: boolean;
}
