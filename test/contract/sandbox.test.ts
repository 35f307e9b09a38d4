import { describe } from 'vitest';
import type { IsolationMethod } from '../../src/core/sandbox.ts';
import { chrootLaunch } from '../../src/rootfs/host-launch.ts';
import { requireTool } from '../support/host.ts';
import { hasStaticBusybox } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';
import { describeSandbox } from './sandbox.ts';

const METHODS: readonly IsolationMethod[] = ['unshare', 'crun', 'runc', 'bwrap'];
const available = hasStaticBusybox() ? METHODS.filter((method) => requireTool(method)) : [];

for (const user of sandboxUsers()) {
  for (const method of available) describeSandbox(method, user);
  if (user.uid === 0 && available.length > 0) {
    describeSandbox('chroot', { ...user, launches: [chrootLaunch(process.platform, user.uid)] });
  }
}

describe.skipIf(available.length > 0)('sandboxes', () => {});
