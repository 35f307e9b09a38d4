import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands/commands.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import type { BuildOptions, ImageDifference, Library } from '../../src/cli/library.ts';
import { main } from '../../src/cli/main.ts';
import { type Diagnostic, HostError } from '../../src/core/errors.ts';
import { CONFIG_DIGEST, DIGEST, type FakeHostOptions, fakeHost, fakeResult } from './support/fake-host.ts';

const step = { id: 1, stage: 'stage-0', index: 1, total: 2, text: 'RUN echo hi', line: 2 };

async function run(argv: readonly string[], options: FakeHostOptions = {}) {
  const host = fakeHost(options);
  const code = await main(argv, host);
  return { code, host, ...host.written };
}

describe('lamella', () => {
  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j shows the commands and the exit codes', async (argv) => {
    const { code, stdout } = await run(argv);
    expect(code).toBe(0);
    for (const command of COMMANDS) expect(stdout).toContain(`${command.name}  `);
    for (const row of EXIT_CODES) expect(stdout).toMatch(new RegExp(`^ +${row.code} `, 'm'));
  });

  test('--version prints the version of package.json, without the library', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const host = fakeHost();
    const code = await main(['--version'], { ...host, loadLibrary: () => Promise.reject(new Error('loaded')) });
    expect([code, host.written.stdout]).toEqual([0, `${version}\n`]);
  });

  test.each([
    ['cache', '--help'],
    ['cache', '-h'],
    ['help', 'cache'],
  ])('%s %s lists the commands that begin so', async (...argv) => {
    const { code, stdout, stderr } = await run(argv);
    expect([code, stderr]).toEqual([0, '']);
    const group = COMMANDS.filter(({ name }) => name.startsWith('cache '));
    for (const { name, summary } of group) expect(stdout).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    expect(stdout).not.toContain('lamella build');
  });

  test('a second word that no command has is named', async () => {
    const { code, stderr } = await run(['cache', 'prnue']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('unknown command "cache prnue"')]);
  });

  test.each([
    ['biuld', 'did you mean "build"?'],
    ['cache', 'write `lamella cache'],
    ['--verison', 'did you mean "--version"?'],
    ['deploy', '`lamella --help` lists the commands'],
  ])('the unknown word %s exits with 2 and a hint', async (word, hint) => {
    const { code, stderr } = await run([word]);
    expect(code).toBe(2);
    expect(stderr).toContain(`hint: ${hint}`);
  });

  test.each(COMMANDS)('$name --help names every option', async ({ name, load }) => {
    const words = name.split(' ');
    const { code, stdout } = await run([...words, '--help']);
    expect(code).toBe(0);
    expect(stdout).toBe((await run(['help', ...words])).stdout);
    for (const row of (await load()).options) expect(stdout).toContain(`--${row.name}`);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100);
  });
});

function recordingBuild() {
  const seen: BuildOptions[] = [];
  const build = async (options: BuildOptions = {}) => {
    seen.push(options);
    return fakeResult(options);
  };
  return { seen, build };
}

