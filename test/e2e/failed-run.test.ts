import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  type BuildOptions,
  build,
  enterKeptRun,
  isBuilderError,
  listCache,
  listKeptRuns,
  pruneCache,
  type StepError,
} from '../../src/index.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { createTypist } from '../support/typist.ts';

const SECRET = 'debug-secret-77a1';
const MOUNTS = [
  '--mount=type=secret,id=key,target=/run/key,uid=1234',
  '--mount=type=secret,id=key,env=TOKEN',
  '--mount=type=cache,target=/cache',
  '--mount=type=tmpfs,target=/scratch',
  '--mount=type=bind,from=files,source=/given,target=/given',
].join(' ');

const DOCKERFILE = `
FROM ${TEST_REGISTRY}/busybox:latest AS files
RUN mkdir /given && echo bound >/given/file
FROM ${TEST_REGISTRY}/busybox:latest
ARG COLOUR=red
ENV SIZE=large
RUN echo worker:x:1234:1234::/work:/bin/sh >>/etc/passwd && mkdir /work && chown 1234 /work
USER worker
WORKDIR /work
RUN ${MOUNTS} echo made >made && echo x >/scratch/x && grep -q . /run/key && exit 9
`;

const LOOK = [
  'id -u; pwd; cat made; echo "$COLOUR $SIZE"; cat /given/file; ls -A /scratch; test -d /cache && echo cache',
  'ls /run 2>/dev/null; echo "token: $TOKEN"',
].join('; ');
const SEEN = '1234\n/work\nmade\nred large\nbound\ncache\ntoken: \n';

const OPTIONS = { dockerfileText: DOCKERFILE, secrets: [{ id: 'key', value: SECRET }] } satisfies BuildOptions;

async function failureOf(options: BuildOptions): Promise<StepError> {
  const error: unknown = await build(options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isBuilderError(error)) throw new Error('the build should have failed', { cause: error });
  return error as StepError;
}

async function lookInto(cacheDir: string, command: string, more = {}): Promise<{ exitCode: number; output: string }> {
  let output = '';
  const onOutput = ({ bytes }: { readonly bytes: Uint8Array }): void => {
    output += Buffer.from(bytes).toString();
  };
  const exitCode = await enterKeptRun({ cacheDir, command: ['sh', '-c', command], onOutput, ...more });
  return { exitCode, output };
}

function filesWith(text: string, folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name));
  return paths.filter((path) => readFileSync(path).includes(text));
}

