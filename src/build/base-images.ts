import { ContentError } from '../core/errors.ts';
import type { Image, ImageConfig } from '../core/image.ts';
import { formatPlatform, type Platform } from '../core/platform.ts';
import { formatReference } from '../core/reference.ts';
import { parseLayoutAddress } from '../oci/layout/layout-address.ts';
import { readLayout, readLayoutImage } from '../oci/layout/read-layout.ts';
import { readImageFor } from '../oci/read-image-for.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import { LayerStack } from './layer-stack.ts';
import { type PullRequest, pullImage, type ResolvedImage } from './pull-image.ts';
import type { Session } from './session.ts';

/** An image that stages start from or copy from; its layers are in the store. */
export interface BaseImage {
  readonly config: ImageConfig;
  readonly stack: LayerStack;
}

/** What an image is got for. */
export interface ImageUse {
  /** A command is certain to run in it. Default: that is to be seen. */
  readonly runs: boolean;
}

/** Gets images by reference or from a layout, each once in a build. */
export interface BaseImages {
  fromReference(reference: string, platform: Platform, use?: ImageUse): Promise<BaseImage>;
  /** `address` is `DIR`, `DIR:tag` or `DIR@digest`. */
  fromLayout(address: string, platform: Platform): Promise<BaseImage>;
}

export function createBaseImages(session: Session): BaseImages {
  const known = new Map<string, Promise<BaseImage>>();

  function once(name: string, platform: Platform, get: () => Promise<ResolvedImage>): Promise<BaseImage> {
    const key = `${name} ${formatPlatform(platform)}`;
    const image = known.get(key) ?? resolve(name, get);
    known.set(key, image);
    return image;
  }

  async function resolve(name: string, get: () => Promise<ResolvedImage>): Promise<BaseImage> {
    const { image, resolved } = await get();
    session.emit({ type: 'image-resolved', reference: name, digest: resolved });
    return stacked(session, image);
  }

  return {
    fromReference(text, platform, { runs } = { runs: false }) {
      const reference = normalizeReference(text);
      const name = formatReference(reference);
      return once(name, platform, () => getByReference(session, { reference, platform, runs }));
    },
    fromLayout: (address, platform) => once(address, platform, () => importLayout(session, address, platform)),
  };
}

/** A name of the local store comes first, unless the caller wants what the registry has. */
async function getByReference(session: Session, request: PullRequest): Promise<ResolvedImage> {
  const { reference, platform } = request;
  const name = formatReference(reference);
  const local = session.settings.pull === 'always' ? undefined : session.names.find(name);
  if (local === undefined) {
    const pulled = await pullImage(session, request);
    session.inputs.image({ name, kind: 'pulled', platform, digest: pulled.resolved });
    return pulled;
  }
  session.inputs.image({ name, kind: 'local', platform, digest: local.digest });
  const image = await readImageFor(session.store, local, { platform, name });
  for (const { descriptor } of image.layers) {
    if (!(await session.store.has(descriptor))) throw incomplete(name, descriptor.digest);
  }
  return { image, resolved: local.digest };
}

async function importLayout({ store, inputs }: Session, text: string, platform: Platform): Promise<ResolvedImage> {
  inputs.unknown();
  const address = parseLayoutAddress(text);
  const layout = await readLayout(address.dir);
  const image = await readLayoutImage(layout, address, platform);
  for (const { descriptor } of image.layers) {
    if (!(await store.has(descriptor))) await store.write(layout.reader.read(descriptor), descriptor);
  }
  return { image, resolved: image.descriptor.digest };
}

function stacked(session: Session, { config, layers }: Image): BaseImage {
  const { library, lazyLayers } = session;
  let stack = new LayerStack(library);
  for (const layer of layers) {
    if (!lazyLayers.isLater(layer.descriptor)) library.addForeign(layer);
    session.shared()?.offerBase(layer);
    stack = stack.push(layer);
  }
  return { config, stack };
}

function incomplete(name: string, digest: string): ContentError {
  return new ContentError('CONTENT_NOT_FOUND', `a layer of ${name} is missing in the local store`, {
    expected: digest,
    hint: `build ${name} again, or forget it with: lamella rm ${name}`,
  });
}
