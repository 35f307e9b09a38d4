import { describe, expect, it } from 'vitest';
import { parseProjectConfig } from '../../src/npm/project-config.ts';

function parse(text: string): unknown {
  return parseProjectConfig(JSON.parse(text), { name: 'package.json', text });
}

describe('the field lamella of package.json', () => {
  it.each([
    ['a field that nobody knows', '{"lamella":{"colour":1}}', 'unknown field lamella.colour', 'there are base, node,'],
    [
      'a field that is written wrongly',
      '{"lamella":{"nod":"22"}}',
      'unknown field lamella.nod',
      'did you mean "node"?',
    ],
    ['a value of another type', '{"lamella":{"expose":"80"}}', 'lamella.expose of package.json must be', 'schema/'],
  ])('is refused where it stands for %s', (_what, text, message, hint) => {
    const column = text.lastIndexOf(':') + 2;
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'OPTION_BAD_PROJECT_CONFIG',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
        span: expect.objectContaining({ start: expect.objectContaining({ line: 1, column }) }),
      }),
    );
  });

  it('may be missing', () => {
    expect(parse('{}')).toEqual({});
  });
});
