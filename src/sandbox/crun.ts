import type { Sandbox } from '../core/sandbox.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';
import { compiledProfile } from './seccomp.ts';

/** crun, without cgroups: limits are the business of whoever started the build. */
export function createCrun(options: OciRuntimeOptions): Sandbox {
  return createOciRuntime({
    ...options,
    method: 'crun',
    globalArguments: ['--cgroup-manager', 'disabled'],
    filterAnnotations: crunFilter,
  });
}

let compiled: string | null | undefined;

/**
 * The filter of system calls as crun takes it ready made (crun(1), `run.oci.seccomp_bpf_data`), compiled once: crun would take 2
 * ms for it at each command. Where it cannot be compiled here, or crun is too old to know it, crun obeys the profile.
 */
export function crunFilter(): Readonly<Record<string, string>> {
  compiled ??= compiledProfile() ?? null;
  return compiled === null ? {} : { 'run.oci.seccomp_bpf_data': compiled };
}
