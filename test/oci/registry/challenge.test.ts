import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../src/oci/registry/challenge.ts';

describe('parseChallenges', () => {
  it.each([
    ['', []],
    ['Basic realm="a registry"', [{ scheme: 'basic', parameters: { realm: 'a registry' } }]],
    [
      'Bearer realm="https://auth.example/token",service="r.example",scope="repository:a/b:pull,push"',
      [
        {
          scheme: 'bearer',
          parameters: { realm: 'https://auth.example/token', service: 'r.example', scope: 'repository:a/b:pull,push' },
        },
      ],
    ],
    [
      'Basic realm="x", Bearer realm="y", error=invalid_token',
      [
        { scheme: 'basic', parameters: { realm: 'x' } },
        { scheme: 'bearer', parameters: { realm: 'y', error: 'invalid_token' } },
      ],
    ],
    ['Negotiate', [{ scheme: 'negotiate', parameters: {} }]],
    [
      'Negotiate YWJj==, Basic realm="x"',
      [
        { scheme: 'negotiate', parameters: {} },
        { scheme: 'basic', parameters: { realm: 'x' } },
      ],
    ],
    ['BEARER Realm = "a \\"quoted\\" one"', [{ scheme: 'bearer', parameters: { realm: 'a "quoted" one' } }]],
    ['Basic realm="unterminated', [{ scheme: 'basic', parameters: {} }]],
  ])('reads %s', (header, expected) => {
    expect(parseChallenges(header)).toMatchObject(expected);
  });

  it('ends on every input', () => {
    fc.assert(fc.property(fc.string(), (header) => Array.isArray(parseChallenges(header))));
    fc.assert(
      fc.property(fc.array(fc.constantFrom('Basic', ' ', ',', '=', '"', '\\', 'realm', 'x')), (parts) =>
        Array.isArray(parseChallenges(parts.join(''))),
      ),
    );
  });
});
