import type { Sandbox } from '../core/sandbox.ts';
import { noteControlGroups, removeControlGroups } from './control-groups.ts';
import { createOciRuntime, type OciRuntimeOptions } from './oci-runtime.ts';

export interface RuncOptions extends OciRuntimeOptions {
  /** Of the build: control groups are noted there. */
  readonly workspace: string;
}

/** runc; `rootless` makes it go on where it cannot make a cgroup. Killed, it leaves the ones that it made. */
export function createRunc({ workspace, ...options }: RuncOptions): Sandbox {
  return createOciRuntime({
    ...options,
    method: 'runc',
    globalArguments: ['--rootless', 'true'],
    announce: (container) => noteControlGroups(container, workspace),
    release: removeControlGroups,
  });
}
