import { existsSync } from 'node:fs';
import type { Sandbox } from '../core/sandbox.ts';
import { removeControlGroups } from './control-groups.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';
import { sandboxFailed } from './program.ts';

/** Without it runc panics, and its exit code looks like the command's. */
const CONTROL_GROUPS = '/sys/fs/cgroup';

/** runc; `rootless` makes it go on where it cannot make a cgroup. Killed, it leaves the ones that it made. */
export function createRunc(options: OciRuntimeOptions): Sandbox {
  const globalArguments = ['--rootless', 'true'];
  const runc = createOciRuntime({ ...options, method: 'runc', globalArguments, release: removeControlGroups });
  return {
    ...runc,
    async run(...request) {
      if (!existsSync(CONTROL_GROUPS))
        throw sandboxFailed('runc needs control groups', [`${CONTROL_GROUPS} is missing`]);
      return await runc.run(...request);
    },
  };
}
