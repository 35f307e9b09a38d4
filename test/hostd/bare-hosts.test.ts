import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { TEST_REGISTRY } from '../support/host.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

interface BareHost {
  readonly title: string;
  /** What a shell as root in a mount namespace of its own takes away. */
  readonly without: string;
  readonly exitCode: number;
  readonly says: RegExp;
}

const HOSTS: readonly BareHost[] = [
  {
    title: 'without /sys, which crun and runc need',
    without: 'umount --recursive --lazy /sys',
    exitCode: 0,
    says: /isolated by unshare/,
  },
  {
    title: 'without /proc',
    without: 'umount --recursive --lazy /proc',
    exitCode: 1,
    says: /hint: \/proc is not mounted: mount -t proc proc \/proc[\s\S]*STEP_SANDBOX_UNAVAILABLE/,
  },
];

function withoutPart(without: string, ...args: string[]) {
  const inside = ['sh', '-c', `${without} && exec "$@"`, 'sh', process.execPath, CLI, ...args];
  return spawnSync('unshare', ['--mount', ...inside], { encoding: 'utf8' });
}

if (process.getuid?.() === 0) {
  describe.each(HOSTS)('a host $title', ({ without, exitCode, says }) => {
    it('builds with what is left, or says what is missing', () => {
      const context = tempDir({ Dockerfile: `FROM ${TEST_REGISTRY}/busybox:latest\nRUN true\n` });
      const { status, stderr } = withoutPart(without, 'build', '--cache-dir', tempDir({}), context);
      expect({ status, stderr }).toEqual({ status: exitCode, stderr: expect.stringMatching(says) });
    });

    it('is told the same by the doctor', () => {
      const { status, stdout, stderr } = withoutPart(without, 'doctor', '--json', '--cache-dir', tempDir({}));
      expect({ status, stderr }).toEqual({ status: exitCode === 0 ? 0 : 9, stderr: '' });
      expect(JSON.parse(stdout).method).toBe(exitCode === 0 ? 'unshare' : undefined);
    });
  });
}
