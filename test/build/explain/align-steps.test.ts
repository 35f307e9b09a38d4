import { expect, test } from 'vitest';
import { alignSteps } from '../../../src/build/explain/align-steps.ts';

test.each<[what: string, earlier: readonly string[], now: readonly string[], pairs: readonly (number | undefined)[]]>([
  ['equal texts', ['COPY a', 'RUN b'], ['COPY a', 'RUN b'], [0, 1]],
  ['an instruction inserted above', ['COPY a', 'RUN b'], ['RUN x', 'COPY a', 'RUN b'], [undefined, 0, 1]],
  ['one inserted that is of the same kind', ['RUN b'], ['RUN x', 'RUN b'], [undefined, 0]],
  ['one removed', ['RUN x', 'COPY a', 'RUN b'], ['COPY a', 'RUN b'], [1, 2]],
  ['one edited', ['COPY a', 'RUN npm ci', 'RUN b'], ['COPY a', 'RUN npm ci --omit=dev', 'RUN b'], [0, 1, 2]],
  [
    'one edited below one inserted',
    ['RUN apt-get update', 'RUN npm ci'],
    ['RUN apt-get update', 'RUN x', 'RUN npm ci -v'],
    [0, undefined, 1],
  ],
  ['the same text twice', ['RUN a', 'RUN a'], ['RUN a', 'RUN a', 'RUN a'], [0, 1, undefined]],
  ['two exchanged', ['COPY a', 'RUN b'], ['RUN b', 'COPY a'], [1, 0]],
  ['another instruction in its place', ['COPY a'], ['RUN a'], [undefined]],
  ['nothing before', [], ['RUN a'], [undefined]],
  ['nothing now', ['RUN a'], [], []],
])('pairs the steps of two builds: %s', (_, earlier, now, pairs) => {
  expect(alignSteps(earlier, now)).toEqual(pairs);
});
