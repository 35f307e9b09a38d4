import { describe, expect, it, test } from 'vitest';
import type { RunMount, RunStep } from '../../src/plan/step.ts';
import { type EvaluateTextOptions, evaluateText } from '../support/plan.ts';

const HEAD = 'FROM scratch\n';

function lastRun(text: string, options?: EvaluateTextOptions): RunStep {
  const step = evaluateText(text, options).steps.at(-1);
  if (step?.kind !== 'run') throw new Error('the last step is no RUN');
  return step;
}

const mountsOf = (text: string, options?: EvaluateTextOptions): readonly RunMount[] => lastRun(text, options).mounts;

describe('the command (reference, sections 5 and 10)', () => {
  test.each<[string, readonly string[]]>([
    ['RUN a  b', ['/bin/sh', '-c', 'a  b']],
    ['RUN a $x', ['/bin/sh', '-c', 'a $x']],
    ['RUN a \\\n  b', ['/bin/sh', '-c', 'a   b']],
    ['RUN ["a", "$b c"]', ['a', '$b c']],
    ['RUN <<EOF\na\n\tb $c\nEOF', ['/bin/sh', '-c', 'a\n\tb $c\n']],
    ['RUN <<-EOF\n\ta\n\t\tb\n\tEOF', ['/bin/sh', '-c', 'a\nb\n']],
    ['RUN <<"EOF"\na\nEOF', ['/bin/sh', '-c', 'a\n']],
    ['RUN cat <<A <<-B\na\nA\n\tb\n\tB', ['/bin/sh', '-c', 'cat <<A <<-B\na\nA\n\tb\nB']],
    ['RUN <<EOF sh -e\na\nEOF', ['/bin/sh', '-c', '<<EOF sh -e\na\nEOF']],
    ['RUN <<EOF\n#!/bin/x\nEOF', ['/dev/pipes/EOF']],
    ['RUN <<A <<B\n#!/bin/x\nA\nB', ['/bin/sh', '-c', '<<A <<B\n#!/bin/x\nA\nB']],
    ['RUN \\\n  <<EOF\na\nEOF', ['/bin/sh', '-c', 'a\n']],
    ['RUN --network=none <<EOF\na\nEOF', ['/bin/sh', '-c', 'a\n']],
  ])('%j', (line, argv) => {
    const step = lastRun(HEAD + line);
    expect(step.argv).toEqual(argv);
    expect(step.createdBy).toBe(`RUN ${argv.join(' ')} # buildkit`);
  });

  it('a heredoc with #! is a script', () => {
    expect(lastRun(`${HEAD}RUN <<-X\n\t#!/bin/x\n\ta $b\n\tX`).script).toEqual({
      name: 'X',
      content: '#!/bin/x\na $b\n',
    });
    expect(lastRun(`${HEAD}RUN <<X\na\nX`)).not.toHaveProperty('script');
  });

  it('an empty list is refused', () => {
    expect(() => lastRun(`${HEAD}RUN []`)).toThrow(expect.objectContaining({ span: expect.anything() }));
  });
});

describe('the history of RUN (reference, section 14)', () => {
  test.each([
    ['ARG a=1\nARG b\nRUN x', 'RUN |2 a=1 b= /bin/sh -c x # buildkit'],
    ['ARG a=1\nENV a=2\nRUN x', 'RUN |1 a=2 /bin/sh -c x # buildkit'],
    ['ARG a=1\nARG b=2\nARG a=3\nRUN x', 'RUN |2 a=3 b=2 /bin/sh -c x # buildkit'],
    ['ENV e=1\nRUN x', 'RUN /bin/sh -c x # buildkit'],
    ['ARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x', 'RUN |1 BUILDKIT_SBOM_SCAN_STAGE=true /bin/sh -c x # buildkit'],
  ])('%j is %s', (lines, createdBy) => {
    expect(lastRun(HEAD + lines).createdBy).toBe(createdBy);
  });

  it('lists the ARGs of this stage only', () => {
    expect(lastRun('FROM scratch AS a\nARG x=1\nFROM a\nARG y=2\nRUN z').createdBy).toBe(
      'RUN |1 y=2 /bin/sh -c z # buildkit',
    );
  });
});

