import { describe, expect, it, test } from 'vitest';
import { hostArchitecture } from '../../src/io/host.ts';
import { deniedCapabilities, grantedCapabilities } from '../../src/sandbox/capabilities.ts';
import { formatMountTable } from '../../src/sandbox/mount-table.ts';
import { compiledProfile, seccompProfile } from '../../src/sandbox/seccomp.ts';
import { verdictOf } from '../support/call-filter.ts';

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
    const { syscalls } = seccompProfile();
    const flags = syscalls.filter(({ names }) => names.includes('clone')).map(({ args }) => args?.[0]?.value ?? 0);
    expect(flags.reduce((all, flag) => all | flag, 0)).toBe(0x7e020000);
  });

  describe.runIf(hostArchitecture() === 'amd64')('compiled', () => {
    const X86_64 = 0xc000003e;
    const I386 = 0x40000003;
    const ALLOWED = 0x7fff0000;
    const EPERM = 0x00050001;
    const ENOSYS = 0x00050026;
    const NEW_USER_NAMESPACE = 0x10000000;
    const FORK = 0x01200011;
    test.each([
      ['read', { architecture: X86_64, number: 0 }, ALLOWED],
      ['mount', { architecture: X86_64, number: 165 }, EPERM],
      ['mount of 32 bits', { architecture: I386, number: 21 }, EPERM],
      ['mount of x32', { architecture: X86_64, number: 0x40000000 + 165 }, EPERM],
      ['keyctl', { architecture: X86_64, number: 250 }, EPERM],
      ['clone3', { architecture: X86_64, number: 435 }, ENOSYS],
      ['clone of a process', { architecture: X86_64, number: 56, args: [FORK] }, ALLOWED],
      ['clone of a namespace', { architecture: X86_64, number: 56, args: [FORK | NEW_USER_NAMESPACE] }, EPERM],
      ['clone of a namespace, of 32 bits', { architecture: I386, number: 120, args: [NEW_USER_NAMESPACE] }, EPERM],
    ])('judges %s as the profile says', (_, call, verdict) => {
      const program = Buffer.from(compiledProfile() ?? '', 'base64');
      expect(verdictOf(program, call).toString(16)).toBe(verdict.toString(16));
    });
  });
});
