import { describe, expect, it, test } from 'vitest';
import type { Diagnostic } from '../../src/core/errors.ts';
import type { ImageConfig, RuntimeConfig } from '../../src/core/image.ts';
import { applyLabels, scratchConfig, withPlatform } from '../../src/plan/base-config.ts';
import { isEmptyLayer } from '../../src/plan/step.ts';
import { DEFAULT_PATH, type EvaluateTextOptions, evaluateText, LINUX } from '../support/plan.ts';

const HEAD = 'FROM scratch\n';
const createdBy = (text: string, options?: EvaluateTextOptions) =>
  evaluateText(text, options).steps.map((step) => step.createdBy);
const runtime = (text: string, options?: EvaluateTextOptions) => evaluateText(text, options).config.config ?? {};
const codes = (text: string) => {
  const warnings: Diagnostic[] = [];
  evaluateText(text, { warnings });
  return warnings.map(({ code }) => code);
};

describe('what each instruction records (reference, sections 9 and 14)', () => {
  test.each<[string, RuntimeConfig, string]>([
    ['ENV a=1 b="x y"', { Env: [DEFAULT_PATH, 'a=1', 'b=x y'] }, 'ENV a=1 b=x y'],
    ['ENV a one  two', { Env: [DEFAULT_PATH, 'a=one  two'] }, 'ENV a=one  two'],
    ['LABEL a=1 "b c"=2 a=3', { Labels: { a: '3', 'b c': '2' } }, 'LABEL a=1 b c=2 a=3'],
    ['ARG a=1 b', {}, 'ARG a=1 b'],
    ['USER 1000:1000', { User: '1000:1000' }, 'USER 1000:1000'],
    ['VOLUME /a /b/', { Volumes: { '/a': {}, '/b/': {} } }, 'VOLUME [/a /b/]'],
    ['VOLUME ["/a b"]', { Volumes: { '/a b': {} } }, 'VOLUME [/a b]'],
    ['EXPOSE 80 53/UDP', { ExposedPorts: { '53/udp': {}, '80/tcp': {} } }, 'EXPOSE [53/udp 80/tcp]'],
    ['EXPOSE 7001-7002', { ExposedPorts: { '7001/tcp': {}, '7002/tcp': {} } }, 'EXPOSE [7001/tcp 7002/tcp]'],
    ['STOPSIGNAL sigterm', { StopSignal: 'sigterm' }, 'STOPSIGNAL sigterm'],
    ['SHELL ["/bin/bash", "-c"]', { Shell: ['/bin/bash', '-c'] }, 'SHELL [/bin/bash -c]'],
    ['CMD ["a", "b c"]', { Cmd: ['a', 'b c'], ArgsEscaped: true }, 'CMD ["a" "b c"]'],
    ['CMD a "b"', { Cmd: ['/bin/sh', '-c', 'a "b"'], ArgsEscaped: true }, 'CMD ["/bin/sh" "-c" "a \\"b\\""]'],
    ['CMD', { Cmd: ['/bin/sh', '-c', ''], ArgsEscaped: true }, 'CMD ["/bin/sh" "-c" ""]'],
    ['CMD []', { ArgsEscaped: true }, 'CMD []'],
    ['ENTRYPOINT ["a"]', { Entrypoint: ['a'] }, 'ENTRYPOINT ["a"]'],
    ['ENTRYPOINT []', {}, 'ENTRYPOINT []'],
    [
      'HEALTHCHECK --interval=5s --retries=3 CMD x $y',
      { Healthcheck: { Test: ['CMD-SHELL', 'x $y'], Interval: 5e9, Retries: 3 } },
      'HEALTHCHECK {Test:[CMD-SHELL x $y] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:3}',
    ],
    [
      'HEALTHCHECK NONE',
      { Healthcheck: { Test: ['NONE'] } },
      'HEALTHCHECK {Test:[NONE] Interval:0s Timeout:0s StartPeriod:0s StartInterval:0s Retries:0}',
    ],
  ])('%s', (line, config, history) => {
    const { steps, config: image } = evaluateText(HEAD + line);
    expect(image.config).toEqual({ Env: [DEFAULT_PATH], WorkingDir: '/', ...config });
    expect(steps).toHaveLength(1);
    expect(steps.map((step) => step.createdBy)).toEqual([history]);
    expect(steps.every(isEmptyLayer)).toBe(true);
  });

  it('MAINTAINER is the author, not expanded', () => {
    const { config, steps } = evaluateText(`${HEAD}MAINTAINER a $b <c@d>`);
    expect(config.author).toBe('a $b <c@d>');
    expect(steps[0]?.createdBy).toBe('MAINTAINER a $b <c@d>');
  });

  it('the later of two healthchecks replaces the earlier one whole', () => {
    const text = `${HEAD}HEALTHCHECK --interval=5s CMD a\nHEALTHCHECK CMD ["b"]`;
    expect(runtime(text).Healthcheck).toEqual({ Test: ['CMD', 'b'] });
  });
});