describe('the root of a failed command', () => {
  test('is shown by a shell with the environment, user, directory and mounts of the command', async () => {
    const typist = createTypist([['$ ', `${LOOK}; wc -c </run/key; exit\n`]]);
    const seen: number[] = [];
    const error = await failureOf({
      ...OPTIONS,
      context: tempDir(),
      cacheDir: tempDir(),
      onError: async (failed) => {
        expect(failed.error).toMatchObject({ code: 'STEP_EXIT_CODE', span: { start: { line: 10 } } });
        seen.push(await failed.openShell(typist));
      },
    });
    expect(seen).toEqual([0]);
    expect(error).toMatchObject({ code: 'STEP_EXIT_CODE', exitCode: 9 });
    const screen = typist.screen().replaceAll('\r', '');
    expect(screen).toContain(`1234\n/work\nmade\nred large\nbound\ncache\nkey\ntoken: ${SECRET}\n${SECRET.length}\n`);
  });

  test('is kept without its secrets, entered again and again as it was, and pruned', async () => {
    const cacheDir = tempDir();
    const error = await failureOf({ ...OPTIONS, context: tempDir(), cacheDir, onError: 'keep' });
    const { keptRun: id = '' } = error;
    expect(error.hint).toContain(`lamella shell ${id} --cache-dir ${cacheDir}`);
    expect(await listKeptRuns({ cacheDir })).toMatchObject([{ id, exitCode: 9, stage: 'stage-1' }]);
    expect(filesWith(SECRET, cacheDir)).toEqual([]);

    expect(await lookInto(cacheDir, LOOK)).toEqual({ exitCode: 0, output: SEEN });
    expect(await lookInto(cacheDir, 'rm made; echo new >other; exit 3', { id: id.slice(0, 4) })).toMatchObject({
      exitCode: 3,
    });
    expect(await lookInto(cacheDir, 'ls')).toEqual({ exitCode: 0, output: 'made\n' });
    const secrets = [{ id: 'key', value: 'another' }];
    expect(await lookInto(cacheDir, 'cat /run/key; echo " $TOKEN"', { secrets })).toMatchObject({
      output: 'another another\n',
    });

    const items = await listCache({ cacheDir });
    expect(items.filter(({ kind }) => kind === 'failed')).toMatchObject([{ id, reachedBy: 'shell' }]);
    await pruneCache({ cacheDir, olderThanMs: 3_600_000 });
    expect(await lookInto(cacheDir, 'cat made')).toMatchObject({ output: 'made\n' });
    expect((await pruneCache({ cacheDir })).removed.filter(({ kind }) => kind === 'failed')).toMatchObject([{ id }]);
    expect(await listKeptRuns({ cacheDir })).toEqual([]);
    expect(readdirSync(join(cacheDir, 'snapshots', 'root')).filter((name) => name.startsWith('kept-'))).toEqual([]);
    await expect(enterKeptRun({ cacheDir })).rejects.toMatchObject({ code: 'OPTION_UNKNOWN_KEPT_RUN' });
  });

  test.each(['overlay', 'fuse-overlayfs', 'copy'] as const)('is kept by the snapshotter %s', async (snapshotter) => {
    const cacheDir = tempDir();
    const dockerfileText = [
      `FROM ${TEST_REGISTRY}/busybox:latest`,
      'RUN mkdir /d && echo 1 >/d/gone && echo 2 >/d/kept',
      'RUN rm /d/gone && mkdir /n && ln -s kept /d/link && chown 7:8 /d/kept && false',
    ].join('\n');
    await failureOf({ dockerfileText, context: tempDir(), cacheDir, snapshotter, onError: 'keep' });
    const look = 'ls /d; stat -c "%u %g" /d/kept; readlink /d/link; ls -d /n';
    expect(await lookInto(cacheDir, look)).toEqual({ exitCode: 0, output: 'kept\nlink\n7 8\nkept\n/n\n' });
  });

  test.each(['crun', 'runc', 'bwrap', 'unshare', 'chroot'] as const)('is kept with %s', async (isolation) => {
    const cacheDir = tempDir();
    const dockerfileText = `FROM ${TEST_REGISTRY}/busybox:latest\nRUN echo made >/made; exit 4\n`;
    await failureOf({ dockerfileText, context: tempDir(), cacheDir, isolation, onError: 'keep' });
    expect(await lookInto(cacheDir, 'cat /made')).toEqual({ exitCode: 0, output: 'made\n' });
  });

  test('is kept of a command that took too long', async () => {
    const cacheDir = tempDir();
    const dockerfileText = `FROM ${TEST_REGISTRY}/busybox:latest\nRUN echo made >/made; sleep 600\n`;
    const limits = { stepTimeoutMs: 2000, onError: 'keep' } as const;
    const error = await failureOf({ dockerfileText, context: tempDir(), cacheDir, ...limits });
    expect(error).toMatchObject({ code: 'STEP_TIMEOUT', keptRun: expect.any(String) });
    expect(await lookInto(cacheDir, 'cat /made')).toMatchObject({ output: 'made\n' });
  });

  test('has a shell, or it is said that there is none', async () => {
    const dockerfileText = `FROM ${TEST_REGISTRY}/busybox:latest\nRUN ["rm", "-rf", "/bin/sh", "/no"]\nRUN ["false"]\n`;
    const error = await failureOf({
      dockerfileText,
      context: tempDir(),
      cacheDir: tempDir(),
      onError: async (failed) => void (await failed.openShell(createTypist([]))),
    });
    expect(error).toMatchObject({ code: 'STEP_NO_SHELL', message: expect.stringContaining('/bin/sh') });
  });

  test('is looked at one after the other, and no more once somebody has seen enough', async () => {
    const dockerfileText = `
FROM ${TEST_REGISTRY}/busybox:latest AS a
RUN exit 1
FROM ${TEST_REGISTRY}/busybox:latest AS b
RUN exit 2
FROM scratch
COPY --from=a / /a
COPY --from=b / /b
`;
    const seen: unknown[] = [];
    const error = await failureOf({
      dockerfileText,
      context: tempDir(),
      cacheDir: tempDir(),
      onError: async (failed) => {
        seen.push(failed.error);
        await failed.openShell(createTypist([['# ', 'exit\n']]));
      },
    });
    expect(seen).toEqual([error]);
  });
});

