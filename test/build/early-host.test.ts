import { join } from 'node:path';
import { expect, it } from 'vitest';
import { resolveSettings } from '../../src/build/defaults.ts';
import { startHostEarly } from '../../src/build/early-host.ts';
import type { BuildOptions } from '../../src/build/options.ts';
import type { SharedCaches } from '../../src/build/shared/shared-caches.ts';
import { frameKey } from '../../src/cache/frame.ts';
import { createLongValues } from '../../src/cache/long-values.ts';
import { createCacheRecords } from '../../src/cache/records.ts';
import { toDiffId } from '../../src/core/digest.ts';
import { parse } from '../../src/parser/parse.ts';
import { tempDir } from '../support/temp-dir.ts';

interface Given {
  readonly options?: BuildOptions;
  readonly text?: string;
  readonly isRecorded?: boolean;
  readonly hasSources?: boolean;
}

function startsEarly({ options = {}, text = 'RUN true', isRecorded = false, hasSources = false }: Given): boolean {
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
  startHostEarly(session, { instructions: parse(`FROM scratch\n${text}\n`).instructions });
  return started;
}

it('the sandbox host is started before its first command where no cache can have the result', () => {
  expect(startsEarly({})).toBe(true);
  expect(startsEarly({ isRecorded: true, options: { noCache: true } })).toBe(true);
});

it.each<[string, Given]>([
  ['there is no command', { text: 'COPY a b' }],
  ['something was recorded before', { isRecorded: true }],
  ['another machine may have made it', { hasSources: true }],
  ['an installation may be done without it', { options: { npm: { mode: 'native' } } }],
])('the sandbox host waits for its first command when %s', (_, given) => {
  expect(startsEarly(given)).toBe(false);
});
