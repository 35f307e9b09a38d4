import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BuildEvent } from '../../src/build/events.ts';
import { ociArchive, ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { tempDir } from '../support/temp-dir.ts';

const FILES = { Dockerfile: 'FROM scratch\nCOPY . /app\nWORKDIR /app/data\n', 'a.txt': 'a', 'b/c.txt': 'c' };

/** Aborts with `reason` when an event of a type comes. */
function abortAt(type: BuildEvent['type'], reason: unknown) {
  const controller = new AbortController();
  const onEvent = (event: BuildEvent): void => {
    if (event.type === type) controller.abort(reason);
  };
  return { signal: controller.signal, onEvent };
}

function leftovers(cacheDir: string): string[] {
  return readdirSync(join(cacheDir, 'tmp'));
}

describe('a build that is aborted', () => {
  it('before it begins touches nothing', async () => {
    const builder = createBuilder();
    const reason = new Error('not today');
    await expect(builder.build({ files: FILES, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(existsSync(builder.cacheDir)).toBe(false);
  });

  it.each<BuildEvent['type']>(['step-started', 'layer-written', 'step-finished', 'done'])(
    'at %s ends with the reason of its caller, and leaves nothing behind',
    async (type) => {
      const builder = createBuilder();
      for (const reason of [new Error('enough'), 'a text', { code: 42 }]) {
        const build = builder.build({ files: FILES, ...abortAt(type, reason), noCache: true });
        await expect(build).rejects.toBe(reason);
        expect(leftovers(builder.cacheDir)).toEqual([]);
      }
      expect((await builder.build({ files: FILES })).image.layers).toHaveLength(2);
    },
  );

  it('between two outputs writes the second one not at all', async () => {
    const out = tempDir();
    const outputs = [ociArchive(join(out, 'one.tar')), ociLayout(join(out, 'two'))];
    const build = createBuilder().build({ files: FILES, outputs, ...abortAt('output-written', 'enough') });
    await expect(build).rejects.toBe('enough');
    expect(readdirSync(out)).toEqual(['one.tar']);
  });

  it('while it writes an archive leaves no part of one', async () => {
    const out = tempDir();
    const controller = new AbortController();
    const files = { ...FILES, big: 'x'.repeat(3_000_000) };
    const builder = createBuilder();
    await builder.build({ files, compression: 'none' });
    const build = builder.build({
      files,
      compression: 'none',
      outputs: [ociArchive(join(out, 'image.tar'))],
      signal: controller.signal,
      // The next turn of the event loop comes when the archive is being written.
      onEvent: ({ type }) => void (type === 'step-finished' && setImmediate(() => controller.abort('enough'))),
    });
    await expect(build).rejects.toBe('enough');
    expect(readdirSync(out)).toEqual([]);
  });
});

describe('a build that fails', () => {
  it('ends with what its listener throws', async () => {
    const builder = createBuilder();
    const error = new Error('broken listener');
    const onEvent = ({ type }: BuildEvent): void => {
      if (type === 'step-started') throw error;
    };
    await expect(builder.build({ files: FILES, onEvent })).rejects.toBe(error);
    expect(leftovers(builder.cacheDir)).toEqual([]);
  });

  it('ends with the failure that came first, after the other stages have come to rest', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    onTestFinished(() => void process.off('unhandledRejection', note));
    const builder = createBuilder();
    const stages = ['a', 'b', 'c'].map((name) => `FROM scratch AS ${name}\nCOPY . /${name}\nCOPY . /${name}/2`);
    const files = {
      Dockerfile: [
        ...stages,
        'FROM scratch AS broken',
        'COPY missing /',
        'FROM scratch',
        'COPY --from=a / /',
        'COPY --from=b / /',
        'COPY --from=c / /',
        'COPY --from=broken / /',
      ].join('\n'),
      big: 'x'.repeat(2_000_000),
    };
    const build = builder.build({ files });
    await expect(build).rejects.toMatchObject({ family: 'step', span: { start: { line: 11 } } });
    expect(leftovers(builder.cacheDir)).toEqual([]);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
  });

  it('because its cache folder cannot be made says so, before anything is done', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    const build = createBuilder(join(file, 'cache')).build({ files: FILES });
    await expect(build).rejects.toMatchObject({
      family: 'host',
      code: 'HOST_NOT_A_DIRECTORY',
      hint: expect.any(String),
    });
  });

  it('because an output cannot be written has written no part of it, and keeps the image in the store', async () => {
    const builder = createBuilder();
    const file = join(tempDir(), 'file');
    writeFileSync(file, 'mine');
    for (const output of [ociArchive(join(file, 'image.tar')), ociLayout(file), ociLayout(join(file, 'image'))]) {
      const build = builder.build({ files: FILES, tags: ['kept'], outputs: [output] });
      await expect(build).rejects.toMatchObject({ family: 'host' });
    }
    expect(await builder.build({ dockerfileText: 'FROM kept\n' })).toMatchObject({ executed: 0 });
  });
});