describe('lamella build --on-error and lamella shell', () => {
  const fails = `FROM ${TEST_REGISTRY}/busybox:latest\nWORKDIR /w\nRUN echo made >made; exit 5\n`;
  const project = (): { readonly context: string; readonly cacheDir: string } => ({
    context: tempDir({ Dockerfile: fails }),
    cacheDir: tempDir(),
  });

  test('refuses a shell where nobody sits, before it builds, and names the other way', async () => {
    const { context, cacheDir } = project();
    const { exitCode, stderr } = await runCli(['build', '--on-error=shell', '--cache-dir', cacheDir, context]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--on-error=keep') });
    expect(stderr).not.toContain('[stage-0');
  });

  test('opens the shell on the terminal, to which Ctrl-C belongs, and ends with the error of the step', async () => {
    const { context, cacheDir } = project();
    const cli = `lamella build --on-error=shell --progress=plain --cache-dir ${cacheDir} ${context}`;
    const { exitCode, stdout } = await inTerminal(cli, [
      ['/w # ', 'cat made; sh -c "echo begin\\$((1+1)); sleep 7654399"\n'],
      ['begin2', '\u0003'],
      ['/w # ', 'echo after$((1+1)); exit 0\n'],
    ]);
    expect(stdout).toMatch(/made\s+begin2\s/);
    expect(stdout).toContain('after2');
    expect(stdout.lastIndexOf('STEP_EXIT_CODE, exit code: 5')).toBeGreaterThan(stdout.indexOf('after2'));
    expect(exitCode).toBe(1);
    expect(readdirSync(join(cacheDir, 'tmp'))).toEqual([]);
  });

  test.each(users())('keeps the root of $title, lists it and runs commands in it', async ({ as }) => {
    const cacheDir = as === undefined ? tempDir() : join(as.home, `debug-${process.pid}`);
    const options = { input: fails, ...(as !== undefined && { as }) };
    const cli = (...args: string[]) => runCli([...args, '--cache-dir', cacheDir], options);
    const built = await cli('build', '--on-error=keep', '-');
    expect(built).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(/lamella shell [0-9a-f]{12}/) });
    const [, id = ''] = /lamella shell ([0-9a-f]{12})/.exec(built.stderr) ?? [];
    expect((await cli('shell', '--list')).stdout).toContain(id);
    const command = ['sh', '-c', 'cat made; id -u; echo oops >&2; exit 6'];
    const ran = await runCli(['shell', '--cache-dir', cacheDir, '--', ...command], options);
    expect(ran).toEqual({ exitCode: 6, stdout: 'made\n0\n', stderr: 'oops\n' });
    expect(await cli('shell', id)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('-- COMMAND') });
    expect((await cli('cache', 'prune', '--all')).stdout).toContain(`failed ${id}`);
  });
});

function users() {
  const user = findOrdinaryUser();
  return [{ title: 'root', as: undefined }, ...(user === undefined ? [] : [{ title: 'an ordinary user', as: user }])];
}

/** Runs the command line in a terminal of script(1), where somebody types. */
async function inTerminal(
  cli: string,
  turns: readonly (readonly [string, string])[],
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const { spawn } = await import('node:child_process');
  const bin = new URL('../../bin/lamella.js', import.meta.url).pathname;
  const command = cli.replace('lamella', `'${process.execPath}' '${bin}'`);
  const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const typist = createTypist(turns);
  typist.onInput((bytes) => child.stdin.write(bytes));
  child.stdout.on('data', (bytes: Buffer) => typist.write(bytes));
  const exitCode = await new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  return { exitCode, stdout: typist.screen() };
}
