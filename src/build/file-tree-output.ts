import { join } from 'node:path';
import { HostError, LayerError, OptionError } from '../core/errors.ts';
import { formatPlatform } from '../core/platform.ts';
import type { ContentWriter } from '../core/ports.ts';
import { writeAtomic } from '../io/atomic-file.ts';
import { counted, DigestCounter } from '../io/hash.ts';
import { toHostError } from '../io/host-error.ts';
import { makeFolder } from '../io/make-folder.ts';
import { packLayer } from '../layers/pack.ts';
import { unpackLayer } from '../layers/unpack.ts';
import type { BuiltImage } from './build-platform.ts';
import { gatherContents } from './layer-contents.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Session } from './session.ts';
import { flatEntries } from './squash.ts';
import { packOptions } from './steps/context.ts';
import { layerWith } from './tree-files.ts';

/**
 * Writes root file systems into a folder, over what is there: owned by the user, without devices. Of several platforms
 * each goes into a folder of its own, as `linux_arm64`.
 */
export async function writeFileTree(session: Session, folder: string, built: readonly BuiltImage[]): Promise<void> {
  for (const { stack, platform } of built) {
    const own = built.length === 1 ? folder : join(folder, formatPlatform(platform).replaceAll('/', '_'));
    try {
      makeFolder(own);
      await packTree(session, stack, unpackingInto(own, session.signal));
    } catch (error) {
      throw failureBelow(own, error);
    }
  }
}

/** What is unpacked knows the entry and not the folder, and takes what the disk refuses for a fault of the layer. */
function failureBelow(folder: string, error: unknown): unknown {
  const doing = 'write the files of the image to';
  if (error instanceof HostError && error.code === 'HOST_DISK_FULL') return toHostError(error.cause, doing, folder);
  if (!(error instanceof LayerError) || error.code !== 'LAYER_UNPACK_FAILED') return toHostError(error, doing, folder);
  return toHostError(error.cause, doing, join(folder, error.entry ?? ''));
}

/** Writes a root file system as one tar file, with its owners and devices. @throws OptionError `OPTION_ONE_PLATFORM` */
export async function writeFileTreeArchive(
  session: Session,
  file: string,
  built: readonly BuiltImage[],
): Promise<void> {
  const [only, ...more] = built;
  if (only === undefined || more.length > 0) {
    throw new OptionError(
      'OPTION_ONE_PLATFORM',
      `one tar file holds the files of one platform, not of ${built.length}`,
      {
        hint: 'build for one platform, or write type=local, where each has a folder of its own',
      },
    );
  }
  await packTree(session, only.stack, writingTo(file));
}

/** Makes one uncompressed layer of the whole tree, and hands it to `target` instead of a store. */
async function packTree(session: Session, stack: LayerStack, target: ContentWriter): Promise<void> {
  const entries = [...flatEntries(await stack.tree())];
  const open = (diffId: Parameters<typeof layerWith>[1]) => session.library.uncompressed(layerWith(stack, diffId));
  const readLayerContent = await gatherContents(session, entries, open);
  await packLayer(entries, target, { ...packOptions(session), compression: 'none', readLayerContent });
}

function writingTo(file: string): ContentWriter {
  return {
    async write(bytes) {
      const counter = new DigestCounter();
      await writeAtomic(file, counted(bytes, counter));
      return counter.finish();
    },
  };
}

function unpackingInto(root: string, signal: AbortSignal): ContentWriter {
  return {
    async write(bytes) {
      const counter = new DigestCounter();
      const uncompressed = counted(bytes, counter);
      await unpackLayer({ uncompressed, root, whiteouts: 'apply', ownership: 'ignore', signal });
      return counter.finish();
    },
  };
}
