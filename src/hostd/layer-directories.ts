import { chmodSync, createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, hexOf } from '../core/digest.ts';
import { ContentError, OptionError } from '../core/errors.ts';
import { decompress } from '../io/decompress.ts';
import { counted, DigestCounter } from '../io/hash.ts';
import { errnoOf, toHostError } from '../io/host-error.ts';
import { unpackLayer } from '../layers/unpack.ts';
import type { HostFlavor, LayerToUnpack } from '../rootfs/host-messages.ts';
import { makeNode, markOpaque, writeCapability } from './attributes.ts';
import { removeTree } from './removal.ts';

/**
 * Directories of unpacked layers, in the form that overlayfs stacks; shared by all builds of a cache. One appears under
 * its name only when it is whole, and is never changed afterwards.
 */
export class LayerDirectories {
  readonly #folder: string;
  readonly #flavor: HostFlavor;
  readonly #unpacking = new Map<string, Promise<void>>();

  /** Owners on disk depend on the flavor, and so does the name of the folder. */
  constructor(stateDir: string, flavor: HostFlavor) {
    this.#folder = join(stateDir, flavor);
    this.#flavor = flavor;
    mkdirSync(this.#folder, { recursive: true });
  }

  path(id: string): string {
    if (!/^\w[\w.:-]*$/.test(id)) {
      throw new OptionError('OPTION_BAD_LAYER_ID', `${JSON.stringify(id)} cannot name the directory of a layer`);
    }
    return join(this.#folder, id);
  }

  has(id: string): boolean {
    return existsSync(this.path(id));
  }

  /** Layers that are being unpacked for another step are waited for. */
  unpack(layer: LayerToUnpack): Promise<void> {
    if (this.has(layer.id)) return Promise.resolve();
    const running = this.#unpacking.get(layer.id) ?? this.#make(layer);
    this.#unpacking.set(layer.id, running);
    return running.finally(() => this.#unpacking.delete(layer.id));
  }

  /** Makes a finished directory that of a layer. */
  async adopt(id: string, directory: string): Promise<void> {
    try {
      renameSync(directory, this.path(id));
    } catch (error) {
      // Another build was first: its directory is as good.
      if (!['ENOTEMPTY', 'EEXIST'].includes(errnoOf(error) ?? '')) throw toHostError(error, 'keep', this.path(id));
      await removeTree(directory);
    }
  }

  async #make(layer: LayerToUnpack): Promise<void> {
    const temporary = mkdtempSync(join(this.#folder, '.unpacking-'));
    try {
      await this.#unpackInto(temporary, layer);
      await this.adopt(layer.id, temporary);
    } catch (error) {
      await removeTree(temporary);
      throw error;
    }
  }

  async #unpackInto(root: string, layer: LayerToUnpack): Promise<void> {
    const { compression, implied } = layer;
    const blob = createReadStream(layer.blobPath, { highWaterMark: 1 << 20 });
    chmodSync(root, 0o755);
    const counter = new DigestCounter();
    await unpackLayer({
      uncompressed: counted(decompress(blob, { format: compression }), counter),
      root,
      ...(layer.rename !== undefined && { rename: new Map(Object.entries(layer.rename)) }),
      whiteouts: 'overlay',
      opaque: (path) => markOpaque(path, this.#flavor),
      mknod: makeNode,
      setCapability: writeCapability,
      ownership: this.#flavor === 'single-id' ? 'ignore' : 'keep',
      ...(implied !== undefined && { impliedDirectory: (path: string) => implied[path] }),
    });
    checkDiffId(layer, counter.finish().digest);
  }
}

function checkDiffId({ diffId, digest }: LayerToUnpack, found: Digest): void {
  if (hexOf(found) === hexOf(diffId)) return;
  throw new ContentError('CONTENT_DIFF_ID_MISMATCH', `layer ${digest} is not what its image says`, {
    expected: diffId,
    found,
    hint: 'the blob in the cache is damaged: remove the cache folder and build again',
  });
}
