import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/main.ts';
import type { HostReport } from '../../src/index.ts';
import { fakeHost } from './support/fake-host.ts';

const REPORT: HostReport = {
  machine: {
    platform: 'linux',
    architecture: 'amd64',
    release: '6.18',
    node: 'v24.0.0',
    user: 'ann',
    container: 'docker',
    runner: 'gitlab',
  },
  method: 'unshare',
  methods: [
    { method: 'crun', works: false, gives: 'all', reason: 'not installed', remedies: ['apt-get install crun'] },
    { method: 'runc', works: false, gives: 'all', reason: 'failed', output: ['no \u001b[31mcgroup'], remedies: [] },
    { method: 'unshare', works: true, gives: 'some', flavor: 'single-id', remedies: [] },
  ],
  snapshotter: {
    name: 'copy',
    passedOver: ['overlay: EINVAL', 'fuse-overlayfs: it is not \u001b[31minstalled'],
    remedies: ['apt-get install fuse-overlayfs'],
  },
  isolatedNetwork: {
    works: false,
    reason: 'no helper works',
    output: ['pasta: no \u001b[31mtun'],
    remedies: ['modprobe tun'],
  },
  bounds: { enforcedBy: 'process-limits', reason: 'no groups', remedies: ['build as root'] },
  checks: [
    { name: 'disk space', status: 'ok', finding: '9 GB', remedies: [] },
    { name: 'git', status: 'warning', finding: 'missing', remedies: ['apt-get install git'] },
    { name: 'seccomp', status: 'warning', finding: 'none', remedies: ['apt-get install crun'] },
  ],
};

async function doctor(report: HostReport, ...argv: string[]) {
  const host = fakeHost({ library: { examineHost: async () => report } });
  return { code: await main(['doctor', ...argv], host), ...host.written };
}

describe('lamella doctor', () => {
  it('shows what works, and reason and remedy of what does not', async () => {
    const { code, stdout } = await doctor(REPORT);
    expect(code).toBe(0);
    expect(stdout).toBe(`linux 6.18 amd64, Node v24.0.0, as ann, in a docker container of a gitlab runner

RUN works here, isolated by unshare.

  crun                 no: not installed
                       → apt-get install crun
  runc                 no: failed
                       | no cgroup
  unshare              works (with one id only): some

  root file systems by copy
                       | not overlay: EINVAL
                       | not fuse-overlayfs: it is not installed
                       → apt-get install fuse-overlayfs
  isolated network     no: no helper works
                       | pasta: no tun
                       → modprobe tun
  memory and processes rlimits bind each process by itself: no groups
                       → build as root
  disk space           ok: 9 GB
  git                  warning: missing
                       → apt-get install git
  seccomp              warning: none
                       → as for crun
`);
  });

  it('says by what better root file systems, isolated networks and bounds are made', async () => {
    const { stdout } = await doctor({
      ...REPORT,
      snapshotter: { name: 'overlay', passedOver: [], remedies: [] },
      isolatedNetwork: { works: true, helper: 'pasta', remedies: [] },
      bounds: { enforcedBy: 'control-groups', remedies: [] },
    });
    expect(stdout).toContain(`
  root file systems by overlay
  isolated network     works: --network-mode isolated, by pasta
  memory and processes control groups bind a command with all that it starts
`);
  });

  it('says that bounds are not kept at all', async () => {
    const { stdout } = await doctor({
      ...REPORT,
      bounds: { enforcedBy: 'nothing', reason: 'exit code 1', remedies: [] },
    });
    expect(stdout).toContain('  memory and processes no limits: exit code 1\n');
  });

  it('ends with 9 where nothing works', async () => {
    const { method, snapshotter, isolatedNetwork, bounds, ...report } = REPORT;
    const { code, stdout, stderr } = await doctor({ ...report, methods: [] });
    expect(code).toBe(9);
    expect(stdout).toContain('RUN does not work here by itself. A Dockerfile without RUN can be built.');
    expect(stdout).not.toMatch(/root file systems|isolated network|memory and/);
    expect(stderr).toBe('');
  });

  it('prints the same as JSON', async () => {
    expect(JSON.parse((await doctor(REPORT, '--json')).stdout)).toEqual(REPORT);
  });

  it('takes no arguments', async () => {
    expect(await doctor(REPORT, 'x')).toMatchObject({ code: 2, stderr: expect.stringContaining('no arguments') });
  });
});
