import type { Sandbox } from '../core/sandbox.ts';
import { removeControlGroups } from './control-groups.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';

/** runc; `rootless` makes it go on where it cannot make a cgroup. Killed, it leaves the ones that it made. */
export function createRunc(options: OciRuntimeOptions): Sandbox {
  const globalArguments = ['--rootless', 'true'];
  return createOciRuntime({ ...options, method: 'runc', globalArguments, release: removeControlGroups });
}
