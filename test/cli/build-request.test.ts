import { describe, expect, test } from 'vitest';
import { BUILD_OPTIONS } from '../../src/cli/build-option-table.ts';
import { progressStyleOf, toBuildOptions } from '../../src/cli/build-request.ts';
import type { BuildOptions } from '../../src/cli/library.ts';
import { parseArguments } from '../../src/cli/parse-arguments.ts';

const options = (argv: readonly string[], env: Record<string, string> = {}): BuildOptions =>
  toBuildOptions(parseArguments([...argv, '.'], BUILD_OPTIONS), env);

describe('toBuildOptions', () => {
  test('gives the context alone when nothing else was asked for, so that the library keeps its defaults', () => {
    expect(options([])).toEqual({ context: '.' });
  });

  test.each<[string[], BuildOptions]>([
    [['-t', 'a:1', '-t', 'b'], { tags: ['a:1', 'b'] }],
    [['-f', 'x/Dockerfile'], { dockerfile: 'x/Dockerfile' }],
    [['--target', 's'], { target: 's' }],
    [['--build-arg', 'A=1=2', '--build-arg', 'B='], { buildArgs: { A: '1=2', B: '' } }],
    [['--label', 'a=b', '--label', 'c'], { labels: { a: 'b', c: '' } }],
    [['--build-context', 'base=oci-layout://dir:1'], { buildContexts: { base: 'oci-layout://dir:1' } }],
    [['--platform', 'linux/arm64'], { platform: 'linux/arm64' }],
    [['--no-cache'], { noCache: true }],
    [['--ignore-syntax'], { ignoreSyntax: true }],
    [['--pull'], { pull: 'always' }],
    [['--pull=true'], { pull: 'always' }],
    [['--pull=false'], {}],
    [['--pull=missing'], { pull: 'missing' }],
    [['--network=none'], { network: 'none' }],
    [['--allow', 'network.host,security.insecure'], { allow: ['network.host', 'security.insecure'] }],
    [['--isolation', 'unshare'], { isolation: 'unshare' }],
    [['--timestamps=preserve'], { timestamps: 'preserve' }],
    [['--snapshotter', 'copy'], { snapshotter: 'copy' }],
    [['--network-mode', 'isolated'], { networkMode: 'isolated' }],
    [['-m', '64m', '--memory-swap=-1'], { bounds: { memoryBytes: 2 ** 26, memorySwapBytes: -1 } }],
    [
      ['--pids-limit', '9', '--cpu-quota', '50000', '-c', '512'],
      { bounds: { pids: 9, cpuQuota: 50_000, cpuShares: 512 } },
    ],
    [['--pids-limit', '-1', '--cpu-period=0'], {}],
    [['--security-opt', 'no-new-privileges'], { noNewPrivileges: true }],
    [['--ulimit', 'nofile=64'], { ulimits: [{ name: 'nofile', soft: 64, hard: 64 }] }],
    [['--ulimit', 'nproc=9:-1'], { ulimits: [{ name: 'nproc', soft: 9, hard: -1 }] }],
    [['--max-layer-size', '2GiB', '--max-layer-entries', '9'], { maxLayerBytes: 2 ** 31, maxLayerEntries: 9 }],
    [['--step-timeout', '90'], { stepTimeoutMs: 90_000 }],
    [['--on-error', 'keep'], { onError: 'keep' }],
    [['--on-error', 'shell'], {}],
    [['--step-timeout', '1h1.5m2s3ms'], { stepTimeoutMs: 3_692_003 }],
    [['--cache-dir', '/c'], { cacheDir: '/c' }],
    [['--registry-insecure', 'r:5000'], { registry: { insecure: ['r:5000'] } }],
    [['--push'], { outputs: [{ type: 'registry' }] }],
    [['--push', '-o', 'type=registry'], { outputs: [{ type: 'registry' }] }],
  ])('%j', (argv, expected) => {
    expect(options(argv)).toEqual({ context: '.', ...expected });
  });

  test.each(['', '0', '5 minutes', '10x', 'm', '-1s'])('--step-timeout %j is no duration', (text) => {
    expect(() => options([`--step-timeout=${text}`])).toThrow(
      expect.objectContaining({ code: 'OPTION_BAD_VALUE', hint: expect.stringContaining('10m') }),
    );
  });

  test.each(['nofile', 'nofile=', 'nofile=a', 'files=1', 'nofile=2:1', 'nofile=-1:5', `as=${2 ** 60}`])(
    '--ulimit %j is no limit',
    (text) => {
      expect(() => options(['--ulimit', text])).toThrow(expect.objectContaining({ code: 'OPTION_BAD_VALUE' }));
    },
  );

  test('the context is this directory when none is given', () => {
    expect(toBuildOptions(parseArguments([], BUILD_OPTIONS), {}).context).toBe('.');
  });

  test('a build argument without a value comes from the environment, or not at all', () => {
    expect(options(['--build-arg', 'A', '--build-arg', 'B'], { A: 'x' }).buildArgs).toEqual({ A: 'x' });
  });

  test.each<[string, NonNullable<BuildOptions['outputs']>]>([
    ['type=oci,dest=a.tar', [{ type: 'oci', destination: 'a.tar' }]],
    ['type=oci,tar=true,dest=a.tar', [{ type: 'oci', destination: 'a.tar' }]],
    ['type=oci,dest=a,tar=false', [{ type: 'oci-layout', destination: 'a' }]],
    ['type=oci-layout,dest=a', [{ type: 'oci-layout', destination: 'a' }]],
    ['type=docker,"dest=a,b.tar"', [{ type: 'docker', destination: 'a,b.tar' }]],
    ['type=image,push=true', [{ type: 'registry' }]],
    ['type=registry,oci-mediatypes=true', [{ type: 'registry' }]],
  ])('-o %s', (text, outputs) => {
    expect(options(['-o', text])).toEqual({ context: '.', outputs });
  });

  test('an output may name the image and choose the compression', () => {
    expect(options(['-t', 'a', '-o', 'type=image,"name=b,c",compression=zstd'])).toEqual({
      context: '.',
      tags: ['a', 'b', 'c'],
      compression: 'zstd',
    });
  });

  test.each([
    ['type=oci', /dest is missing/],
    ['type=docker,dest=-', /standard output/],
    ['-', /standard output/],
    ['type=local', /dest is missing/],
    ['', /dest is missing/],
    ['type=oci,dest=a,compression-level=fast', /no compression level "fast"/],
    ['dest=a.tar', /no type/],
    ['type=tarball,dest=a', /no type "tarball"/],
    ['type=oci,dest=a,colour=red', /unknown attribute "colour"/],
    ['type=oci,dest=a,oci-mediatypes=false', /always true/],
    ['type=oci,dest=a,compression=estargz', /no compression "estargz"/],
    ['type=oci,"dest=a', /quotes/],
  ])('-o %s is refused', (text, message) => {
    expect(() => options(['-o', text])).toThrow(message);
  });

  test('two compressions in one build are refused', () => {
    const two = ['-o', 'type=oci,dest=a,compression=zstd', '-o', 'type=oci,dest=b,compression=gzip'];
    expect(() => options(two)).toThrow(expect.objectContaining({ code: 'OPTION_CONFLICT' }));
  });

  test.each([
    ['id=x,src=f', { id: 'x', file: 'f' }],
    ['id=x,source=f', { id: 'x', file: 'f' }],
    ['type=file,id=x,src=f', { id: 'x', file: 'f' }],
    ['type=file,id=x', { id: 'x', file: 'x' }],
    ['id=x,env=V', { id: 'x', env: 'V' }],
    ['type=env,id=x,env=V', { id: 'x', env: 'V' }],
    ['type=env,id=x', { id: 'x', env: 'x' }],
    ['type=env,id=x,src=V', { id: 'x', env: 'V' }],
    ['id=TOKEN', { id: 'TOKEN', env: 'TOKEN' }],
    ['id=x', { id: 'x', file: 'x' }],
  ])('--secret %s', (text, secret) => {
    expect(options(['--secret', text], { TOKEN: '1' }).secrets).toEqual([secret]);
  });

  test.each(['src=f', 'x', 'id=x,src=f,env=V', 'type=vault,id=x', 'id=x,mode=1'])('--secret %s is refused', (text) => {
    expect(() => options(['--secret', text])).toThrow(expect.objectContaining({ code: 'OPTION_BAD_VALUE' }));
  });

  test.each([
    ['db:10.0.0.1', { name: 'db', address: '10.0.0.1' }],
    ['db=10.0.0.1', { name: 'db', address: '10.0.0.1' }],
    ['db:[fd00::1]', { name: 'db', address: 'fd00::1' }],
    ['db=fd00::1', { name: 'db', address: 'fd00::1' }],
  ])('--add-host %s', (text, host) => {
    expect(options(['--add-host', text]).addHosts).toEqual([host]);
  });

  test.each([
    [['--platform', 'linux/amd64,linux/arm64'], { platforms: ['linux/amd64', 'linux/arm64'] }],
    [['--platform', 'linux/amd64', '--platform', 'linux/arm64'], { platforms: ['linux/amd64', 'linux/arm64'] }],
    [['-o', 'out'], { outputs: [{ type: 'local', destination: 'out' }] }],
    [['-o', 'type=local,dest=out'], { outputs: [{ type: 'local', destination: 'out' }] }],
    [['-o', 'type=docker'], { outputs: [{ type: 'engine' }] }],
    [['--load'], { outputs: [{ type: 'engine' }] }],
    [['--push-by-digest'], { outputs: [{ type: 'registry', byDigest: true }] }],
    [['--push', '--load'], { outputs: [{ type: 'registry' }, { type: 'engine' }] }],
    [['--annotation', 'k=v=w'], { annotations: [{ key: 'k', value: 'v=w', level: 'manifest' }] }],
    [
      ['--annotation', 'manifest[linux/arm64],index:a.b=c:d'],
      {
        annotations: [
          { key: 'a.b', value: 'c:d', level: 'manifest', platform: 'linux/arm64' },
          { key: 'a.b', value: 'c:d', level: 'index' },
        ],
      },
    ],
    [
      ['-o', 'type=registry,annotation-index.k=v,annotation.m=n'],
      {
        outputs: [{ type: 'registry' }],
        annotations: [
          { key: 'k', value: 'v', level: 'index' },
          { key: 'm', value: 'n', level: 'manifest' },
        ],
      },
    ],
    [['--squash'], { squash: true }],
    [['--offline'], { offline: true }],
    [
      ['-o', 'type=image,compression=zstd,compression-level=19,force-compression=true'],
      { compression: 'zstd', compressionLevel: 19, forceCompression: true },
    ],
    [
      ['--registry-mirror', 'a.example:1/p/', '--registry-mirror', 'r.example=b.example', '--registry-ca', 'ca.pem'],
      { registry: { mirrors: { '': ['a.example:1/p'], 'r.example': ['b.example'] }, caFile: 'ca.pem' } },
    ],
  ])('%j asks for it', (argv, asked) => {
    expect(options(argv)).toMatchObject(asked);
  });

  test.each([
    [['--registry-mirror', 'https://a.example'], 'OPTION_BAD_VALUE'],
    [['--add-host', 'db'], 'OPTION_BAD_VALUE'],
    [['--add-host', 'db:host-gateway'], 'OPTION_BAD_VALUE'],
    [['--allow', 'device'], 'OPTION_BAD_VALUE'],
    [['--build-arg', '=x'], 'OPTION_BAD_VALUE'],
    [['--build-context', 'base'], 'OPTION_BAD_VALUE'],
    [['--annotation', 'index:'], 'OPTION_BAD_VALUE'],
    [['.'], 'OPTION_TOO_MANY_ARGUMENTS'],
  ])('%j is refused', (argv, code) => {
    expect(() => options(argv)).toThrow(expect.objectContaining({ family: 'option', code, hint: expect.any(String) }));
  });

  test.each(['-', 'https://example.com/x.git', 'git@example.com:x'])('the context %s is passed on', (context) => {
    expect(toBuildOptions(parseArguments([context], BUILD_OPTIONS), {})).toMatchObject({ context });
  });
});

describe('progressStyleOf', () => {
  const style = (argv: string[], isTTY: boolean, env = {}): string =>
    progressStyleOf(parseArguments(argv, BUILD_OPTIONS), { isTTY }, env);

  test('auto follows the terminal', () => {
    expect(style([], true)).toBe('tty');
    expect(style([], false)).toBe('plain');
    expect(style([], true, { TERM: 'dumb' })).toBe('plain');
  });

  test('what was asked for holds', () => {
    expect(style(['--progress=plain'], true)).toBe('plain');
    expect(style(['-q'], true)).toBe('quiet');
    expect(() => style(['--progress=tty'], false)).toThrow(/terminal/);
    expect(() => style(['-q', '--progress=json'], true)).toThrow(/exclude/);
  });
});
