import { describe, expect, test } from 'vitest';
import { mountFilesRemark } from '../../../src/build/explain/compare-mounts.ts';
import { compareRecords } from '../../../src/build/explain/compare-records.ts';
import { argsRemark, contentRemark, type Difference } from '../../../src/build/explain/comparisons.ts';
import { formatReasons } from '../../../src/build/explain/format-reasons.ts';
import type { Ingredient } from '../../../src/cache/frame.ts';
import { frameKey } from '../../../src/cache/frame.ts';
import { digestsOfValue, type RecalledRecord, type RecordedIngredient } from '../../../src/cache/records.ts';
import { toDiffId } from '../../../src/core/digest.ts';
import { digestOf } from '../../../src/io/hash.ts';
import { textListOf } from '../../support/text-list-of.ts';

const A = `sha256:${'a'.repeat(64)}`;
const B = `sha256:${'b'.repeat(64)}`;

function recorded(ingredients: readonly RecordedIngredient[], remarks: readonly RecordedIngredient[] = []) {
  const record: RecalledRecord = {
    version: 1,
    key: frameKey('test', []),
    diffId: toDiffId(A),
    created: '1980-02-01T00:00:00Z',
    step: 'RUN true',
    recipe: 'test 1',
    ingredients,
    remarks,
  };
  return record;
}

function explained(differences: readonly Difference[]): string {
  return formatReasons(differences.map((each) => (each.kind === 'below' ? { kind: 'layers-below' } : each)));
}

const one = (name: string, value: Ingredient['value']): Ingredient => ({ name, value });

/** A file as it stands in keys; `path` is `''` for a source that is a file. */
function file(path: string, { mode = 0o644, uid = 0, size = 1, content = A } = {}): string {
  return JSON.stringify([path, 'file', mode, uid, 0, size, null, null, null, null, content]);
}

const folder = (path: string): string =>
  JSON.stringify([path, 'directory', 0o755, 0, 0, 0, null, null, null, null, null]);
const link = (path: string, to: string): string =>
  JSON.stringify([path, 'symlink', 0o777, 0, 0, 0, to, null, null, null, null]);
const tree = (...files: readonly string[]): string[] => [JSON.stringify(['directory', '', files.length]), ...files];
const source = (name: string, more = {}): string[] => [JSON.stringify(['file', name, 1]), file('', more)];