describe('CMD, ENTRYPOINT and SHELL (reference, section 9)', () => {
  const images = { b: { config: { Cmd: ['inherited'], Entrypoint: ['e'], Env: ['PATH=/bin'] } } };

  test.each<[string, readonly string[] | undefined]>([
    ['ENTRYPOINT ["x"]', undefined],
    ['CMD ["c"]\nENTRYPOINT ["x"]', ['c']],
    ['ENTRYPOINT ["x"]\nCMD ["c"]', ['c']],
    ['USER a', ['inherited']],
    ['CMD []', undefined],
  ])('after %j on a base with a Cmd, Cmd is %j', (lines, Cmd) => {
    expect(runtime(`FROM b\n${lines}`, { images }).Cmd).toEqual(Cmd);
  });

  it('a CMD of the base stage is inherited, so ENTRYPOINT clears it', () => {
    const text = 'FROM scratch AS a\nCMD ["c"]\nFROM a\nENTRYPOINT ["x"]';
    expect(runtime(text)).not.toHaveProperty('Cmd');
  });

  it('the shell form uses the shell so far', () => {
    const text = `${HEAD}SHELL ["bash", "-ec"]\nRUN a\nCMD b\nENTRYPOINT c`;
    expect(createdBy(text)).toEqual([
      'SHELL [bash -ec]',
      'RUN bash -ec a # buildkit',
      'CMD ["bash" "-ec" "b"]',
      'ENTRYPOINT ["bash" "-ec" "c"]',
    ]);
  });

  it('the shell of Windows is cmd', () => {
    const windows = { b: { os: 'windows', config: {} } satisfies Partial<ImageConfig> };
    expect(runtime('FROM b\nCMD dir', { images: windows })).toMatchObject({ Cmd: ['cmd', '/S', '/C', 'dir'], Env: [] });
  });

  it('a shell form without SHELL is a warning', () => {
    expect(codes(`${HEAD}CMD a\nENTRYPOINT b`)).toEqual(['JSONArgsRecommended', 'JSONArgsRecommended']);
    expect(codes(`${HEAD}SHELL ["a"]\nCMD a\nRUN b`)).toEqual([]);
  });
});

describe('WORKDIR (reference, section 9)', () => {
  test.each([
    ['WORKDIR /a', '/a', '/a'],
    ['WORKDIR a/../b', '/b', '/b'],
    ['WORKDIR /a/\nWORKDIR ../c/', '/c', '/c'],
    ['WORKDIR /a/../b/', '/a/../b/', '/b'],
    ['ENV d=/x\nWORKDIR $d/y', '/x/y', '/x/y'],
    ['WORKDIR /a\nWORKDIR $none', '/a', '/a'],
  ])('%j gives %s', (lines, WorkingDir, path) => {
    const { config, steps } = evaluateText(HEAD + lines);
    expect(config.config?.WorkingDir).toBe(WorkingDir);
    expect(steps.at(-1)).toMatchObject({ kind: 'workdir', path, createdBy: `WORKDIR ${WorkingDir}` });
  });

  it('/ makes no layer', () => {
    const { steps, config } = evaluateText(`${HEAD}WORKDIR /a\nWORKDIR /`);
    expect(steps.map(isEmptyLayer)).toEqual([false, true]);
    expect(config.config?.WorkingDir).toBe('/');
    expect(steps[1]?.createdBy).toBe('WORKDIR /');
  });

  it('carries the user of that moment', () => {
    const { steps } = evaluateText(`${HEAD}WORKDIR /a\nUSER u:g\nWORKDIR /b`);
    expect(steps.flatMap((step) => (step.kind === 'workdir' ? [step.user] : []))).toEqual(['', 'u:g']);
  });

  it('starts at the directory of the base, normalised', () => {
    const images = { b: { config: { WorkingDir: 'app//x/' } } };
    expect(runtime('FROM b\nWORKDIR y', { images }).WorkingDir).toBe('/app/x/y');
  });

  it('warns about a first relative path of the stage chain only', () => {
    expect(codes(`${HEAD}WORKDIR a\nWORKDIR b`)).toEqual(['WorkdirRelativePath']);
    expect(codes(`${HEAD}WORKDIR /a\nWORKDIR b`)).toEqual([]);
    expect(codes('FROM scratch AS x\nWORKDIR /a\nFROM x AS y\nFROM y\nWORKDIR b')).toEqual([]);
  });
});

