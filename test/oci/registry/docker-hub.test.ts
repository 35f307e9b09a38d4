import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatReference } from '../../../src/core/reference.ts';
import { DOCKER_HUB, formatFamiliar, normalizeReference } from '../../../src/oci/registry/docker-hub.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('normalizeReference', () => {
  it.each([
    ['node:24-slim', `${DOCKER_HUB}/library/node:24-slim`],
    ['node', `${DOCKER_HUB}/library/node:latest`],
    ['acme/app', `${DOCKER_HUB}/acme/app:latest`],
    [`node@${DIGEST}`, `${DOCKER_HUB}/library/node@${DIGEST}`],
    [`node:24@${DIGEST}`, `${DOCKER_HUB}/library/node:24@${DIGEST}`],
    [`index.${DOCKER_HUB}/node`, `${DOCKER_HUB}/library/node:latest`],
    [`${DOCKER_HUB}/a/b/c:1`, `${DOCKER_HUB}/a/b/c:1`],
    ['localhost/app', 'localhost/app:latest'],
    ['127.0.0.1:5000/app:1', '127.0.0.1:5000/app:1'],
    ['[::1]:5000/a/b', '[::1]:5000/a/b:latest'],
  ])('reads %s as %s', (text, expected) => {
    expect(formatReference(normalizeReference(text))).toBe(expected);
  });

  it('refuses what is no reference', () => {
    expect(() => normalizeReference('Node')).toThrow(expect.objectContaining({ code: 'OPTION_BAD_REFERENCE' }));
  });
});

describe('formatFamiliar', () => {
  it.each([
    ['node:24-slim', 'node:24-slim'],
    ['node', 'node:latest'],
    ['acme/app:1', 'acme/app:1'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
  ])('writes %s as %s', (text, expected) => {
    expect(formatFamiliar(normalizeReference(text))).toBe(expected);
  });

  it('is read as the same reference again', () => {
    const part = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
    const registry = fc.constantFrom(undefined, 'localhost', 'r.example:5000', DOCKER_HUB);
    fc.assert(
      fc.property(registry, fc.array(part, { minLength: 1, maxLength: 3 }), part, (host, path, tag) => {
        const reference = normalizeReference({ ...(host && { registry: host }), repository: path.join('/'), tag });
        expect(normalizeReference(formatFamiliar(reference))).toEqual(reference);
      }),
    );
  });
});