describe('what changed between two records, in words', () => {
  test.each<[sentence: string, name: string, before: Ingredient['value'], now: Ingredient['value']]>([
    ['command npm ci→npm ci --omit=dev', 'argv', ['/bin/sh', '-c', 'npm ci'], ['/bin/sh', '-c', 'npm ci --omit=dev']],
    ['command /bin/sh -c make→/bin/bash -c make', 'argv', ['/bin/sh', '-c', 'make'], ['/bin/bash', '-c', 'make']],
    ['command ""→echo 1', 'script', [], ['echo 1']],
    ['platform linux/amd64→linux/arm64', 'platform', 'linux/amd64', 'linux/arm64'],
    ['the layers below changed', 'parent', A, B],
    ['WORKDIR /→/srv', 'cwd', '/', '/srv'],
    ['USER ""→node', 'user', '', 'node'],
    ['--network default→none', 'network', 'default', 'none'],
    ['--timestamps fixed 318211200→preserve', 'times', 'fixed 318211200', 'preserve'],
    ['--chown ""→1000:1000', 'chown', '', '1000:1000'],
    ['--chmod 644→755', 'chmod', '644', '755'],
    ['destination /app→/srv', 'destination', '/app', '/srv'],
    ['--add-host a→a, b', 'hosts', ['a'], ['a', 'b']],
    ['rights of this machine ""→single-id', 'host', '', 'single-id'],
    ['destination /app→/srv/app', 'target', ['["app","directory"]'], ['["srv/app","directory"]']],
    ['directory /app of the layers below: missing→directory', 'target', ['["app","missing"]'], ['["app","directory"]']],
    [
      'directory /app of the layers below: mode 0755→0700, owner 0:0→5:5',
      'target',
      ['["app","directory"]', '["app",493,0,0,null]'],
      ['["app","directory"]', '["app",448,5,5,null]'],
    ],
    [
      '1 package changed: node_modules/a',
      'content',
      ['["node_modules/a","sha512-1"]', '["node_modules/b","sha512-2"]'],
      ['["node_modules/a","sha512-3"]', '["node_modules/b","sha512-2"]'],
    ],
  ])('%s', (sentence, name, before, now) => {
    const parts = { recipe: 'test 1', ingredients: [one(name, now)], remarks: [] };
    expect(explained(compareRecords(recorded([one(name, before)]), parts))).toBe(sentence);
  });

  test.each<[sentence: string, before: readonly string[], now: readonly string[], args?: readonly string[]]>([
    ['ENV NODE_ENV production→development', ['NODE_ENV=production'], ['NODE_ENV=development']],
    ['ARG V 1→2', ['PATH=/bin', 'V=1'], ['PATH=/bin', 'V=2'], ['V']],
    ['ENV A is new, 1', [], ['A=1']],
    ['ENV A is gone, was 1', ['A=1'], []],
    ['ENV A ""→x=y', ['A='], ['A=x=y']],
    ['SOURCE_DATE_EPOCH 1→2', ['SOURCE_DATE_EPOCH=1'], ['SOURCE_DATE_EPOCH=2']],
    ['ENV A 1→2; ENV C is new, 3; ENV B is gone, was 1', ['A=1', 'B=1'], ['A=2', 'C=3']],
    ['order of variables A B→B A', ['A=1', 'B=1'], ['B=1', 'A=1']],
    ['ARG NPM_TOKEN changed', ['NPM_TOKEN=hunter2'], ['NPM_TOKEN=hunter3'], ['NPM_TOKEN']],
    ['ENV A is new, two lines', [], ['A=two\nlines']],
    [
      `ENV PATH …${'x'.repeat(12)}1…→…${'x'.repeat(12)}2…`
        .replaceAll('1…', `1${'y'.repeat(35)}…`)
        .replaceAll('2…', `2${'y'.repeat(35)}…`),
      [`PATH=${'x'.repeat(50)}1${'y'.repeat(50)}`],
      [`PATH=${'x'.repeat(50)}2${'y'.repeat(50)}`],
    ],
  ])('%s', (sentence, before, now, args = []) => {
    const parts = { recipe: 'test 1', ingredients: [one('env', now)], remarks: argsRemark(args) };
    expect(explained(compareRecords(recorded([one('env', before)]), parts))).toBe(sentence);
  });

  test.each<[sentence: string, before: readonly string[], now: readonly string[]]>([
    [
      '2 files changed: a.ts (content), b.sh (mode 0644→0755)',
      tree(folder(''), file('a.ts'), file('b.sh')),
      tree(folder(''), file('a.ts', { content: B }), file('b.sh', { mode: 0o755 })),
    ],
    [
      '1 file changed: a (content, mode 0644→0600, owner 0:0→7:0)',
      tree(file('a')),
      tree(file('a', { mode: 0o600, uid: 7, content: B })),
    ],
    ['1 file changed: a (content)', tree(file('a')), tree(file('a', { size: 2 }))],
    ['1 file changed: b (added)', tree(file('a')), tree(file('a'), file('b', { content: B }))],
    ['1 file changed: b (removed)', tree(file('a'), file('b')), tree(file('a'))],
    ['1 file changed: a→lib/b (renamed)', tree(file('a')), tree(folder('lib'), file('lib/b'))],
    ['1 file changed: lib (added)', tree(file('a')), tree(file('a'), folder('lib'))],
    ['1 file changed: a (link x→y)', tree(link('a', 'x')), tree(link('a', 'y'))],
    ['1 file changed: a (file→symlink)', tree(file('a')), tree(link('a', 'y'))],
    ['1 file changed: package.json (content)', source('package.json'), source('package.json', { content: B })],
    [
      '1 file changed: package.json (content)',
      [...source('package.json'), ...source('package-lock.json')],
      [...source('package.json', { content: B }), ...source('package-lock.json')],
    ],
    [
      '8 files changed: f0 (added), f1 (added), f2 (added), f3 (added), f4 (added), 3 more',
      tree(),
      tree(...Array.from({ length: 8 }, (_, at) => file(`f${at}`))),
    ],
  ])('%s', (sentence, before, now) => {
    const parts = { recipe: 'test 1', ingredients: [one('sources', now)], remarks: [] };
    expect(explained(compareRecords(recorded([one('sources', before)]), parts))).toBe(sentence);
  });

  test.each<[sentence: string, before: readonly Ingredient[], now: readonly Ingredient[]]>([
    ['--mount=cache,id=/c added', [], [one('mount cache', ['/c', '/c', 'rw'])]],
    ['--mount=secret,id=npmrc removed', [one('mount secret', ['npmrc', '/run/x', ''])], []],
    ['--mount=tmpfs,target=/t changed', [one('mount tmpfs', ['/t', '1'])], [one('mount tmpfs', ['/t', '2'])]],
    [
      '--mount=bind,target=/b changed',
      [one('mount bind', ['/a', 'ro', A]), one('mount bind', ['/b', 'ro', A])],
      [one('mount bind', ['/a', 'ro', A]), one('mount bind', ['/b', 'ro', B])],
    ],
  ])('%s', (sentence, before, now) => {
    expect(explained(compareRecords(recorded(before), { recipe: 'test 1', ingredients: now, remarks: [] }))).toBe(
      sentence,
    );
  });

  test('names the files behind a digest, of a mount and of a directory that is a base image', () => {
    const mount = (digest: string): Ingredient[] => [one('mount bind', ['/b', 'ro', digest])];
    const files = (content: string): string[] => [folder(''), file('a', { content })];
    const bound = recorded(mount(A), [mountFilesRemark('/b', files(A))]);
    const now = { recipe: 'test 1', ingredients: mount(B), remarks: [mountFilesRemark('/b', files(B))] };
    expect(explained(compareRecords(bound, now))).toBe('1 file of --mount=bind,target=/b changed: a (content)');
    const base = recorded([one('content', A)], [contentRemark(files(A))]);
    const baseNow = { recipe: 'test 1', ingredients: [one('content', B)], remarks: [contentRemark(files(B))] };
    expect(explained(compareRecords(base, baseNow))).toBe('1 file changed: a (content)');
  });

  test('says that a list was not kept, and nothing of an equal one', () => {
    const before = recorded([{ name: 'sources', digest: A as never }]);
    const parts = { recipe: 'test 1', ingredients: [one('sources', tree(file('a')))], remarks: [] };
    expect(explained(compareRecords(before, parts))).toBe('files changed (which ones was not kept)');
    expect(compareRecords(recorded(parts.ingredients), parts)).toEqual([]);
  });

  test('finds a list equal to one of which the digest was kept, of its JSON as well', () => {
    const texts = Array.from({ length: 500 }, (_, at) => `${at} ${A}`);
    const lists = [texts, textListOf(texts)].map((value) => ({ name: 'sources', value }));
    for (const now of lists) {
      for (const digest of digestsOfValue(now.value)) {
        const parts = { recipe: 'test 1', ingredients: [now], remarks: [] };
        expect(compareRecords(recorded([{ name: 'sources', digest }]), parts)).toEqual([]);
      }
    }
    expect(digestsOfValue(textListOf(texts))).toContain(digestOf(Buffer.from(JSON.stringify(texts))));
  });

  test('compares no parts whose meaning is another one', () => {
    const parts = { recipe: 'test 2', ingredients: [one('cwd', '/')], remarks: [] };
    expect(explained(compareRecords(recorded([one('cwd', '/srv')]), parts))).toBe(
      'another version of lamella (test 1→test 2)',
    );
  });
});

