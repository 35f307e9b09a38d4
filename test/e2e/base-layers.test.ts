import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Image } from '../../src/core/image.ts';
import type { ContentReader } from '../../src/core/ports.ts';
import { writeLayout } from '../../src/oci/layout/write-layout.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { makeImage, makeLayer, makeTar, publish } from '../support/images.ts';
import { createProject } from '../support/project.ts';
import { startRegistry } from '../support/registry/server.ts';
import { type CliResult, runCli } from '../support/run-cli.ts';
import { BUSYBOX } from '../support/sandbox-box.ts';
import { type TarMember, tarOf } from '../support/tar-of.ts';

const END_MARK = 1024;

type Members = Readonly<Record<string, TarMember>>;

/** Where the base comes from: layers of a registry are unpacked while they are fetched. */
const PLACES = {
  async 'a layout'(dir: string, image: Image, store: ContentReader): Promise<string> {
    await writeLayout(join(dir, 'base'), [{ image, names: [] }], store);
    return `oci-layout://${join(dir, 'base')}`;
  },
  async 'a registry'(_: string, image: Image, reader: ContentReader): Promise<string> {
    return `docker-image://${await publish(await startRegistry(), 'base:1', { ...image, reader })}`;
  },
};

const EACH_PLACE = Object.keys(PLACES) as (keyof typeof PLACES)[];

interface Command {
  readonly place: keyof typeof PLACES;
  readonly command: string;
  readonly args?: readonly string[];
}

/** Runs a command on a base of one layer: a shell, and after it `members`. */
async function runOn(members: Members, command: Command): Promise<CliResult> {
  return await runOnLayers([members], command);
}

/** The same with more layers above. */
async function runOnLayers(
  [members = {}, ...above]: readonly Members[],
  { place, command, args = [] }: Command,
): Promise<CliResult> {
  const dockerfile = `FROM base\nRUN ${JSON.stringify(['/bin/busybox', 'sh', '-c', command])}\n`;
  using project = createProject({ Dockerfile: dockerfile });
  const shell = makeTar({ 'bin/busybox': { content: readFileSync(BUSYBOX), mode: 0o755 } });
  const tar = Buffer.concat([shell.subarray(0, -END_MARK), await tarOf(members)]);
  const store = createMemoryStore();
  const tars = [tar, ...(await Promise.all(above.map(tarOf)))];
  const image = await makeImage(store, { layers: await Promise.all(tars.map((bytes) => makeLayer(store, bytes))) });
  const base = await PLACES[place](project.out, image, store);
  const cache = ['--cache-dir', join(project.out, 'cache')];
  return await runCli(['build', '--build-context', `base=${base}`, ...cache, ...args, project.dir]);
}

describe.each(EACH_PLACE)(
  'the lowest layer of a base from %s, which is unpacked while its table of contents is read',
  (place) => {
    test('may have files below a link of its own', async () => {
      const members = {
        'real/': { header: { type: 'directory', mode: 0o755 } },
        link: { header: { type: 'symlink', linkname: 'real' } },
        'link/below': 'text',
      } as const;
      const command = '/bin/busybox grep text /real/below && /bin/busybox test -L /link';
      const result = await runOn(members, { place, command });
      expect(result.exitCode, result.stderr).toBe(0);
    });

    test('may not be larger than is allowed', async () => {
      const result = await runOn({ file: 'text' }, { place, command: 'true', args: ['--max-layer-entries', '1'] });
      expect(result.exitCode).toBe(8);
      expect(result.stderr).toContain('LAYER_TOO_LARGE');
    });

    test('is told of when it cannot be unpacked', async () => {
      const result = await runOn(
        { gone: { header: { type: 'link', linkname: 'nowhere' } } },
        { place, command: 'true' },
      );
      expect(result.exitCode).toBe(8);
      expect(result.stderr).toContain('nowhere');
    });
  },
);

describe.each(EACH_PLACE)('a layer from %s with files in a directory that only a lower layer describes', (place) => {
  test('leaves the directory as it was, for commands and in what they change', async () => {
    const lower = {
      'open/': { header: { type: 'directory', mode: 0o1777 } },
      'closed/': { header: { type: 'directory', mode: 0o700, uid: 7, gid: 8 } },
    } as const;
    const attributes = '$(/bin/busybox stat -c %a:%u:%g /open /closed)';
    const command = `/bin/busybox touch /open/new && test "$(echo ${attributes})" = "1777:0:0 700:7:8"`;
    const result = await runOnLayers([lower, { 'open/file': 'a', 'closed/file': 'b' }], { place, command });
    expect(result.exitCode, result.stderr).toBe(0);
  });
});
