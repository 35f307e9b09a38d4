import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { processesWith } from '../contract/sandbox.ts';
import { type Box, directory, file, hasStaticBusybox, openBox, requestFor, runIn } from '../support/sandbox-box.ts';
import { type SandboxUser, sandboxUsers } from '../support/sandbox-user.ts';

/** A module that hides the optional package from a process. */
const HIDE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ resolve: (name, context, next) => next(name === 'koffi' ? 'no-such-package' : name, context) });
`)}`;

function withoutKoffi(user: SandboxUser): SandboxUser {
  const launches = user.launches.map(({ args, ...launch }) => ({
    ...launch,
    args: args.toSpliced(-1, 0, '--import', HIDE),
  }));
  return { ...user, launches };
}

describe.skipIf(!hasStaticBusybox()).each(sandboxUsers())('without koffi, as $title, the sandbox host', (user) => {
  let box: Box;
  beforeAll(async () => {
    box = await openBox(withoutKoffi(user), 'unshare');
  });
  afterAll(() => box[Symbol.asyncDispose]());

  it('stacks layers and runs commands with the programs of util-linux', async () => {
    const lower = await box.layer([directory('d'), file('d/gone', '1'), file('d/kept', '2', { mtime: 5 })]);
    const upper = await box.layer([directory('d'), { path: 'd/gone', type: 'whiteout' }]);
    const snapshot = await box.open(lower, upper);
    const script =
      'hostname; ls /d; echo out >/dev/stdout; echo err >/dev/stderr; cat /proc/keys; echo new >/d/new; exit 3';
    const mounts = [{ kind: 'file', target: '/run/secret', content: 'eA==', mode: 0o400, uid: 0, gid: 0 }] as const;
    expect(await runIn(snapshot, script, { mounts })).toEqual({
      method: 'unshare',
      exitCode: 3,
      stdout: 'buildkitsandbox\nkept\nout\n',
      stderr: 'err\n',
    });
    expect((await snapshot.changes()).map(({ path }) => path)).toEqual(['', 'd', 'd/new']);
    await snapshot[Symbol.asyncDispose]();
  });

  it('kills a command with all its processes when it is aborted', async () => {
    const mark = String(7_000_000 + process.pid);
    const snapshot = await box.open();
    const controller = new AbortController();
    const script = `setsid sleep ${mark} & echo on; wait`;
    const run = snapshot.run(requestFor(script), () => controller.abort(), controller.signal);
    await expect(run).rejects.toMatchObject({ code: 'STEP_ABORTED' });
    expect(processesWith(mark)).toEqual([]);
    await snapshot[Symbol.asyncDispose]();
  });

  it('refuses an environment that would steer the programs of this machine', async () => {
    const snapshot = await box.open();
    const run = runIn(snapshot, 'true', { env: ['PATH=/bin', 'LD_PRELOAD=/x.so'] });
    await expect(run).rejects.toMatchObject({
      code: 'STEP_SANDBOX_UNAVAILABLE',
      message: expect.stringContaining('LD_PRELOAD'),
    });
    await snapshot[Symbol.asyncDispose]();
  });

  it('refuses a layer with file capabilities, which it could not keep', async () => {
    const xattrs = { 'security.capability': 'AQAAAgAgAAAAAAAAAAAAAAAAAAA=' };
    const layer = box.layer([file('tool', 'x', { xattrs })]);
    await expect(layer).rejects.toMatchObject({ code: 'HOST_NO_XATTR' });
  });
});
