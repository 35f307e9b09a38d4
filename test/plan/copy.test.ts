import { describe, expect, it, test } from 'vitest';
import { sourceKind } from '../../src/plan/remote-source.ts';
import type { AddStep, CopyStep } from '../../src/plan/step.ts';
import { type EvaluateTextOptions, evaluateText } from '../support/plan.ts';

const HEAD = 'FROM scratch\nARG v=w\n';

function lastCopy(text: string, options?: EvaluateTextOptions): CopyStep | AddStep {
  const step = evaluateText(text, options).steps.at(-1);
  if (step?.kind !== 'copy' && step?.kind !== 'add') throw new Error('the last step is no COPY or ADD');
  return step;
}

describe('COPY and ADD (reference, sections 6, 11 and 14)', () => {
  test.each<[string, Partial<CopyStep>, string]>([
    ['COPY a b /c', { sources: ['a', 'b'], destination: '/c' }, 'COPY a b /c # buildkit'],
    ['COPY ["a b", "c/"]', { sources: ['a b'], destination: '/c/' }, 'COPY a b c/ # buildkit'],
    ['COPY $v.txt /$v/', { sources: ['w.txt'], destination: '/w/' }, 'COPY w.txt /w/ # buildkit'],
    ['COPY a\\* b', { sources: ['a*'], destination: '/b' }, 'COPY a* b # buildkit'],
    [
      'COPY --chown=1:$v --chmod=0755 --link a b',
      { chown: '1:w', chmod: '0755', link: false },
      'COPY --chown=1:w --chmod=0755 a b # buildkit',
    ],
    ['COPY --link --chown=1:2 a b', { link: true, chown: '1:2' }, 'COPY --chown=1:2 a b # buildkit'],
    ['COPY --parents a/b /c/', { parents: true }, 'COPY --parents a/b /c/ # buildkit'],
    ['COPY --exclude=$v --exclude=*.md . .', { exclude: ['$v', '*.md'] }, 'COPY . . # buildkit'],
    ['COPY --from=busybox a b', { from: { kind: 'image', reference: 'busybox' } }, 'COPY a b # buildkit'],
    ['COPY --from=scratch a b', { from: { kind: 'scratch' } }, 'COPY a b # buildkit'],
    ['COPY --from= a b', { from: { kind: 'context' } }, 'COPY a b # buildkit'],
    ['COPY a b', { from: { kind: 'context' }, link: false, parents: false, exclude: [] }, 'COPY a b # buildkit'],
  ])('%s', (line, expected, createdBy) => {
    const step = lastCopy(HEAD + line);
    expect(step).toMatchObject(expected);
    expect(step.createdBy).toBe(createdBy);
  });

  it('ADD keeps its own flags', () => {
    expect(lastCopy(`${HEAD}ADD --unpack=false a /b`)).toMatchObject({ unpack: false, remotes: new Map() });
    expect(lastCopy(`${HEAD}ADD a /b`)).not.toHaveProperty('unpack');
  });

  it('ADD knows what it has to fetch, with the flags that speak of it', () => {
    const sum = `sha256:${'a'.repeat(64)}`;
    const file = 'https://x.test/f';
    const repository = 'https://x.test/r.git#v1:d';
    expect(lastCopy(`${HEAD}ADD --checksum=${sum} ${file} /f`)).toMatchObject({
      remotes: new Map([[file, { kind: 'http', url: file, checksum: sum }]]),
    });
    const git = { remote: 'https://x.test/r.git', ref: 'v1', subdir: 'd' };
    expect(lastCopy(`${HEAD}ADD --keep-git-dir a ${repository} /f`)).toMatchObject({
      remotes: new Map([[repository, { kind: 'git', git: { ...git, keepGitDir: true } }]]),
    });
    expect(lastCopy(`${HEAD}ADD --checksum=ABCDEF12 ${repository} /f`)).toMatchObject({
      remotes: new Map([[repository, { kind: 'git', git: { ...git, checksum: 'abcdef12' } }]]),
    });
  });

  it('the history shows addresses without what is confidential in them', () => {
    expect(lastCopy(`${HEAD}ADD https://me:secret@x.test/f /f`).createdBy).toBe(
      'ADD https://xxxxx@x.test/f /f # buildkit',
    );
  });

  it('flags that expand to nothing count as not given', () => {
    const step = lastCopy(`${HEAD}COPY --chown=$none --chmod=$none a b`);
    expect(step).not.toHaveProperty('chown');
    expect(step).not.toHaveProperty('chmod');
  });

  test.each([
    ['b', '/w/b'],
    ['b/', '/w/b/'],
    ['b/.', '/w/b/'],
    ['.', '/w/'],
    ['./', '/w/'],
    ['""', '/w/'],
    ['..', '/'],
    ['/', '/'],
    ['/.', '/'],
    ['/x/../y//', '/y/'],
    ['/x/..', '/'],
    ['../../../z', '/z'],
  ])('the destination %s is %s', (destination, expected) => {
    expect(lastCopy(`${HEAD}WORKDIR /w\nCOPY a ${destination}`).destination).toBe(expected);
  });

  it('heredocs are files: expanded unless quoted, tabs taken away with "-", the last of one name', () => {
    const text = `${HEAD}COPY p <<A <<-"B" <<A /d/\none\nA\n\t$v\n\tB\n$v "x" \\$v\nA`;
    const step = lastCopy(text);
    expect(step.inlineFiles).toEqual([
      { name: 'A', content: 'w "x" $v\n' },
      { name: 'B', content: '$v\n' },
    ]);
    expect(step.sources).toEqual(['p']);
    expect(step.createdBy).toBe('COPY p <<A <<B <<A /d/ # buildkit');
  });

  test.each([
    ['COPY https://x.test/a /b', 'PLAN_COPY_REMOTE'],
    ['COPY a git@x.test:y /b', 'PLAN_COPY_REMOTE'],
    ['COPY --chmod=8 a b', 'PLAN_BAD_CHMOD'],
    ['COPY --chmod=10000 a b', 'PLAN_BAD_CHMOD'],
    ['COPY --chmod=u~x a b', 'PLAN_BAD_CHMOD'],
    ['COPY --link --chown=name a b', 'PLAN_LINK_CHOWN_NAME'],
    ['ADD --checksum=sha256:0 a b', 'PLAN_BAD_CHECKSUM'],
    ['ADD --checksum=sha256:0 https://x.test/a https://x.test/b /c', 'PLAN_BAD_CHECKSUM'],
    ['ADD --checksum=md5:0 https://x.test/a /c', 'PLAN_BAD_ADDRESS'],
    ['ADD --checksum=nohex https://x.test/a.git /c', 'PLAN_BAD_ADDRESS'],
    ['ADD --checksum=abcdef1 https://x.test/a.git?commit=abcdef2 /c', 'PLAN_BAD_ADDRESS'],
    ['ADD https://x.test/a.git?bogus=1 /c', 'PLAN_BAD_ADDRESS'],
    ['ADD https://x.test:port/a /c', 'PLAN_BAD_ADDRESS'],
    ['COPY --from=$v a b', 'VARIABLE|FROM'],
  ])('%s is refused at its place', (line, code) => {
    expect(() => lastCopy(HEAD + line)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(code),
        span: expect.objectContaining({ start: expect.objectContaining({ line: 3 }) }),
        hint: expect.any(String),
      }),
    );
  });

  test.each(['0', '755', '04755', '=', 'u+x-w', 'a=rX', 'u=rwx,go=rx', 'go=u'])('--chmod=%s is taken', (mode) => {
    expect(lastCopy(`${HEAD}COPY --chmod=${mode} a b`).chmod).toBe(mode);
  });

  test.each([
    ['a/b', 'path'],
    ['./x.git', 'path'],
    ['foo.git', 'path'],
    ['github.com/foo/bar', 'path'],
    ['ftp://x.test/a.git', 'path'],
    ['https://x.test/a', 'http'],
    ['HTTP://x.test/a?b=c.git', 'http'],
    ['https://x.test/a.git', 'git'],
    ['https://x.test/a/b.git#ref:dir', 'git'],
    ['https://x.test/a.git?tag=v1', 'git'],
    ['ssh://git@x.test:22/a', 'git'],
    ['git://x.test/a', 'git'],
    ['git@x.test:a/b', 'git'],
  ])('the source %s is %s', (source, kind) => {
    expect(sourceKind(source)).toBe(kind);
  });
});
