import type { Sandbox } from '../core/sandbox.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';

/** runc; `rootless` makes it go on where it cannot make a cgroup. */
export function createRunc(options: OciRuntimeOptions): Sandbox {
  return createOciRuntime({ ...options, method: 'runc', globalArguments: ['--rootless', 'true'] });
}