test.each([
  [{ kind: 'first-build' }, 'first build, nothing to compare with'],
  [{ kind: 'new-step' }, 'a new step'],
  [{ kind: 'no-cache' }, '--no-cache'],
  [{ kind: 'no-cache', stage: 'test' }, '--no-cache-filter=test'],
  [{ kind: 'evicted', what: 'record' }, 'nothing changed, but the earlier result is no longer in the cache'],
  [{ kind: 'evicted', what: 'layer' }, 'nothing changed, but the earlier layer is no longer in the cache'],
  [
    { kind: 'evicted', what: 'earlier-record' },
    'what the earlier build recorded is no longer in the cache, nothing to compare with',
  ],
  [{ kind: 'stage', stage: 'deps' }, 'because stage deps changed'],
  [{ kind: 'base-image', reference: 'node:24' }, 'base image digest changed: node:24'],
  [
    { kind: 'base-image', reference: 'node:24', from: A, to: B },
    `base image digest changed: node:24 sha256:${'a'.repeat(12)}→sha256:${'b'.repeat(12)}`,
  ],
  [{ kind: 'base-image', reference: 'node:24', from: 'node:22', to: 'node:24' }, 'base image node:22→node:24'],
  [
    { kind: 'step-above', change: 'changed', step: { index: 2, total: 4, text: 'COPY a b' } },
    'because step 2/4 above changed (COPY a b)',
  ],
  [
    { kind: 'step-above', change: 'added', step: { index: 2, total: 4, text: 'COPY a b' } },
    'because step 2/4 above is new (COPY a b)',
  ],
  [{ kind: 'step-above', change: 'removed', step: { text: 'COPY a b' } }, 'because a step above is gone (COPY a b)'],
] as const)('%o reads as a sentence', (reason, sentence) => {
  expect(formatReasons([reason])).toBe(sentence);
});
