import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type BuildEvent, type BuildOptions, build, examineHost, type HostReport } from '../../src/index.ts';
import { findProgram } from '../../src/io/programs.ts';
import { findOrdinaryUser, type OrdinaryUser } from '../support/ordinary-user.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

it.skipIf(process.platform !== 'linux')('tries every method, and says why one does not work', async () => {
  const cacheDir = tempDir({});
  const report = await examineHost({ cacheDir });
  for (const { method, works, reason, remedies } of report.methods) {
    if (works) expect({ reason, remedies }).toEqual({ remedies: [] });
    else expect({ method, reason }).toEqual({ method, reason: expect.stringMatching(/./) });
  }
  expect(report.method).toBe(report.methods.find(({ works }) => works)?.method);
  const programs = ['crun', 'runc', 'unshare', 'bwrap'].filter((name) => findProgram(name) !== undefined);
  expect([...programs, 'chroot']).toEqual(
    expect.arrayContaining(report.methods.filter((m) => m.works).map((m) => m.method)),
  );
  expect(report.checks.map(({ name }) => name)).toContain('disk space');
});

describe.skipIf(process.platform !== 'linux')('what the best method has besides', () => {
  it('is what a build gets: snapshotter, network of its own, bounds', async () => {
    const cacheDir = tempDir({});
    const { method, snapshotter, isolatedNetwork, bounds } = await examineHost({ cacheDir });
    expect(method).toBeDefined();
    const context = tempDir({ Dockerfile: 'FROM scratch\nRUN ["/none"]\n' });
    const events: BuildEvent[] = [];
    const options = {
      ...{ context, cacheDir, outputs: [], networkMode: 'isolated', bounds: { memoryBytes: 2 ** 30, pids: 4096 } },
      onEvent: (event) => events.push(event),
    } satisfies BuildOptions;
    const error = await build(options).catch((reason: unknown) => reason);
    const chosen = events.find(({ type }) => type === 'snapshotter');
    expect(chosen).toMatchObject({ name: snapshotter?.name, passedOver: snapshotter?.passedOver });
    const code = isolatedNetwork?.works === true ? 'STEP_EXIT_CODE' : 'STEP_NETWORK_UNAVAILABLE';
    expect(error).toMatchObject({ code });
    expect(isolatedNetwork?.reason === undefined).toBe(isolatedNetwork?.works);
    expect(bounds?.reason === undefined).toBe(bounds?.enforcedBy === 'control-groups');
  });
});

if (process.getuid?.() === 0) {
  it('is told to root who may not make devices, and leaves no process: only chroot needs that right', async () => {
    const cli = [process.execPath, CLI, 'doctor', '--json', '--cache-dir', tempDir({})];
    const doctor = ['setpriv', '--bounding-set', '-mknod', '--inh-caps', '-mknod', ...cli];
    const counting = ['sh', '-c', '"$@"; set -- /proc/[0-9]*; echo "processes: $#" >&2', 'sh', ...doctor];
    const { stdout, stderr } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...counting], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('processes: 1\n');
    const { methods }: HostReport = JSON.parse(stdout);
    expect(methods.find(({ method }) => method === 'chroot')).toMatchObject({
      works: false,
      reason: expect.stringContaining('CAP_MKNOD'),
      remedies: [expect.stringContaining('MKNOD')],
    });
    expect(methods.find(({ method }) => method === 'unshare')?.works).toBe(true);
  });
}

const user = findOrdinaryUser();

if (user !== undefined) {
  describe('an ordinary user', () => {
    const command = async (...args: string[]) => await runCli(args, { as: user });

    it('is told which of it all is there without rights', async () => {
      const cacheDir = ownFolder(user);
      const { exitCode, stdout, stderr } = await command('doctor', '--json', '--cache-dir', cacheDir);
      expect(stderr).toBe('');
      const { method, snapshotter, isolatedNetwork, bounds }: HostReport = JSON.parse(stdout);
      expect(exitCode).toBe(method === undefined ? 9 : 0);
      expect(['overlay', 'fuse-overlayfs', 'copy']).toContain(snapshotter?.name);
      expect(isolatedNetwork?.reason === undefined).toBe(isolatedNetwork?.works);
      expect(bounds?.reason === undefined).toBe(bounds?.enforcedBy === 'control-groups');
    });

    it.each(['--no-cache=false', '--no-cache'])('is told that a context may not be read (%s)', async (option) => {
      const cacheDir = ownFolder(user);
      const context = tempDir({ Dockerfile: 'FROM scratch\n', 'package.json': '{}' });
      chmodSync(context, 0o700);
      expect(await command('build', option, '--cache-dir', cacheDir, context)).toMatchObject({
        exitCode: 5,
        stderr: expect.stringMatching(/cannot read ".*Dockerfile": EACCES[\s\S]*hint: .*the right to read it/),
      });
    });
  });
}

function ownFolder({ uid, gid }: OrdinaryUser): string {
  const folder = tempDir({});
  chownSync(folder, uid, gid);
  return folder;
}

it('refuses a cache folder that it cannot make', async () => {
  const file = join(tempDir({ 'in-the-way': '' }), 'in-the-way');
  await expect(examineHost({ cacheDir: join(file, 'cache') })).rejects.toMatchObject({ family: 'host' });
  rmSync(file);
});
