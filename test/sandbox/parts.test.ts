import { describe, expect, it } from 'vitest';
import { deniedCapabilities, grantedCapabilities } from '../../src/sandbox/capabilities.ts';
import { formatMountTable } from '../../src/sandbox/mount-table.ts';
import { seccompProfile } from '../../src/sandbox/seccomp.ts';

const ALL = '000001ffffffffff';

describe('capabilities', () => {
  it("are Docker's fourteen for root in a container", () => {
    expect(grantedCapabilities(ALL, 'sandbox')).toHaveLength(14);
    expect(deniedCapabilities(ALL, 'sandbox')).toHaveLength(41 - 14);
  });

  it('are never more than this process has', () => {
    expect(grantedCapabilities('1', 'sandbox')).toEqual(['chown']);
    expect(deniedCapabilities('1', 'sandbox')).toEqual([]);
    expect(grantedCapabilities('200001', 'insecure')).toEqual(['chown', 'sys_admin']);
    expect(deniedCapabilities('200001', 'insecure')).toEqual([]);
  });

  it('that this version has no name for are denied by their number', () => {
    expect(deniedCapabilities('0002000000000000', 'sandbox')).toEqual([49]);
  });
});

describe('a mount table', () => {
  it('escapes what separates its fields', () => {
    const mount = { source: '/a b', target: '/c\\d\t#', type: 'none', options: 'bind' };
    expect(formatMountTable([mount])).toBe('/a\\040b /c\\134d\\011\\043 none bind 0 0\n');
  });
});

describe('the seccomp profile', () => {
  it('denies new namespaces by every flag of clone', () => {
    const { syscalls } = seccompProfile() as { syscalls: { names: string[]; args?: { value: number }[] }[] };
    const flags = syscalls.filter(({ names }) => names.includes('clone')).map(({ args }) => args?.[0]?.value ?? 0);
    expect(flags.reduce((all, flag) => all | flag, 0)).toBe(0x7e020000);
  });
});
