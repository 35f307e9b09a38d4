import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Compression } from '../../src/core/media-types.ts';
import { writeDockerArchive } from '../../src/oci/archive/docker-archive.ts';
import { writeOciArchive } from '../../src/oci/archive/oci-archive.ts';
import { validateImage } from '../../src/oci/image/validate.ts';
import { readLayout, readLayoutImage } from '../../src/oci/layout/read-layout.ts';
import { writeLayout } from '../../src/oci/layout/write-layout.ts';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { requireTool, run, TEST_DOCKER } from '../support/host.ts';
import { tempDir } from '../support/temp-dir.ts';
import { type Engine, openBuildah, openContainerd, openDocker, openPodman, runBundle, uniqueName } from './engines.ts';
import { MESSAGE, makeInteropImage } from './interop-image.ts';

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd'];
const AMD64 = { os: 'linux', architecture: 'amd64' };

/** Where the exports of one compression are; every engine finds the image as `name`. */
interface Exports {
  readonly name: string;
  readonly tag: string;
  readonly layout: string;
  readonly ociArchive: string;
  readonly dockerArchive: string;
}

const exported = new Map<Compression, Exports>();
let root = '';

beforeAll(async () => {
  // Podman makes a name of the path of a layout, which must be lower case.
  root = join(tmpdir(), uniqueName());
  for (const compression of COMPRESSIONS) exported.set(compression, await exportImage(compression));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function exportImage(compression: Compression): Promise<Exports> {
  const store = createBlobStore(join(root, `store-${compression}`));
  const image = await makeInteropImage(store, compression);
  const name = `localhost/${uniqueName()}:${compression}`;
  const images = [{ image, names: [name] }];
  const paths = {
    layout: join(root, `layout-${compression}`),
    ociArchive: join(root, `oci-${compression}.tar`),
    dockerArchive: join(root, `docker-${compression}.tar`),
  };
  await writeLayout(paths.layout, images, store);
  await writeOciArchive(paths.ociArchive, images, store);
  await writeDockerArchive(paths.dockerArchive, images, store);
  return { name, tag: compression, ...paths };
}

function exportsOf(compression: Compression): Exports {
  const found = exported.get(compression);
  if (found === undefined) throw new Error(`no exports with ${compression}`);
  return found;
}

type Format = 'layout' | 'ociArchive' | 'dockerArchive';

/** Each case: an export in, what the image printed or holds out. */
type Accept = (exports: Exports, format: Format) => Promise<void>;

function matrix(formats: readonly Format[], accept: Accept, compressions = COMPRESSIONS): void {
  const cases = formats.flatMap((format) => compressions.map((compression) => ({ format, compression })));
  it.each(cases)('takes $format with $compression layers', async ({ format, compression }) => {
    await accept(exportsOf(compression), format);
  });
}

describe.runIf(requireTool('skopeo'))('skopeo', () => {
  matrix(['layout', 'ociArchive', 'dockerArchive'], async (exports, format) => {
    const source = {
      layout: `oci:${exports.layout}:${exports.tag}`,
      ociArchive: `oci-archive:${exports.ociArchive}:${exports.tag}`,
      dockerArchive: `docker-archive:${exports.dockerArchive}:${exports.name}`,
    }[format];
    const copy = join(tempDir(), 'copy');
    await run('skopeo', 'copy', '-q', source, `oci:${copy}:copy`);
    const layout = await readLayout(copy);
    const image = await readLayoutImage(layout, { tag: 'copy' }, AMD64);
    expect(await validateImage(layout.reader, image.descriptor)).toEqual([]);
    expect(image.config.config?.Cmd).toEqual(['/bin/busybox', 'cat', '/etc/message']);
  });

  it('reads the docker manifest of an OCI archive too', async () => {
    const { ociArchive, name } = exportsOf('gzip');
    const config = JSON.parse(await run('skopeo', 'inspect', '--config', `docker-archive:${ociArchive}:${name}`));
    expect(config.rootfs.diff_ids).toHaveLength(2);
  });
});

describe.runIf(requireTool('umoci'))('umoci', () => {
  // umoci 0.4 does not know zstd.
  matrix(
    ['layout'],
    async ({ layout, tag }) => {
      const bundle = join(tempDir(), 'bundle');
      await run('umoci', 'unpack', '--rootless', '--image', `${layout}:${tag}`, bundle);
      expect(readFileSync(join(bundle, 'rootfs', 'etc', 'message'), 'utf8')).toBe(MESSAGE);
    },
    ['none', 'gzip'],
  );

  it('0.4 refuses zstd layers by their name', async () => {
    const { layout, tag } = exportsOf('zstd');
    const unpack = run('umoci', 'unpack', '--rootless', '--image', `${layout}:${tag}`, join(tempDir(), 'bundle'));
    await expect(unpack).rejects.toThrow(/zstd/);
  });
});

describe.runIf(requireTool('umoci') && requireTool('crun') && process.getuid?.() === 0)('crun', () => {
  it.each(['none', 'gzip'] as const)('runs the bundle of a layout with %s layers', async (compression) => {
    const { layout, tag } = exportsOf(compression);
    const bundle = join(tempDir(), 'bundle');
    await run('umoci', 'unpack', '--image', `${layout}:${tag}`, bundle);
    expect(await runBundle(bundle)).toBe(MESSAGE);
  });
});

function engineMatrix(
  open: () => Engine | Promise<Engine>,
  formats: readonly Format[],
  load: Load,
  compressions?: readonly Compression[],
): void {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await open();
  });
  afterAll(() => engine?.[Symbol.asyncDispose]());
  matrix(
    formats,
    async (exports, format) => {
      if (engine === undefined) throw new Error('the engine was not opened');
      const image = await load(engine, exports, format);
      expect(await engine.start(image)).toBe(MESSAGE);
    },
    compressions,
  );
}