describe('lamella build', () => {
  test('gives the library its options and leaves stdout alone', async () => {
    const { build, seen } = recordingBuild();
    const { code, stdout } = await run(['build', '-t', 'app', '.'], { library: { build } });
    expect([code, stdout]).toEqual([0, '']);
    expect(seen[0]).toMatchObject({ context: '.', tags: ['app'], signal: expect.any(AbortSignal) });
  });

  test('-q prints the digest and nothing else', async () => {
    expect(await run(['build', '-q', '.'])).toMatchObject({ code: 0, stdout: `${DIGEST}\n`, stderr: '' });
  });

  test('the last lines give the exact commands to load, export and push', async () => {
    const { stderr } = await run(['build', '-t', 'acme/app:1', '--label', 'a=b c', '.']);
    expect(stderr).toBe(
      [
        `acme/app:1 is in the local store: ${DIGEST}`,
        "  load into docker: lamella build -t acme/app:1 --label 'a=b c' . --load",
        "  write an archive: lamella build -t acme/app:1 --label 'a=b c' . -o type=oci,dest=app.oci.tar",
        "  push:             lamella build -t acme/app:1 --label 'a=b c' . -t registry.example.com/app --push",
        '',
      ].join('\n'),
    );
  });

  test('a tag with a registry needs only --push', async () => {
    const { stderr } = await run(['build', '-t', 'registry.example.com/app:1', '.']);
    expect(stderr).toMatch(/push: +lamella build -t registry.example.com\/app:1 \. --push\n/);
  });

  test('values of build arguments are not repeated', async () => {
    const { stderr } = await run(['build', '--build-arg', 'TOKEN=s3cret', '.']);
    expect(stderr).not.toContain('s3cret');
    expect(stderr).toContain('without a name');
  });

  test('with an output nothing has to be said', async () => {
    const build = async (options: BuildOptions = {}) => fakeResult(options, [{ type: 'oci', destination: 'a.tar' }]);
    expect((await run(['build', '-o', 'type=oci,dest=a.tar', '.'], { library: { build } })).stderr).toBe('');
  });

  test('an option without effect is said once, and the build goes on', async () => {
    const { code, stderr } = await run(['build', '-q', '--cpuset-cpus', '0', '--cpuset-cpus=1', '.']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^note: --cpuset-cpus has no effect: [^\n]+\n$/)]);
  });

  test('-f - reads the Dockerfile from standard input', async () => {
    const { build, seen } = recordingBuild();
    await run(['build', '-f', '-', '.'], { stdin: 'FROM scratch\n', library: { build } });
    expect(seen[0]).toMatchObject({ dockerfileText: 'FROM scratch\n' });
    expect(seen[0]).not.toHaveProperty('dockerfile');
  });

  test('- reads the context from standard input, and not the Dockerfile as well', async () => {
    const { build, seen } = recordingBuild();
    await run(['build', '-f', 'other', '-'], { stdin: 'bytes', library: { build } });
    const [{ context = '', dockerfile } = {}] = seen;
    expect(dockerfile).toBe('other');
    const chunks: Uint8Array[] = [];
    if (typeof context !== 'string') for await (const chunk of context) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('bytes');
    const both = await run(['build', '-f', '-', '-']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('cannot both come from standard input')]);
  });

  test('--iidfile and --metadata-file are written with the keys of buildx', async () => {
    const { host } = await run(['build', '-t', 'a', '--iidfile', 'iid', '--metadata-file', 'meta.json', '.']);
    expect(host.files.get('iid')).toBe(DIGEST);
    expect(JSON.parse(host.files.get('meta.json') ?? '')).toEqual({
      'containerimage.config.digest': CONFIG_DIGEST,
      'containerimage.descriptor': expect.objectContaining({ digest: DIGEST }),
      'containerimage.digest': DIGEST,
      'image.name': 'a',
    });
  });

  test('a file that cannot be written is an error of the machine', async () => {
    const { code, stderr } = await run(['build', '--iidfile', '/forbidden/iid', '.']);
    expect(code).toBe(9);
    expect(stderr).toContain('cannot write /forbidden/iid\ncause: EACCES');
  });

  test('a failure ends with the exit code of its family, and the rendered error', async () => {
    const build = () => Promise.reject(new HostError('HOST_DISK_FULL', 'no space left', { hint: 'free some' }));
    const { code, stderr, stdout } = await run(['build', '.'], { library: { build } });
    expect([code, stdout, stderr]).toEqual([9, '', 'error: no space left\nhint: free some\nHOST_DISK_FULL\n']);
  });

  test('with --progress=json events, notes and errors are JSON, one a line, bytes as text', async () => {
    const build: Library['build'] = async ({ onEvent } = {}) => {
      onEvent?.({ type: 'log', step, stream: 'stdout', bytes: Buffer.from('caf\u00e9\n').subarray(0, 4) });
      onEvent?.({ type: 'log', step, stream: 'stdout', bytes: Buffer.from('caf\u00e9\n').subarray(4) });
      throw new HostError('HOST_DISK_FULL', 'no space left');
    };
    const { stderr } = await run(['build', '--progress=json', '--rm', '.'], { library: { build } });
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { type: 'notice', message: expect.stringContaining('--rm') },
      { type: 'log', step, stream: 'stdout', text: 'caf' },
      { type: 'log', step, stream: 'stdout', text: '\u00e9\n' },
      { type: 'error', family: 'host', code: 'HOST_DISK_FULL', message: 'no space left' },
    ]);
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('the first %s aborts the build, which then exits with %i', async (signal, code) => {
    const host = fakeHost({ library: { build: untilAborted(() => host.send(signal)) } });
    expect(await main(['build', '.'], host)).toBe(code);
    expect(host.written.stderr).toBe(`stopped by ${signal}\n`);
    expect(host.forced).toBeUndefined();
  });

  test('a second Ctrl-C ends the process where it stands', async () => {
    const host = fakeHost({
      library: {
        build: untilAborted(() => {
          host.send('SIGINT');
          host.send('SIGINT');
        }),
      },
    });
    await main(['build', '.'], host);
    expect(host.forced).toBe(130);
  });
});

/** A build that starts, lets something happen, and fails when it is told to stop. */
function untilAborted(started: () => void): Library['build'] {
  return ({ signal } = {}) =>
    new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason));
      started();
    });
}

