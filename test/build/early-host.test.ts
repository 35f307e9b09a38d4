import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../src/build/defaults.ts';
import { type EarlyHostSession, startHostByText, startHostEarly } from '../../src/build/early-host.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import type { SharedCaches } from '../../src/build/shared/shared-caches.ts';
import { frameKey } from '../../src/cache/frame.ts';
import { createLongValues } from '../../src/cache/long-values.ts';
import { createCacheRecords } from '../../src/cache/records.ts';
import { toDiffId } from '../../src/core/digest.ts';
import { parse } from '../../src/parser/parse.ts';
import { tempDir } from '../support/temp-dir.ts';

/** By the text, and by the stage of it. */
type Starts = (session: EarlyHostSession, text: string) => void;
const byText: Starts = startHostByText;
const byStage: Starts = (session, text) => void startHostEarly(session, { instructions: parse(text).instructions });

interface Given {
  readonly options?: BuildOptions;
  readonly text?: string;
  readonly isRecorded?: boolean;
  readonly hasSources?: boolean;
}

function startsEarly(start: Starts, given: Given): boolean {
  const { options = {}, text = 'RUN true', isRecorded = false, hasSources = false } = given;
  const dir = tempDir();
  const records = createCacheRecords(join(dir, 'records'), createLongValues(join(dir, 'long')));
  if (isRecorded) {
    const diffId = toDiffId(`sha256:${'0'.repeat(64)}`);
    records.record({ key: frameKey('test', []), diffId, created: '', step: '', ingredients: [] });
  }
  let started = false;
  const session = {
    settings: resolveSettings(options),
    records,
    shared: () => ({ hasSources }) as SharedCaches,
    async sandboxHost() {
      started = true;
      throw new Error('refused');
    },
  };
  start(session, `FROM scratch\n${text}\n`);
  return started;
}

describe.each([
  ['the text', byText],
  ['a stage', byStage],
])('the sandbox host, by %s', (_by, start) => {
  it('is started before its first command where no cache can have the result', () => {
    expect(startsEarly(start, {})).toBe(true);
    expect(startsEarly(start, { isRecorded: true, options: { noCache: true } })).toBe(true);
  });

  it.each<[string, Given]>([
    ['there is no command', { text: 'COPY a b' }],
    ['something was recorded before', { isRecorded: true }],
    ['another machine may have made it', { hasSources: true }],
    ['an installation may be done without it', { options: { npm: { mode: 'native' } } }],
  ])('waits for its first command when %s', (_, given) => {
    expect(startsEarly(start, given)).toBe(false);
  });
});

it('the text alone does not tell which of several stages are built', () => {
  expect(startsEarly(byText, { text: 'RUN true\nFROM scratch' })).toBe(false);
});