/** Brings an export into an engine; the name by which it then runs. */
type Load = (engine: Engine, exports: Exports, format: Format) => Promise<string>;

describe.runIf(requireTool('podman') && requireTool('runc'))('podman', () => {
  engineMatrix(openPodman, ['layout', 'ociArchive', 'dockerArchive'], async (podman, exports, format) => {
    if (format === 'layout') return (await podman.run('pull', '-q', `oci:${exports.layout}:${exports.tag}`)).trim();
    await podman.run('load', '-q', '-i', exports[format]);
    return exports.name;
  });
});

describe.runIf(requireTool('buildah'))('buildah', () => {
  engineMatrix(openBuildah, ['layout', 'ociArchive', 'dockerArchive'], async (buildah, exports, format) => {
    const source = {
      layout: `oci:${exports.layout}:${exports.tag}`,
      ociArchive: `oci-archive:${exports.ociArchive}:${exports.tag}`,
      dockerArchive: `docker-archive:${exports.dockerArchive}:${exports.name}`,
    }[format];
    return (await buildah.run('pull', '--quiet', source)).trim();
  });
});

describe.runIf(requireTool('ctr') && requireTool('containerd') && requireTool('runc'))('ctr', () => {
  engineMatrix(openContainerd, ['ociArchive', 'dockerArchive'], async (ctr, exports, format) => {
    await ctr.run('images', 'import', '--snapshotter', 'native', exports[format]);
    return exports.name;
  });
});

const withDocker = requireTool('docker', ['-H', TEST_DOCKER, 'version']);

describe.runIf(withDocker)('docker', () => {
  const load: Load = async (docker, exports, format) => {
    await docker.run('load', '-q', '-i', exports[format]);
    return exports.name;
  };
  afterAll(async () => {
    for (const { name } of exported.values())
      await openDocker()
        .run('rmi', '--force', name)
        .catch(() => undefined);
  });
  describe('archives', () => engineMatrix(openDocker, ['dockerArchive'], load));
  // Engines before 23 do not read zstd, and an OCI archive holds blobs as they are.
  describe('OCI archives', () => engineMatrix(openDocker, ['ociArchive'], load, ['none', 'gzip']));
});
