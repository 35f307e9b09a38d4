import { existsSync } from 'node:fs';
import type { Sandbox } from '../core/sandbox.ts';
import { noteControlGroups, removeControlGroups } from './control-groups.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';
import { sandboxFailed } from './program.ts';

/** Without it runc panics, and its exit code looks like the command's. */
const CONTROL_GROUPS = '/sys/fs/cgroup';

export interface RuncOptions extends OciRuntimeOptions {
  /** Of the build: control groups are noted there. */
  readonly workspace: string;
}

/** runc; `rootless` makes it go on where it cannot make a cgroup. Killed, it leaves the ones that it made. */
export function createRunc({ workspace, ...options }: RuncOptions): Sandbox {
  const runc = createOciRuntime({
    ...options,
    method: 'runc',
    globalArguments: ['--rootless', 'true'],
    announce: (container) => noteControlGroups(container, workspace),
    release: removeControlGroups,
  });
  return {
    ...runc,
    async run(...request) {
      if (!existsSync(CONTROL_GROUPS))
        throw sandboxFailed('runc needs control groups', [`${CONTROL_GROUPS} is missing`]);
      return await runc.run(...request);
    },
  };
}
