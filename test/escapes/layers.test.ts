import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Box, hasStaticBusybox, openBox, runIn } from '../support/sandbox-box.ts';
import { snapshotterCases } from '../support/snapshotters.ts';
import { HOSTILE_LAYERS } from './hostile-layers.ts';

const SECRET = 'only outside';

describe.skipIf(!hasStaticBusybox()).each(snapshotterCases())('a hostile layer, by $name of $user.title', (each) => {
  let box: Box;
  let outside: string;

  beforeAll(async () => {
    box = await openBox(each.user, 'unshare', each.name);
    outside = mkdtempSync(join(tmpdir(), 'lamella-outside-'));
    writeFileSync(join(outside, 'secret'), SECRET);
    each.user.own(outside);
  });

  afterAll(async () => {
    await box[Symbol.asyncDispose]();
    rmSync(outside, { recursive: true, force: true });
  });

  test.each(HOSTILE_LAYERS)('with $title', async ({ tar, outcome }) => {
    const opened = box.tarLayer(tar(outside)).then((id) => box.open(id));
    if ('refused' in outcome) {
      await expect(opened).rejects.toMatchObject({ code: outcome.refused, hint: expect.any(String) });
    } else {
      await using snapshot = await opened;
      const { stdout } = await runIn(snapshot, outcome.script);
      expect(stdout.replaceAll('\n', '')).toBe(outcome.prints);
    }
    expect(readdirSync(outside)).toEqual(['secret']);
    expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe(SECRET);
    // The host keeps folders of its own as long as it lives.
    expect(readdirSync(join(box.dir, 'tmp')).filter((name) => !/^(root|host)-/.test(name))).toEqual([]);
  });
});
