import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { parseExposedPorts } from '../../src/plan/instructions/exposed-ports.ts';
import { corpusDir } from '../support/corpus.ts';

describe('ports of EXPOSE (reference, section 9)', () => {
  test.each([
    ['080', ['80/tcp']],
    ['80/', ['80/tcp']],
    ['127.0.0.1::80', ['80/tcp']],
    ['127.0.0.1:80', ['80/tcp']],
    ['::1:80:8080', ['8080/tcp']],
    ['7000-7001:80', ['80/tcp']],
    ['7000-7001:8000-8001', ['8000/tcp', '8001/tcp']],
  ])('%s exposes %j', (text, ports) => {
    expect(parseExposedPorts(text)?.ports).toEqual(ports);
  });

  test.each([
    '',
    ':',
    '80/tcp/udp',
    '7000-7001:8000-8002',
    '1.2.3:80:80',
    'x:80',
    '99999:80',
    '80-81-82',
    '8 0',
    '+80',
  ])('refuses %j', (text) => {
    expect(parseExposedPorts(text)).toBeUndefined();
  });

  it('tells how it was written', () => {
    expect(parseExposedPorts('80/TCP')).toMatchObject({ upperCaseProtocol: true, hostPart: false });
    expect(parseExposedPorts('80:80')).toMatchObject({ upperCaseProtocol: false, hostPart: true });
  });
});

const corpus = corpusDir();
describe.skipIf(corpus === undefined)('the expose table of the corpus', () => {
  const file = join(corpus ?? '', 'tables/expose.json');
  const { cases } = (corpus ? JSON.parse(readFileSync(file, 'utf8')) : { cases: [] }) as {
    cases: { port: string; exposed: string[] | null }[];
  };
  test.each(cases)('$port exposes $exposed', ({ port, exposed }) => {
    expect(parseExposedPorts(port)?.ports ?? null).toEqual(exposed);
  });
});
