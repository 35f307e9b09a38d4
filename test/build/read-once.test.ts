import { appendFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createBuilder } from '../support/build.ts';
import { countedOpens } from '../support/counted-opens.ts';
import { tempDir } from '../support/temp-dir.ts';

const NAMES = Array.from({ length: 20 }, (_, i) => `src/f${String(i).padStart(2, '0')}`);
const FILES = Object.fromEntries(NAMES.map((name) => [name, `content of ${name}\n`.repeat(50)]));
const DOCKERFILE = 'FROM scratch\nCOPY src /app\n';

describe('files of a context', () => {
  // Files that changed less than two seconds before they were read are read again.
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are read once when nothing is known of them, and not again as long as they stay', async () => {
    const context = tempDir({ ...FILES, Dockerfile: DOCKERFILE });
    const source = join(context, 'src');
    const { build } = createBuilder();
    expect(await countedOpens(source, () => build({ context }))).toEqual(NAMES.map((name) => basename(name)));
    expect(await countedOpens(source, () => build({ context }))).toEqual([]);
  });

  it.each(['gzip', 'zstd', 'none'] as const)(
    'are not read again when another one changes, with %s',
    async (compression) => {
      const many = Array.from({ length: 1000 }, (_, i) => `src/f${i}`);
      const files = Object.fromEntries(many.map((name) => [name, name.repeat(500)]));
      const context = tempDir({ ...files, Dockerfile: DOCKERFILE });
      const { build } = createBuilder();
      await build({ context, compression });
      appendFileSync(join(context, 'src/f500'), 'more');
      const opened = await countedOpens(join(context, 'src'), () => build({ context, compression }));
      // For the key, and for the layer.
      expect(opened).toEqual(['f500', 'f500']);
    },
  );

  it('are read once for steps that copy the same in different stages', async () => {
    const dockerfile = 'FROM scratch AS a\nCOPY src /app\nFROM scratch\nCOPY src /app\nCOPY --from=a /app/f00 /b\n';
    const context = tempDir({ ...FILES, Dockerfile: dockerfile });
    const opened = await countedOpens(join(context, 'src'), () => createBuilder().build({ context }));
    expect(opened).toEqual(NAMES.map((name) => basename(name)));
  });

  it('have the same key whether they are hashed or packed first', async () => {
    const context = tempDir({ ...FILES, Dockerfile: DOCKERFILE });
    const packed = createBuilder();
    const first = await packed.build({ context });
    appendFileSync(join(context, 'src/f07'), 'more');
    const changed = await packed.build({ context });
    writeFileSync(join(context, 'src/f07'), FILES['src/f07'] ?? '');
    expect(await packed.build({ context })).toMatchObject({ cached: 1, executed: 0, image: first.image });
    const anew = createBuilder();
    appendFileSync(join(context, 'src/f07'), 'more');
    expect((await anew.build({ context })).image).toEqual(changed.image);
  });

  it('count with the content that was packed, where one source replaces another', async () => {
    const context = tempDir({ 'a/f': 'first', 'b/f': 'second', Dockerfile: 'FROM scratch\nCOPY a b /to/\n' });
    const { build } = createBuilder();
    await build({ context });
    expect(await build({ context })).toMatchObject({ cached: 1 });
    writeFileSync(join(context, 'a/f'), 'FIRST');
    expect(await build({ context })).toMatchObject({ cached: 0 });
  });
});
