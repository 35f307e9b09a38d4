import { chownSync } from 'node:fs';
import { type HostLaunch, hostLaunches } from '../../src/rootfs/host-launch.ts';
import { findOrdinaryUser } from './ordinary-user.ts';

/** As whom the sandbox host runs in a test. */
export interface SandboxUser {
  readonly title: string;
  readonly uid: number;
  readonly launches: readonly HostLaunch[];
  /** Gives a folder of the test to the user. */
  own(path: string): void;
}

/** Root and an ordinary user with subordinate ids, as far as this machine has them; skipped aloud, never in CI. */
export function sandboxUsers(): SandboxUser[] {
  if (process.platform !== 'linux') return skip('Linux');
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return [{ title: 'an ordinary user', uid, launches: hostLaunches('linux', uid), own: () => {} }];
  const root: SandboxUser = { title: 'root', uid: 0, launches: hostLaunches('linux', 0).slice(0, 1), own: () => {} };
  const other = ordinaryUser();
  return other === undefined ? [root, ...skip('an ordinary user with subordinate ids')] : [root, other];
}

function ordinaryUser(): SandboxUser | undefined {
  const user = findOrdinaryUser();
  if (user === undefined) return undefined;
  const launches = hostLaunches('linux', user.uid).map(({ flavor, program, args }): HostLaunch => {
    const [wrapper, ...words] = user.commandLine([program, ...args]);
    return { flavor, program: wrapper, args: words };
  });
  return { title: 'an ordinary user', uid: user.uid, launches, own: (path) => chownSync(path, user.uid, user.gid) };
}

function skip(what: string): [] {
  if (process.env.CI) throw new Error(`CI must have ${what}`);
  console.warn(`SKIPPED: needs ${what}`);
  return [];
}