describe('values that are checked once they are expanded (reference, section 21)', () => {
  test.each([
    ['STOPSIGNAL SIGNOSUCH', 'PLAN_UNKNOWN_SIGNAL'],
    ['STOPSIGNAL 0', 'PLAN_UNKNOWN_SIGNAL'],
    ['STOPSIGNAL RTMIN+16', 'PLAN_UNKNOWN_SIGNAL'],
    ['STOPSIGNAL $none', 'PLAN_UNKNOWN_SIGNAL'],
    ['EXPOSE $none/tcp', 'PLAN_BAD_PORT'],
    ['EXPOSE 65536', 'PLAN_BAD_PORT'],
    ['VOLUME $none', 'PLAN_BLANK_VOLUME'],
    ['VOLUME ["  "]', 'PLAN_BLANK_VOLUME'],
  ])('%s is refused with its place', (line, code) => {
    const place = { line: 2, column: line.indexOf(' ') + 2 };
    const inJson = line.includes('[');
    expect(() => evaluateText(HEAD + line)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(inJson ? /^(PARSE|PLAN)_/ : code),
        span: expect.objectContaining({ start: expect.objectContaining(inJson ? { line: 2 } : place) }),
      }),
    );
  });

  test.each(['9', '-3', 'TERM', 'SIGRTMIN+15', 'rtmax-14', 'SigUsr1'])('STOPSIGNAL %s is kept as written', (signal) => {
    expect(runtime(`${HEAD}STOPSIGNAL ${signal}`).StopSignal).toBe(signal);
  });

  it('EXPOSE sorts as written, then expands and splits', () => {
    const text = `${HEAD}ENV p="90 80"\nEXPOSE 9 10 $p`;
    expect(createdBy(text).at(-1)).toBe('EXPOSE [90/tcp 80/tcp 10/tcp 9/tcp]');
    expect(codes(`${HEAD}EXPOSE 80/TCP 1:2`)).toEqual(['ExposeInvalidFormat', 'ExposeProtoCasing']);
  });
});

describe('what a stage inherits (reference, section 8)', () => {
  it('from scratch: a PATH, the root directory and the platform', () => {
    expect(scratchConfig({ os: 'linux', architecture: 'arm', variant: 'v7' })).toEqual({
      architecture: 'arm',
      variant: 'v7',
      os: 'linux',
      config: { Env: [DEFAULT_PATH], WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [] },
    });
  });

  it('from an image: all but created and OnBuild, unknown keys too, and a PATH', () => {
    const base = {
      created: '2020-01-01T00:00:00Z',
      author: 'me',
      moby: 1,
      history: [{ created_by: 'x' }],
      config: { OnBuild: ['USER u'], Custom: true, Env: ['A=1'], Labels: { l: '1' } },
    };
    const { config } = evaluateText('FROM b', { images: { b: base } });
    expect(config).toEqual({
      ...scratchConfig(LINUX),
      author: 'me',
      moby: 1,
      history: base.history,
      config: { Custom: true, Env: ['A=1', DEFAULT_PATH], Labels: { l: '1' }, User: 'u' },
    });
  });

  it('keeps a PATH that is there', () => {
    expect(runtime('FROM b', { images: { b: { config: { Env: ['PATH=/bin'] } } } }).Env).toEqual(['PATH=/bin']);
  });

  it('from a stage: the whole config but OnBuild', () => {
    const text = 'FROM scratch AS a\nUSER u\nLABEL l=1\nONBUILD LABEL m=2\nWORKDIR /w\nFROM a';
    expect(runtime(text)).toEqual({
      Env: [DEFAULT_PATH],
      WorkingDir: '/w',
      User: 'u',
      Labels: { l: '1', m: '2' },
    });
  });
});

