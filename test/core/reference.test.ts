import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toDigest } from '../../src/core/digest.ts';
import { isBuilderError } from '../../src/core/errors.ts';
import { type FamiliarReference, formatReference, parseReference } from '../../src/core/reference.ts';

const DIGEST = toDigest('a'.repeat(64));

const component = fc.stringMatching(/^[a-z0-9]+(?:(?:\.|_|__|-{1,3})[a-z0-9]+){0,2}$/);
const registry = fc.oneof(
  fc.constantFrom('localhost', 'localhost:5000', 'example.test', '127.0.0.1:5000', '[::1]:5000', 'UPPER', 'host:1'),
  fc.stringMatching(/^[a-z0-9]{1,8}\.[a-z0-9]{1,8}(?::[0-9]{1,5})?$/),
);
const references: fc.Arbitrary<FamiliarReference> = fc
  .record(
    {
      registry,
      repository: fc.array(component, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      tag: fc.stringMatching(/^\w[\w.-]{0,20}$/),
      digest: fc.constant(DIGEST),
    },
    { requiredKeys: ['repository'] },
  )
  .filter(({ registry: host, repository }) => host !== undefined || !repository.startsWith('localhost/'))
  .filter(({ registry: host, repository }) => host !== undefined || !/^[^/]*\.[^/]*\//.test(repository));

describe('parseReference', () => {
  test.each<[string, FamiliarReference]>([
    ['busybox', { repository: 'busybox' }],
    ['busybox:1.36', { repository: 'busybox', tag: '1.36' }],
    ['acme/app', { repository: 'acme/app' }],
    ['acme/app:V_1.0-rc', { repository: 'acme/app', tag: 'V_1.0-rc' }],
    ['localhost/app', { registry: 'localhost', repository: 'app' }],
    ['localhost:5000/app', { registry: 'localhost:5000', repository: 'app' }],
    ['localhost:5000', { repository: 'localhost', tag: '5000' }],
    ['example.test/a/b/c', { registry: 'example.test', repository: 'a/b/c' }],
    ['EXAMPLE/app', { registry: 'EXAMPLE', repository: 'app' }],
    ['[fd00::1]:5000/app:x', { registry: '[fd00::1]:5000', repository: 'app', tag: 'x' }],
    [`app@${DIGEST}`, { repository: 'app', digest: DIGEST }],
    [`h:1/app:t@${DIGEST}`, { registry: 'h:1', repository: 'app', tag: 't', digest: DIGEST }],
    ['a__b/c---d/e.f', { repository: 'a__b/c---d/e.f' }],
  ])('splits %j', (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
  });

  test.each([
    ['', 'empty'],
    [':tag', 'empty'],
    ['App', 'a repository is lower case'],
    ['example.test/App', 'a repository is lower case'],
    ['app:', 'bad tag ""'],
    ['app:-x', 'bad tag "-x"'],
    [`app:${'x'.repeat(129)}`, 'bad tag'],
    ['app@sha256:123', 'bad digest "sha256:123"'],
    ['app@', 'bad digest ""'],
    ['a//b', 'bad repository component ""'],
    ['/app', 'bad repository component ""'],
    ['app/', 'bad repository component ""'],
    ['a___b', 'bad repository component "a___b"'],
    ['.app', 'bad repository component ".app"'],
    ['app.', 'bad repository component "app."'],
    ['a b', 'bad repository component "a b"'],
    ['app\n', 'bad repository component'],
    ['-host.test/app', 'bad registry "-host.test"'],
    ['host.test:port/app', 'bad registry "host.test:port"'],
    [`a/${'b'.repeat(255)}`, 'longer than 255'],
  ])('refuses %j: %s', (text, why) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: 'OPTION_BAD_REFERENCE',
        message: expect.stringContaining(why),
        hint: expect.any(String),
      }),
    );
  });

  it('reads what formatReference writes', () => {
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseReference(formatReference(reference))).toEqual(reference);
      }),
    );
  });

  it('throws nothing but its own error, and gives back what it took unchanged', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a-zA-Z0-9.:@/_\-[\]]{0,30}$/)),
        (text) => {
          try {
            expect(formatReference(parseReference(text))).toBe(text);
          } catch (error) {
            expect(isBuilderError(error)).toBe(true);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