describe('lamella parse', () => {
  const source = { name: 'Dockerfile', text: 'FROM scratch\nCOPPY a b\n' };
  const span = { start: { offset: 13, line: 2, column: 1 }, end: { offset: 18, line: 2, column: 6 } };
  const diagnostic: Diagnostic = { severity: 'error', code: 'PARSE_X', message: 'unknown', span };
  const library = (...diagnostics: Diagnostic[]): Partial<Library> => ({
    parse: () => ({ source, directives: { escape: '\\' }, instructions: [], diagnostics, pieces: [] }),
    toDump: () => '(from "scratch")\n',
    toParseJson: () => ({ escape: '\\', instructions: [], warnings: [] }),
  });
  const files = { 'x/Dockerfile': source.text };

  test('prints the dump, or JSON', async () => {
    expect((await run(['parse', 'x/Dockerfile'], { files, library: library() })).stdout).toBe('(from "scratch")\n');
    const { code, stdout } = await run(['parse', '--json', 'x/Dockerfile'], { files, library: library() });
    expect([code, JSON.parse(stdout)]).toEqual([0, { escape: '\\', instructions: [], warnings: [] }]);
  });

  test('prints all mistakes, what could be read all the same, and exits with 3', async () => {
    const { code, stdout, stderr } = await run(['parse', 'x/Dockerfile'], {
      files,
      library: library(diagnostic, diagnostic),
    });
    expect([code, stdout]).toEqual([3, '(from "scratch")\n']);
    expect(stderr.match(/Dockerfile:2:1 unknown/g)).toHaveLength(2);
  });

  test('warnings do not fail it', async () => {
    const warning = { ...diagnostic, severity: 'warning' } as const;
    const { code, stderr } = await run(['parse', 'x/Dockerfile'], { files, library: library(warning) });
    expect(code).toBe(0);
    expect(stderr).toContain('Dockerfile:2:1 warning: unknown');
  });

  test('a file that is not there is an error of the context, no file one of usage', async () => {
    const missing = await run(['parse', 'nowhere'], { library: library() });
    expect([missing.code, missing.stderr]).toEqual([5, expect.stringContaining('cannot read nowhere')]);
    expect((await run(['parse'])).code).toBe(2);
  });
});

describe('lamella images and rm', () => {
  const image = {
    name: 'app:1',
    digest: DIGEST,
    size: 1234567,
    created: '2026-01-02T03:04:05Z',
    platform: 'linux/amd64',
  };
  const listImages = async () => [image];

  test('images prints a table', async () => {
    expect((await run(['images'], { library: { listImages } })).stdout).toBe(
      [
        'NAME    DIGEST                SIZE     CREATED                PLATFORM',
        'app:1   sha256:abababababab   1.2 MB   2026-01-02T03:04:05Z   linux/amd64',
        '',
      ].join('\n'),
    );
  });

  test('images --json prints everything', async () => {
    expect(JSON.parse((await run(['images', '--json'], { library: { listImages } })).stdout)).toEqual([image]);
  });

  test('rm prints what it removed, in the folder asked for', async () => {
    const asked: unknown[] = [];
    const removeImage = async (...args: unknown[]) => asked.push(args) > 0;
    const { code, stdout } = await run(['rm', '--cache-dir', '/c', 'a', 'b'], { library: { removeImage } });
    expect([code, stdout]).toEqual([0, 'a\nb\n']);
    expect(asked).toEqual([
      ['a', { cacheDir: '/c' }],
      ['b', { cacheDir: '/c' }],
    ]);
  });

  test('rm of an unknown name suggests one', async () => {
    const { code, stderr } = await run(['rm', 'ap:1'], { library: { listImages } });
    expect([code, stderr]).toEqual([7, expect.stringContaining('hint: did you mean "app:1"?')]);
  });

  test('a suggested name is as short as the one given', async () => {
    const library = { listImages: async () => [{ ...image, name: 'app:latest' }] };
    expect((await run(['rm', 'ap'], { library })).stderr).toContain('did you mean "app"?');
  });

  test('rm without a name is a usage error', async () => {
    expect((await run(['rm'])).code).toBe(2);
  });
});

describe('lamella build --check-reproducible', () => {
  const twice = (difference?: ImageDifference): Partial<Library> => ({
    checkReproducible: async (options = {}) => ({
      first: fakeResult(options),
      second: fakeResult(options),
      ...(difference && { difference }),
    }),
  });

  test('succeeds as a build does when both images are the same', async () => {
    const { code, stdout } = await run(['build', '-q', '--check-reproducible'], { library: twice() });
    expect([code, stdout]).toEqual([0, `${DIGEST}\n`]);
  });

  test.each<[ImageDifference, string]>([
    [
      {
        kind: 'layer',
        layer: 2,
        createdBy: 'RUN date',
        path: 'now',
        changes: [{ what: 'size', first: '1', second: undefined }],
      },
      'layer 2 (RUN date), path "now": size 1 → (none)',
    ],
    [
      { kind: 'configuration', changes: [{ what: 'created', first: '1', second: '2' }] },
      'configuration: created 1 → 2',
    ],
    [
      { kind: 'compression', layer: 1, changes: [{ what: 'digest', first: 'a', second: 'b' }] },
      'the compressed bytes of layer 1: digest a → b',
    ],
  ])('fails with the first difference: %j', async (difference, text) => {
    const { code, stderr } = await run(['build', '--check-reproducible'], { library: twice(difference) });
    expect(code).toBe(1);
    expect(stderr).toContain(text);
    expect(stderr).toContain('STEP_NOT_REPRODUCIBLE');
  });
});
