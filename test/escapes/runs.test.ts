import { generateKeyPairSync } from 'node:crypto';
import { chownSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TEST_REGISTRY } from '../support/host.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { SECRET } from './hostile-build.ts';

/** A Dockerfile with commands, and what the last of them prints, or the code of the error. */
interface HostileRun {
  readonly title: string;
  /** Below FROM. `OUTSIDE` stands for a folder of the machine with the file `secret`. */
  readonly lines: readonly string[];
  readonly tells: string;
  /** More of the command line; `ROOT` stands for a folder with a key, and a link to a file that holds `told inside`. */
  readonly args?: readonly string[];
}

const RUNS: readonly HostileRun[] = [
  {
    title: 'a bind of a path that climbs',
    lines: ['RUN --mount=type=bind,source=../../..OUTSIDE,target=/m cat /m/secret'],
    tells: 'STEP_MOUNT_SOURCE_NOT_FOUND',
  },
  {
    title: 'a bind of a link to a folder of the machine',
    lines: ['RUN --mount=type=bind,source=l,target=/m cat /m/secret'],
    tells: 'STEP_MOUNT_SOURCE_NOT_FOUND',
  },
  {
    title: 'mounts whose targets are links that an earlier command made',
    lines: [
      'RUN ln -s OUTSIDE /l1 && ln -s ../../../..OUTSIDE /l2',
      'RUN --mount=type=cache,target=/l1/c --mount=type=tmpfs,target=/l2/t touch /l1/c/x /l2/t/x && ls OUTSIDE && echo told inside',
    ],
    tells: 'told inside',
  },
  {
    title: 'a cache whose id climbs',
    lines: ['RUN --mount=type=cache,id=../../../..OUTSIDE,target=/c touch /c/x; ls -A /c && echo told inside'],
    tells: 'told inside',
  },
  {
    title: 'a secret whose id is a path of the machine',
    lines: ['RUN --mount=type=secret,id=OUTSIDE/secret,target=/s cat /s || echo told nothing'],
    tells: 'told nothing',
  },
  {
    title: 'a secret and an agent whose targets are links that an earlier command made',
    lines: [
      'RUN ln -s OUTSIDE /l1 && ln -s ../../../..OUTSIDE /l2',
      'RUN --mount=type=secret,id=s,target=/l1/s --mount=type=ssh,target=/l2/a test -S OUTSIDE/a && cat OUTSIDE/s',
    ],
    args: ['--secret', 'id=s,src=ROOT/link', '--ssh', 'default=ROOT/key'],
    tells: 'told inside',
  },
  {
    title: 'variables for the programs that start it',
    lines: [
      'ENV LD_PRELOAD=OUTSIDE/secret NODE_OPTIONS=--require=OUTSIDE/secret GCONV_PATH=/x PATH=/none:/bin',
      'RUN echo told $(echo "$LD_PRELOAD" | grep -c OUTSIDE)',
    ],
    tells: 'told 1',
  },
  {
    title: 'a working directory through a link to a folder of the machine',
    lines: ['RUN ln -s OUTSIDE /l', 'WORKDIR /l/w', 'RUN touch x && echo told $(pwd -P)'],
    tells: 'told OUTSIDE/w',
  },
  {
    title: 'a user whose name is a path',
    lines: ['USER ../../etc/passwd', 'RUN id'],
    tells: 'STEP_UNKNOWN_USER',
  },
  {
    title: 'a copy through a link that a command made',
    lines: ['RUN ln -s OUTSIDE /l', 'COPY f /l/evil', 'RUN grep -q f OUTSIDE/evil && echo told inside'],
    tells: 'told inside',
  },
];

function addSecrets(root: string): void {
  writeFileSync(join(root, 'value'), 'told inside\n');
  symlinkSync('value', join(root, 'link'));
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(join(root, 'key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

const ordinary = findOrdinaryUser();
const users = [{ title: 'root' }, ...(ordinary === undefined ? [] : [{ title: 'an ordinary user', as: ordinary }])];
const cases = users.flatMap((user) => ['crun', 'unshare'].map((method) => ({ ...user, method })));

describe.each(cases)('a hostile Dockerfile, run with $method by $title,', (each) => {
  const as = 'as' in each ? each.as : undefined;
  test.each(RUNS)('with $title stays inside', async ({ lines, tells, args = [] }) => {
    const root = tempDir({ 'context/f': 'f', 'outside/secret': SECRET, 'cache/': '' });
    const outside = join(root, 'outside');
    symlinkSync(outside, join(root, 'context/l'));
    addSecrets(root);
    if (as !== undefined) for (const name of ['', 'outside', 'cache']) chownSync(join(root, name), as.uid, as.gid);
    const input = [`FROM ${TEST_REGISTRY}/busybox:latest`, ...lines].join('\n').replaceAll('OUTSIDE', outside);
    const options = ['--progress=plain', `--isolation=${each.method}`, '--cache-dir', join(root, 'cache'), '-f', '-'];
    const more = args.map((word) => word.replace('ROOT', root));
    const { stderr } = await runCli(['build', ...options, ...more, join(root, 'context')], {
      input,
      ...(as && { as }),
    });
    // At the beginning of a line, after the time of its step: the commands themselves are shown too.
    expect(stderr).toMatch(new RegExp(`^(?:#\\d+ +[\\d.]+s )?${tells.replace('OUTSIDE', outside)}$`, 'm'));
    expect(stderr).not.toContain('only-outside');
    expect(readdirSync(outside)).toEqual(['secret']);
  });
});
