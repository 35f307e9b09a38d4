import type { Digest } from '../core/digest.ts';
import { isBuilderError, RegistryError } from '../core/errors.ts';
import type { Descriptor, Image, Layer } from '../core/image.ts';
import type { Platform } from '../core/platform.ts';
import { formatReference, type Reference } from '../core/reference.ts';
import { allAtRest } from '../io/at-rest.ts';
import { createLimit } from '../io/limit.ts';
import { readImage } from '../oci/image/read-image.ts';
import { formatFamiliar } from '../oci/registry/docker-hub.ts';
import { fetchLayer, resolveImage } from '../oci/registry/source.ts';
import { announceTransfers } from '../oci/transfer.ts';
import type { PulledImage } from './pulled.ts';
import type { Session } from './session.ts';
import { reportTransfers } from './transfer-events.ts';

/** Layers that are fetched at a time (design 9: four to eight is best). */
const FETCHES = 4;

export interface ResolvedImage {
  readonly image: Image;
  /** What the reference names: the digest of the index where there is one. */
  readonly resolved: Digest;
}

/** The image of a registry, all its layers in the store, by the `pull` option of the build. */
export async function pullImage(session: Session, reference: Reference, platform: Platform): Promise<ResolvedImage> {
  const { pull } = session.settings;
  const pulled = session.pulled.find(reference, platform);
  const stored = pulled && (await readStored(session, pulled));
  if (pull === 'never' || pull === 'missing') {
    if (stored?.whole === true) return stored;
    if (pull === 'never') throw notPulled(reference, session.settings.offline);
  }
  const named = stored && (await resolveAgain(session, reference, stored));
  if (stored === undefined || named !== stored.resolved) return await pullAnew(session, reference, platform);
  if (!stored.whole) await fetchLayers(session, reference, stored.image.layers);
  return stored;
}

interface StoredImage extends ResolvedImage {
  /** Whether no layer is missing. */
  readonly whole: boolean;
}

/** `undefined` when its manifest or configuration is gone or damaged: then it was not pulled. */
async function readStored({ store }: Session, { resolved, manifest }: PulledImage): Promise<StoredImage | undefined> {
  try {
    const image = await readImage(store, manifest);
    const there = await Promise.all(image.layers.map(({ descriptor }) => store.has(descriptor)));
    return { image, resolved, whole: there.every(Boolean) };
  } catch (error) {
    if (isBuilderError(error) && error.family === 'content') return undefined;
    throw error;
  }
}

/**
 * What the reference names now. When the registry cannot say, and everything is here, what it named when it was pulled
 * will do, unless the caller insists (`always`).
 */
async function resolveAgain(session: Session, reference: Reference, { resolved, whole }: StoredImage): Promise<Digest> {
  try {
    return (await session.registry().resolve(reference)).digest;
  } catch (error) {
    session.signal.throwIfAborted();
    if (session.settings.pull === 'always' || !whole || !isOutOfReach(error)) throw error;
    // That nobody answered is not told again without asking again.
    session.inputs.unknown();
    const message = `${error.message}; ${formatReference(reference)} is used as it was last pulled`;
    session.emit({
      type: 'warning',
      diagnostic: { severity: 'warning', code: error.code, message, hint: 'with --pull=missing nobody is asked' },
    });
    return resolved;
  }
}

/** Also one that is overloaded, or that says this user asks too often. */
function isOutOfReach(error: unknown): error is RegistryError {
  return error instanceof RegistryError && (error.code === 'REGISTRY_UNREACHABLE' || error.retryable);
}

async function pullAnew(session: Session, reference: Reference, platform: Platform): Promise<ResolvedImage> {
  const { store } = session;
  const { resolved, ...image } = await resolveImage(session.registry(), reference, { platform, store });
  await fetchLayers(session, reference, image.layers);
  session.pulled.remember(reference, platform, { resolved: resolved.digest, manifest: image.descriptor });
  return { image, resolved: resolved.digest };
}

/** Fetches the layers that the store lacks, several at a time; the first that fails stops the others. */
async function fetchLayers(session: Session, reference: Reference, layers: readonly Layer[]): Promise<void> {
  const { store, blobRepositories } = session;
  const limit = createLimit(FETCHES);
  const onTransfer = reportTransfers(session, { verb: 'pull', name: formatFamiliar(reference) });
  const fetch = async (layer: Layer): Promise<void> => {
    try {
      session.signal.throwIfAborted();
      await fetchLayer(session.registry(), reference, { layer, store, onTransfer });
      blobRepositories.add(layer.descriptor.digest, reference);
    } catch (error) {
      session.fail(error);
      throw error;
    }
  };
  const missing = await lackedBy(store, layers);
  announceTransfers(missing, onTransfer);
  await allAtRest(layers.map((layer) => limit.run(() => fetch(layer))));
}

async function lackedBy({ has }: Session['store'], layers: readonly Layer[]): Promise<Descriptor[]> {
  const missing: Descriptor[] = [];
  for (const { descriptor } of layers) if (!(await has(descriptor))) missing.push(descriptor);
  return missing;
}

function notPulled(reference: Reference, offline: boolean): RegistryError {
  const name = formatReference(reference);
  if (offline) {
    return new RegistryError('REGISTRY_OFFLINE', `${name} is not on this machine, and the build is offline`, {
      hint: `fetch it once while there is a network: lamella pull ${name}`,
    });
  }
  return new RegistryError('REGISTRY_NOT_PULLED', `${name} was never pulled`, {
    hint: 'leave out --pull=never, or pull it once with --pull=missing',
  });
}
