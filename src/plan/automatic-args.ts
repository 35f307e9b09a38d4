import { formatPlatform, type Platform } from '../core/platform.ts';

export interface AutomaticArgs {
  readonly platform: Platform;
  readonly buildPlatform: Platform;
  /** The stage to build, as asked for; else the name of the last one. */
  readonly targetName: string | undefined;
}

/** The ARGs of the global scope that no one declares (reference, section 7). */
export function automaticArgs({ platform, buildPlatform, targetName }: AutomaticArgs): ReadonlyMap<string, string> {
  return new Map([
    ...platformArgs('BUILD', buildPlatform),
    ...platformArgs('TARGET', platform),
    ['TARGETSTAGE', targetName ?? 'default'],
  ]);
}

function platformArgs(prefix: string, platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform.osVersion ?? ''],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}
