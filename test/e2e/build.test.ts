import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readImageTree } from '../support/image-tree.ts';
import { createProject, type Project } from '../support/project.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';

const registry = process.env.LAMELLA_TEST_REGISTRY ?? '';
const busybox = `${registry}/busybox:latest`;

function build(project: Project, ...args: string[]): Promise<CliResult> {
  return runCli(['build', '--progress', 'plain', '--cache-dir', join(project.out, 'cache'), ...args, project.dir]);
}

async function buildLayout(project: Project, ...args: string[]) {
  const layout = join(project.out, 'layout');
  const result = await build(project, '-o', `type=oci-layout,dest=${layout}`, ...args);
  expect(result.exitCode, result.stderr).toBe(0);
  return { ...(await readImageTree(layout)), stderr: result.stderr };
}

describe('lamella build', () => {
  test('makes an image from RUN, COPY, ENV and WORKDIR on a base from a registry', async () => {
    using project = createProject({
      Dockerfile: [
        `FROM ${busybox}`,
        'ARG GREETING=hello',
        'ENV WHO=world',
        'WORKDIR /srv/app',
        'COPY --chown=daemon:daemon src ./src',
        'RUN echo "$GREETING $WHO" > greeting && rm /etc/group',
        'USER daemon',
        'EXPOSE 8080',
        'CMD ["cat", "greeting"]',
      ].join('\n'),
      'src/a.txt': 'a',
      'src/bin/tool': { text: '#!/bin/sh\n', mode: 0o755 },
      'src/link': { link: 'a.txt' },
    });
    const image = await buildLayout(project);
    expect(image.config.config).toMatchObject({
      Cmd: ['cat', 'greeting'],
      Env: ['PATH=/bin', 'WHO=world'],
      ExposedPorts: { '8080/tcp': {} },
      User: 'daemon',
      WorkingDir: '/srv/app',
    });
    expect(image.paths.get('/srv/app/greeting')).toMatchObject({ type: 'file', mode: '0644', uid: 0, size: 12 });
    expect(image.paths.get('/srv/app/src/a.txt')).toMatchObject({ uid: 1, gid: 1, mode: '0644' });
    expect(image.paths.get('/srv/app/src/bin/tool')).toMatchObject({ uid: 1, gid: 1, mode: '0755' });
    expect(image.paths.get('/srv/app/src/link')).toMatchObject({ type: 'symlink', link: 'a.txt' });
    expect(image.paths.has('/etc/group')).toBe(false);
    expect(image.layers.at(-1)).toEqual(['etc/', 'etc/.wh.group', 'srv/', 'srv/app/', 'srv/app/greeting']);
    const history = image.config.history.slice(-8).map((item: { created_by: string }) => item.created_by);
    expect(history).toEqual([
      'ARG GREETING=hello',
      'ENV WHO=world',
      'WORKDIR /srv/app',
      'COPY --chown=daemon:daemon src ./src # buildkit',
      'RUN |1 GREETING=hello /bin/sh -c echo "$GREETING $WHO" > greeting && rm /etc/group # buildkit',
      'USER daemon',
      'EXPOSE [8080/tcp]',
      'CMD ["cat" "greeting"]',
    ]);
  });

  test('takes every step from the cache when nothing changed, and says so', async () => {
    using project = createProject({ Dockerfile: `FROM ${busybox}\nCOPY a /a\nRUN cat /a > /b\n`, a: '1' });
    const first = await buildLayout(project);
    const second = await buildLayout(project);
    expect(first.stderr).not.toContain('CACHED');
    expect(second.stderr.match(/CACHED/g)).toHaveLength(2);
    expect(second.digest).toBe(first.digest);
  });

  test('rebuilds only the layer of a changed file and what depends on it', async () => {
    using project = createProject({
      Dockerfile: `FROM ${busybox}\nRUN echo 1 > /one\nCOPY a /a\nCOPY b /b\nRUN cat /a /b > /c\n`,
      a: '1',
      b: '2',
    });
    const first = await buildLayout(project);
    project.write({ b: 'changed' });
    const second = await buildLayout(project);
    expect(second.stderr.match(/CACHED/g)).toHaveLength(2);
    const digests = (image: typeof first) => image.manifest.layers.slice(1).map((layer) => layer.digest);
    expect(digests(second).slice(0, 2)).toEqual(digests(first).slice(0, 2));
    expect(digests(second)[2]).not.toBe(digests(first)[2]);
    expect(digests(second)[3]).not.toBe(digests(first)[3]);
  });

  test('gives one digest on two paths with other file times, cold and warm', async () => {
    const files = { Dockerfile: 'FROM scratch\nCOPY . /app\nWORKDIR /app/data\n', 'x/y': 'text', z: 'more' };
    using one = createProject(files, 1_000_000_000);
    using two = createProject(files, 1_500_000_000);
    const digests = [await buildLayout(one), await buildLayout(two), await buildLayout(one)].map(
      (image) => image.digest,
    );
    expect(new Set(digests).size).toBe(1);
  });

  test('gives every entry one time, and SOURCE_DATE_EPOCH only to created', async () => {
    using project = createProject({ Dockerfile: `FROM ${busybox}\nCOPY a /a\nRUN touch /b\n`, a: '1' });
    const plain = await buildLayout(project);
    const dated = await buildLayout(project, '--build-arg', 'SOURCE_DATE_EPOCH=1700000000');
    for (const path of ['/a', '/b']) expect(plain.paths.get(path)?.mtime).toBe(318_211_200);
    expect(dated.config.created).toBe('2023-11-14T22:13:20Z');
    expect(dated.config.rootfs).toEqual(plain.config.rootfs);
  });

  test('copies between stages and builds only the stages that the target needs', async () => {
    using project = createProject({
      Dockerfile: [
        `FROM ${busybox} AS build`,
        'RUN mkdir /out && echo built > /out/file && ln /out/file /out/same && chmod 640 /out/file',
        `FROM ${busybox} AS unused`,
        'RUN false',
        'FROM scratch',
        'COPY --from=build /out /app',
      ].join('\n'),
    });
    const image = await buildLayout(project);
    expect(image.paths.get('/app/file')).toMatchObject({ mode: '0640', size: 6 });
    expect(image.paths.get('/app/same')?.inode).toBe(image.paths.get('/app/file')?.inode);
    expect([...image.paths.keys()].sort()).toEqual(['/app', '/app/file', '/app/same']);
  });

  test('tells of a failing command: excerpt, exit code and the last lines of output', async () => {
    using project = createProject({ Dockerfile: `FROM ${busybox}\nRUN echo before; echo why >&2; exit 7\n` });
    const result = await build(project);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain('exit code: 7');
    expect(result.stderr).toContain('2 | RUN echo before; echo why >&2; exit 7');
    expect(result.stderr).toMatch(/why/);
    expect(readdirSync(join(project.out, 'cache', 'tmp'))).toEqual([]);
  });

  test('keeps a secret out of the image, the cache and the log', async () => {
    using project = createProject({
      Dockerfile: `FROM ${busybox}\nRUN --mount=type=secret,id=token wc -c < /run/secrets/token > /size\n`,
    });
    const env = { TOKEN: 'hunter2-very-secret' };
    const layout = join(project.out, 'layout');
    const result = await runCli(
      [
        'build',
        '--cache-dir',
        join(project.out, 'cache'),
        '--secret',
        'id=token,env=TOKEN',
        '-o',
        `type=oci-layout,dest=${layout}`,
        project.dir,
      ],
      { env },
    );
    expect(result.exitCode, result.stderr).toBe(0);
    const image = await readImageTree(layout);
    expect(image.paths.get('/size')?.size).toBe(3);
    expect(image.paths.has('/run/secrets/token')).toBe(false);
    const grep = await import('node:child_process');
    const found = grep.spawnSync('grep', ['-rl', env.TOKEN, project.out], { encoding: 'utf8' });
    expect(found.stdout).toBe('');
  });

  test('keeps a cache mount between builds and out of the image', async () => {
    using project = createProject({
      Dockerfile: `FROM ${busybox}\nARG N\nRUN --mount=type=cache,target=/cache echo $N >> /cache/log; cp /cache/log /log\n`,
    });
    await buildLayout(project, '--build-arg', 'N=1');
    const image = await buildLayout(project, '--build-arg', 'N=2');
    expect(image.paths.get('/log')?.size).toBe(4);
    expect(image.paths.has('/cache/log')).toBe(false);
  });

  test('binds the context and another stage into a RUN', async () => {
    using project = createProject({
      Dockerfile: [
        `FROM ${busybox} AS other`,
        'RUN echo stage > /file',
        `FROM ${busybox}`,
        'RUN --mount=target=/ctx --mount=from=other,source=/file,target=/other cat /ctx/a /other > /out; ! touch /ctx/x',
      ].join('\n'),
      a: 'context\n',
    });
    const image = await buildLayout(project);
    expect(image.paths.get('/out')?.size).toBe('context\nstage\n'.length);
    expect(image.paths.has('/ctx')).toBe(false);
  });

  test('leaves the image in the store under its tag, where FROM finds it', async () => {
    using base = createProject({ Dockerfile: 'FROM scratch\nCOPY f /f\nLABEL made=here\n', f: 'base' });
    using app = createProject({ Dockerfile: 'FROM local/base:1\nCOPY g /g\n', g: 'app' });
    const cache = ['--cache-dir', join(base.out, 'cache')];
    expect((await runCli(['build', ...cache, '-t', 'local/base:1', base.dir])).exitCode).toBe(0);
    const images = await runCli(['images', ...cache]);
    expect(images.stdout).toContain('local/base:1');
    const layout = join(app.out, 'layout');
    const result = await runCli(['build', ...cache, '-o', `type=oci-layout,dest=${layout}`, app.dir]);
    expect(result.exitCode, result.stderr).toBe(0);
    const image = await readImageTree(layout);
    expect([...image.paths.keys()]).toEqual(['/f', '/g']);
    expect(image.config.config.Labels).toEqual({ made: 'here' });
    expect((await runCli(['rm', ...cache, 'local/base:1'])).exitCode).toBe(0);
    expect((await runCli(['images', ...cache])).stdout).not.toContain('local/base:1');
  });

  test('asks whether a stage was meant when an image cannot be found', async () => {
    using project = createProject({
      Dockerfile: 'FROM scratch AS build\nCOPY a /a\nFROM scratch\nCOPY --from=biuld /a /\n',
      a: '',
    });
    const result = await build(project);
    expect(result.stderr).toContain('did you mean the stage "build"?');
    expect(result.exitCode).toBe(6);
  });

  test('leaves no layout behind when the build fails', async () => {
    using project = createProject({ Dockerfile: 'FROM scratch\nCOPY missing /x\n' });
    const layout = join(project.out, 'layout');
    const result = await build(project, '-o', `type=oci-layout,dest=${layout}`);
    expect(result.exitCode).not.toBe(0);
    expect(result.stderr).toContain('missing');
    expect(existsSync(layout)).toBe(false);
  });
});
