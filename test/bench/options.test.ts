import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../bench/options.ts';

describe('the options of the benchmarks', () => {
  it('choose everything, three rounds and full scale by themselves', () => {
    const { only, rounds, scale, writeDocs } = parseOptions([]);
    expect({ only, rounds, scale, writeDocs }).toEqual({
      only: ['W1', 'W2', 'W3', 'W4', 'W5', 'W6', 'W8', 'micro'],
      rounds: 3,
      scale: 1,
      writeDocs: false,
    });
  });

  it('keep the order of the report, whatever the order of the list', () => {
    expect(parseOptions(['--only', 'micro,W2,W1']).only).toEqual(['W1', 'W2', 'micro']);
  });

  it('take all columns of lamella for its name', () => {
    expect(parseOptions(['--peers', 'docker,lamella']).builders).toEqual([
      'lamella',
      'lamella unshare',
      'lamella native',
      'docker',
    ]);
  });

  it.each([
    [['--only', 'W9'], '--only: W9 is none of'],
    [['--peers', 'make'], '--peers: make is none of'],
    [['--rounds', '1.5'], '--rounds: 1.5'],
    [['--scale', '0'], '--scale: 0'],
    [['--scale', 'big'], '--scale: big'],
    [['--rest', 'soon'], '--rest: soon'],
  ])('refuse %j with the value', (args, message) => {
    expect(() => parseOptions(args)).toThrow(message);
  });
});
