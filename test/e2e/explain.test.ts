import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createProject, type Project } from '../support/project.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const busybox = `${registry}/busybox:latest`;

function cli(project: Project, ...args: string[]): Promise<CliResult> {
  return runCli([...args, '--cache-dir', join(project.out, 'cache'), project.dir]);
}

/** What a build says under its steps. */
async function misses(project: Project, ...args: string[]): Promise<string[]> {
  const { exitCode, stderr } = await cli(project, 'build', '--progress', 'plain', '--explain', ...args);
  expect(exitCode, stderr).toBe(0);
  return [...stderr.matchAll(/^#\d+ not cached: (.*)$/gm)].map(([, text = '']) => text);
}

/** Many builds, each a process of its own, on a machine that may be busy. */
const PATIENT = { timeout: 240_000 };

describe('lamella build --explain', PATIENT, () => {
  test('says for each kind of change what is different, in the words of the Dockerfile', async () => {
    const dockerfile = (lines: string): string => `FROM ${busybox}\nARG V=1\n${lines}`;
    const steps = 'COPY src ./src\nENV NODE_ENV=production\nRUN cat /src/a.ts > /out\n';
    using project = createProject({ Dockerfile: dockerfile(steps), 'src/a.ts': 'a', 'src/b.sh': 'b', mounted: '1' });
    const changed = (lines: string, ...args: string[]): Promise<string[]> => {
      writeFileSync(join(project.dir, 'Dockerfile'), dockerfile(lines));
      return misses(project, ...args);
    };
    const first = 'first build, nothing to compare with';
    expect(await changed(steps)).toEqual([first, first]);
    project.write({ 'src/a.ts': 'another', 'src/b.sh': { text: 'b', mode: 0o755 } });
    expect(await changed(steps)).toEqual([
      '2 files changed: a.ts (content), b.sh (mode 0644→0755)',
      'because step 1/2 above changed (COPY src ./src)',
    ]);
    expect(await changed(steps, '--build-arg', 'V=2')).toEqual(['ARG V 1→2']);
    const development = steps.replace('production', 'development');
    expect(await changed(development, '--build-arg', 'V=2')).toEqual(['ENV NODE_ENV production→development']);
    const mount = '--mount=type=bind,source=mounted,target=/m ';
    const mounting = development.replace('RUN ', `USER daemon\nWORKDIR /\nRUN ${mount}--mount=type=secret,id=token `);
    expect(await changed(mounting.replace('> /out', '/m'), '--build-arg', 'V=2')).toEqual([
      'command cat /src/a.ts > /out→cat /src/a.ts /m; USER ""→daemon; --mount=bind,target=/m added; --mount=secret,id=token added',
    ]);
    project.write({ mounted: '2' });
    expect(await changed(mounting.replace('> /out', '/m'), '--build-arg', 'V=2', '--no-cache')).toEqual([
      '--no-cache',
      '--no-cache',
    ]);
    project.write({ mounted: '3' });
    expect(await changed(mounting.replace('> /out', '/m'), '--build-arg', 'V=2')).toEqual([
      '1 file of --mount=bind,target=/m changed: /m (content)',
    ]);
  });

  test('names the step above, and a base image that is another one', async () => {
    const base = `FROM ${busybox}\nRUN echo 1 > /version\n`;
    const tag = `${registry}/lamella-explain/base:latest`;
    using images = createProject({ Dockerfile: base });
    const push = async (dockerfile: string): Promise<void> => {
      writeFileSync(join(images.dir, 'Dockerfile'), dockerfile);
      const { exitCode, stderr } = await cli(images, 'build', '-q', '-t', tag, '--push');
      expect(exitCode, stderr).toBe(0);
    };
    await push(base);
    using project = createProject({ Dockerfile: `FROM ${tag}\nRUN echo a > /a\n` });
    await misses(project);
    await push(base.replace('echo 1', 'echo 2'));
    const [reason] = await misses(project);
    expect(reason).toMatch(
      /^base image digest changed: .*lamella-explain\/base:latest sha256:[0-9a-f]{12}→sha256:[0-9a-f]{12}$/,
    );
    project.write({ Dockerfile: `FROM ${tag}\nRUN echo new > /new\nRUN echo a > /a\n` });
    expect(await misses(project)).toEqual(['a new step', 'because step 1/2 above is new (RUN echo new > /new)']);
    const { stdout } = await cli(project, 'cache', 'explain');
    expect(stdout).toContain('RUN echo a > /a: carried out in');
    expect(stdout).toContain('    because step 1/2 above is new (RUN echo new > /new)');
  });

  test('never shows what a secret holds, whatever holds it', async () => {
    using project = createProject({
      Dockerfile: `FROM ${busybox}\nARG API_TOKEN\nRUN --mount=type=secret,id=key,env=KEY echo > /a\n`,
    });
    const build = (token: string): Promise<CliResult> => {
      const secret = join(project.out, token);
      writeFileSync(secret, `secret-${token}`);
      const args = ['--build-arg', `API_TOKEN=hidden-${token}`, '--secret', `id=key,src=${secret}`];
      return cli(project, 'build', '--progress', 'json', '--explain', ...args);
    };
    await build('one');
    const { exitCode, stderr } = await build('two');
    expect(exitCode, stderr).toBe(0);
    const { stdout } = await cli(project, 'cache', 'explain', '--json');
    expect(stderr).toContain('"text":"ARG API_TOKEN changed"');
    expect(stdout).toContain('ARG API_TOKEN changed');
    expect(stderr + stdout).not.toMatch(/hidden-(?:one|two)|secret-(?:one|two)/);
  });

  test('warns of a chown that stores everything again, and of a variable that a command did not ask for', async () => {
    using project = createProject({
      Dockerfile: [
        `FROM ${busybox}`,
        'RUN mkdir /big && head -c 60000000 /dev/zero > /big/file',
        'ARG BUILD',
        'RUN chown -R daemon /big',
      ].join('\n'),
    });
    const warnings = async (build: string): Promise<string[]> => {
      const { stderr } = await cli(project, 'build', '--progress', 'plain', '--build-arg', `BUILD=${build}`);
      return [...stderr.matchAll(/^\* warning: (.*)$/gm)].map(([, text = '']) => text);
    };
    const again =
      'line 4: RUN chown -R daemon /big stores 1 file of 60.0 MB again that the layers below have with the same content (another owner) — give files their owner and mode where they come from: COPY --chown and --chmod, or in the RUN that makes them';
    expect(await warnings('1')).toEqual([again]);
    expect(await warnings('2')).toEqual([
      expect.stringMatching(
        /^line 4: ARG BUILD changed, and RUN chown -R daemon \/big, which does not name it, ran again \(.*\) — if the command does not read it, move it below this instruction$/,
      ),
      again,
    ]);
  });
});