describe('where and as whom (reference, section 10)', () => {
  it('is what the config says at that moment', () => {
    expect(lastRun(`${HEAD}RUN x`)).toMatchObject({ cwd: '/', user: '', hostname: 'buildkitsandbox' });
    expect(lastRun(`${HEAD}WORKDIR /a/../b/\nUSER u:g\nRUN x`)).toMatchObject({ cwd: '/b', user: 'u:g' });
  });

  it('takes the host name from a build argument', () => {
    const buildArgs = { BUILDKIT_SANDBOX_HOSTNAME: 'box' };
    expect(lastRun(`${HEAD}RUN x`, { buildArgs }).hostname).toBe('box');
  });

  test.each<[string, EvaluateTextOptions, Partial<RunStep>]>([
    ['RUN x', {}, { network: 'default', security: 'sandbox' }],
    ['RUN x', { network: 'none' }, { network: 'none' }],
    ['RUN --network=default x', { network: 'none' }, { network: 'none' }],
    ['RUN --network=none x', { network: 'host' }, { network: 'none' }],
    ['RUN --network=host x', { allow: ['network.host'] }, { network: 'host' }],
    ['RUN --network=host x', { network: 'host' }, { network: 'host' }],
    ['RUN --security=insecure x', { allow: ['security.insecure'] }, { security: 'insecure' }],
  ])('%s with %j', (line, options, expected) => {
    expect(lastRun(HEAD + line, options)).toMatchObject(expected);
  });

  test.each([
    ['RUN --network=host x', 'PLAN_NOT_ALLOWED'],
    ['RUN --security=insecure x', 'PLAN_NOT_ALLOWED'],
    ['RUN --network=hots x', 'BAD|UNKNOWN|INVALID'],
    ['RUN --security=x y', 'BAD|UNKNOWN|INVALID'],
    ['RUN --device=vendor.com/gpu=0,required x', 'PLAN_NO_DEVICE'],
  ])('%s is refused', (line, code) => {
    expect(() => lastRun(HEAD + line)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(code),
        span: expect.objectContaining({ start: expect.objectContaining({ line: 2 }) }),
        hint: expect.any(String),
      }),
    );
  });

  it('a device that is not required is passed over', () => {
    expect(lastRun(`${HEAD}RUN --device=vendor.com/gpu=0 x`).argv).toEqual(['/bin/sh', '-c', 'x']);
  });
});

