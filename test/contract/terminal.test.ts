import type { IsolationMethod } from '../../src/core/sandbox.ts';
import { chrootLaunch } from '../../src/rootfs/host-launch.ts';
import { requireTool } from '../support/host.ts';
import { hasStaticBusybox } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';
import { describeTerminal } from './terminal.ts';

const METHODS: readonly IsolationMethod[] = ['unshare', 'crun', 'runc', 'bwrap'];
const available = hasStaticBusybox() ? METHODS.filter((method) => requireTool(method)) : [];

for (const user of sandboxUsers()) {
  for (const method of available) describeTerminal(method, user);
  if (user.uid === 0) describeTerminal('chroot', { ...user, launches: [chrootLaunch(process.platform, user.uid)] });
}