describe('ONBUILD (reference, section 9)', () => {
  it('is kept as written and makes no step', () => {
    const { steps, config } = evaluateText(`${HEAD}ONBUILD RUN  a   b\nonbuild copy . $x`);
    expect(steps).toEqual([]);
    expect(config.config?.OnBuild).toEqual(['RUN  a   b', 'copy . $x']);
  });

  it('runs in the child first, in order, expanded there, with its own text as source', () => {
    const images = { b: { config: { OnBuild: ['ENV a=1', 'ENV b=$a', 'USER $a'] } } };
    const { steps, config } = evaluateText('FROM b\nENV c=$b\nONBUILD USER z', { images });
    expect(steps.map((step) => step.createdBy)).toEqual(['ENV a=1', 'ENV b=1', 'USER 1', 'ENV c=1']);
    expect(steps.map((step) => step.source.text.split('\n')[0])).toEqual(['ENV a=1', 'ENV b=$a', 'USER $a', 'FROM b']);
    expect(config.config?.OnBuild).toEqual(['USER z']);
  });

  it('keeps a heredoc of its trigger', () => {
    const text = 'FROM scratch AS a\nONBUILD RUN <<EOF\nx\nEOF\nONBUILD COPY <<F /d\n$v\nF\nENV v=w\nFROM a\n';
    const { steps } = evaluateText(text);
    expect(steps).toMatchObject([
      { kind: 'run', argv: ['/bin/sh', '-c', 'x\n'] },
      { kind: 'copy', destination: '/d', inlineFiles: [{ name: 'F', content: 'w\n' }] },
    ]);
  });

  it('does not run in the grandchild', () => {
    const text = 'FROM scratch AS a\nONBUILD USER u\nFROM a AS b\nUSER v\nFROM b';
    expect(runtime(text).User).toBe('v');
  });

  it('of an image may copy from a stage of the file', () => {
    const images = { b: { config: { OnBuild: ['COPY --from=x /a /b'] } } };
    const result = evaluateText('FROM scratch AS x\nFROM b', { images });
    expect(result.steps[0]).toMatchObject({ kind: 'copy', from: { kind: 'stage', index: 0 } });
    expect(result.dependencies).toEqual([0]);
  });

  test.each(['FROM x', 'MAINTAINER x', 'ONBUILD RUN x', 'NOSUCH x', '', '# comment', 'RUN a\nRUN b'])(
    'refuses the trigger %j of an image',
    (trigger) => {
      expect(() => evaluateText('FROM b', { images: { b: { config: { OnBuild: [trigger] } } } })).toThrow(
        expect.objectContaining({ code: 'PLAN_BAD_TRIGGER', source: expect.objectContaining({ text: trigger }) }),
      );
    },
  );
});

describe('what the caller adds at the end (reference, section 18)', () => {
  it('labels override those of the Dockerfile', () => {
    const config = evaluateText(`${HEAD}LABEL a=1 b=2`).config;
    expect(applyLabels(config, { b: '3', c: '4' }).config?.Labels).toEqual({ a: '1', b: '3', c: '4' });
    expect(applyLabels(config, {})).toBe(config);
  });

  it('the platform replaces all of the old one', () => {
    const old = scratchConfig({ os: 'windows', architecture: 'arm', variant: 'v7', osVersion: '10' });
    expect(withPlatform(old, LINUX)).toMatchObject(LINUX);
    expect(withPlatform(old, LINUX)).not.toHaveProperty('variant');
    expect(withPlatform(old, LINUX)).not.toHaveProperty('os.version');
  });
});