describe('mounts with their defaults (reference, section 10)', () => {
  test.each<[string, RunMount]>([
    ['target=/m', { type: 'bind', from: { kind: 'context' }, source: '/', target: '/m', readOnly: true }],
    ['dst=m,src=a,rw', { type: 'bind', from: { kind: 'context' }, source: 'a', target: '/w/m', readOnly: false }],
    [
      'type=bind,from=busybox,source=/bin,destination=/m/../n/',
      { type: 'bind', from: { kind: 'image', reference: 'busybox' }, source: '/bin', target: '/n', readOnly: true },
    ],
    [
      'type=bind,from=scratch,target=/m',
      { type: 'bind', from: { kind: 'scratch' }, source: '/', target: '/m', readOnly: true },
    ],
    ['source=a', { type: 'bind', from: { kind: 'context' }, source: 'a', target: '/w', readOnly: true }],
    ['TYPE=cache,Target=/c/', cache({ id: '/c', target: '/c' })],
    ['type=cache,target=$name,id=x-$name', cache({ id: 'x-cc', target: '/w/cc' })],
    [
      'type=cache,target=/c,sharing=locked,ro,mode=0700,uid=1,gid=2',
      cache({ id: '/c', target: '/c', sharing: 'locked', readOnly: true, mode: 0o700, uid: 1, gid: 2 }),
    ],
    [
      'type=cache,target=/c,from=busybox,source=s,sharing=private',
      cache({ id: '/c', target: '/c', source: 's', sharing: 'private', from: { kind: 'image', reference: 'busybox' } }),
    ],
    ['type=tmpfs,target=/t', { type: 'tmpfs', target: '/t' }],
    ['type=tmpfs,target=/t,size=64m', { type: 'tmpfs', target: '/t', sizeBytes: 64 * 1024 * 1024 }],
    ['type=secret,id=a/b', secret({ id: 'a/b', target: '/run/secrets/b' })],
    ['type=secret,source=s', secret({ id: 's', target: '/run/secrets/s' })],
    ['type=secret,target=/x/y', secret({ id: 'y', target: '/x/y' })],
    ['type=secret,id=a,target=t', secret({ id: 'a', target: '/w/t' })],
    ['type=secret,id=a,env=E', secret({ id: 'a', env: 'E' })],
    [
      'type=secret,id=a,env=E,target=/t,required,mode=0440,uid=1,gid=2',
      secret({ id: 'a', env: 'E', target: '/t', required: true, mode: 0o440, uid: 1, gid: 2 }),
    ],
    [
      'type=ssh',
      { type: 'ssh', id: 'default', target: '/run/buildkit/ssh_agent.0', required: false, mode: 0o600, uid: 0, gid: 0 },
    ],
  ])('--mount=%s', (mount, expected) => {
    expect(mountsOf(`${HEAD}ARG name=cc\nWORKDIR /w\nRUN --mount=${mount} x`)).toEqual([expected]);
  });

  function cache(given: Partial<RunMount & { type: 'cache' }>): RunMount {
    const defaults = { source: '/', sharing: 'shared', readOnly: false, mode: 0o755, uid: 0, gid: 0 } as const;
    return { type: 'cache', id: '', target: '', ...defaults, ...given };
  }

  function secret(given: Partial<RunMount & { type: 'secret' }>): RunMount {
    return { type: 'secret', id: '', required: false, mode: 0o400, uid: 0, gid: 0, ...given };
  }

  it('keep their order, and number the ssh sockets', () => {
    const line = 'RUN --mount=type=ssh --mount=target=/m --mount=type=ssh,id=b x';
    expect(mountsOf(HEAD + line).map(({ target }) => target)).toEqual([
      '/run/buildkit/ssh_agent.0',
      '/m',
      '/run/buildkit/ssh_agent.1',
    ]);
    expect(lastRun(HEAD + line).env).toContain('SSH_AUTH_SOCK=/run/buildkit/ssh_agent.0');
    expect(lastRun(`${HEAD}ENV SSH_AUTH_SOCK=/own\n${line}`).env).toContain('SSH_AUTH_SOCK=/own');
  });

  it('read from stages and named contexts', () => {
    const text = 'FROM scratch AS x\nFROM scratch\nRUN --mount=from=X,target=/a --mount=from=lib,target=/b y';
    expect(mountsOf(text, { lookupContext: (name) => (name === 'lib' ? 'outside' : undefined) })).toMatchObject([
      { from: { kind: 'stage', index: 0 } },
      { from: { kind: 'named-context', name: 'lib' } },
    ]);
    expect(evaluateText(text).dependencies).toEqual([0]);
  });

  it('keep caches apart by the namespace of a build argument', () => {
    const buildArgs = { BUILDKIT_CACHE_MOUNT_NS: 'ns' };
    expect(mountsOf(`${HEAD}RUN --mount=type=cache,id=a,target=/c x`, { buildArgs })).toMatchObject([{ id: 'ns/a' }]);
  });

  test.each([
    'target=/',
    'source=a',
    'type=cache,target=..',
    'type=nosuch,target=/m',
    'type=cache,target=/m,sharing=x',
    'type=cache,target=/m,nosuch=1',
    'target=/m,bare',
    'type=secret,id=a,source=b',
    'type=secret',
    'type=secret,id=a,from=b',
    'type=ssh,source=a',
    'type=bind,target=/m,mode=0700',
    'type=tmpfs,target=/m,uid=1',
    'type=bind,target=/m,sharing=shared',
    'type=bind,target=/m,required',
    'type=cache,target=/m,size=1m',
    'type=cache,target=/m,mode=9',
    `target=/m,from=a\${x}b`,
  ])('--mount=%s is refused at its place', (mount) => {
    expect(() => mountsOf(`${HEAD}RUN --mount=${mount} x`)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/^(PLAN|PARSE)_/),
        span: expect.objectContaining({ start: expect.objectContaining({ line: 2 }) }),
      }),
    );
  });
});
