import type { Sandbox } from '../core/sandbox.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';

/** crun, without cgroups: limits are the business of whoever started the build. */
export function createCrun(options: OciRuntimeOptions): Sandbox {
  return createOciRuntime({ ...options, method: 'crun', globalArguments: ['--cgroup-manager', 'disabled'] });
}
