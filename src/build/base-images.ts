import { RegistryError } from '../core/errors.ts';
import type { Image, ImageConfig, Layer } from '../core/image.ts';
import { formatPlatform, type Platform } from '../core/platform.ts';
import type { ContentReader } from '../core/ports.ts';
import { formatReference, type Reference } from '../core/reference.ts';
import { createLimit } from '../io/limit.ts';
import { readImage } from '../oci/image/read-image.ts';
import { parseLayoutAddress, readLayout, readLayoutImage } from '../oci/layout/read-layout.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import { fetchLayer, resolveImage } from '../oci/registry/source.ts';
import type { OnTransfer } from '../oci/transfer.ts';
import { LayerStack } from './layer-stack.ts';
import type { Session } from './session.ts';

/** An image that stages start from or copy from; its layers are in the store. */
export interface BaseImage {
  readonly config: ImageConfig;
  readonly stack: LayerStack;
}

/** Gets images by reference or from a layout, each once in a build. */
export interface BaseImages {
  fromReference(reference: string, platform: Platform): Promise<BaseImage>;
  /** `address` is `DIR`, `DIR:tag` or `DIR@digest`. */
  fromLayout(address: string, platform: Platform): Promise<BaseImage>;
}

/** Layers that are fetched at a time (design 9: four to eight is best). */
const FETCHES = 4;

export function createBaseImages(session: Session): BaseImages {
  const known = new Map<string, Promise<BaseImage>>();
  const once = (key: string, get: () => Promise<BaseImage>): Promise<BaseImage> => {
    const image = known.get(key) ?? get();
    known.set(key, image);
    return image;
  };
  return {
    fromReference(text, platform) {
      const reference = normalizeReference(text);
      const key = `${formatReference(reference)} ${formatPlatform(platform)}`;
      return once(key, () => getByReference(session, reference, platform));
    },
    fromLayout: (address, platform) =>
      once(`${address} ${formatPlatform(platform)}`, () => importLayout(session, address, platform)),
  };
}

async function getByReference(session: Session, reference: Reference, platform: Platform): Promise<BaseImage> {
  const name = formatReference(reference);
  const local = session.settings.pull === 'always' ? undefined : session.names.find(name);
  if (local !== undefined) return stacked(session, await readImage(session.store, local));
  return stacked(session, await pullImage(session, reference, platform));
}

async function pullImage(session: Session, reference: Reference, platform: Platform): Promise<Image> {
  const { pull } = session.settings;
  const pulled = session.pulled.find(reference, platform);
  if (pulled !== undefined && (pull === 'missing' || pull === 'never'))
    return readImage(session.store, pulled.manifest);
  if (pull === 'never') throw notPulled(reference);
  const client = session.registry();
  if (pulled !== undefined) {
    const { digest } = await client.resolve(reference);
    session.emit({ type: 'image-resolved', reference: formatReference(reference), digest });
    if (digest === pulled.resolved)
      return await completeImage(session, reference, await readImage(session.store, pulled.manifest));
  }
  const image = await resolveImage(client, reference, { platform, store: session.store });
  session.emit({ type: 'image-resolved', reference: formatReference(reference), digest: image.resolved.digest });
  await completeImage(session, reference, image);
  session.pulled.remember(reference, platform, { resolved: image.resolved.digest, manifest: image.descriptor });
  return image;
}

/** Fetches the layers that the store lacks, several at a time. */
async function completeImage(session: Session, reference: Reference, image: Image): Promise<Image> {
  const limit = createLimit(FETCHES);
  const fetch = (layer: Layer): Promise<void> =>
    fetchLayer(session.registry(), reference, { layer, store: session.store, onTransfer: reportTransfer(session) });
  await Promise.all(image.layers.map((layer) => limit.run(() => fetch(layer))));
  return image;
}

/** Events of a transfer, one for about every half megabyte. */
export function reportTransfer(session: Session, verb = 'pull'): OnTransfer {
  let reported = 0;
  return ({ descriptor, current, total }) => {
    if (current - reported < 512 * 1024 && current !== total) return;
    reported = current;
    const label = `${verb} ${descriptor.digest.slice(0, 19)}`;
    session.emit({ type: 'progress', id: `${verb} ${descriptor.digest}`, label, current, total, unit: 'bytes' });
  };
}

async function importLayout(session: Session, text: string, platform: Platform): Promise<BaseImage> {
  const address = parseLayoutAddress(text);
  const layout = await readLayout(address.dir);
  const image = await readLayoutImage(layout, address, platform);
  for (const { descriptor } of image.layers) await copyBlob(layout.reader, session, descriptor);
  return stacked(session, image);
}

async function copyBlob(reader: ContentReader, { store }: Session, blob: Layer['descriptor']): Promise<void> {
  if (!(await store.has(blob))) await store.write(reader.read(blob), blob);
}

function stacked(session: Session, image: Image): BaseImage {
  let stack = new LayerStack(session.library);
  for (const layer of image.layers) {
    session.library.addForeign(layer);
    stack = stack.push(layer);
  }
  return { config: image.config, stack };
}

function notPulled(reference: Reference): RegistryError {
  return new RegistryError('REGISTRY_NOT_PULLED', `${formatReference(reference)} was never pulled`, {
    hint: 'leave out --pull=never, or pull it once with --pull=missing',
  });
}
