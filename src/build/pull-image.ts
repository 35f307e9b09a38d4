import type { Digest } from '../core/digest.ts';
import { isBuilderError, RegistryError } from '../core/errors.ts';
import type { Image, Layer } from '../core/image.ts';
import { compressionOf } from '../core/media-types.ts';
import type { Platform } from '../core/platform.ts';
import { formatReference, type Reference } from '../core/reference.ts';
import { allAtRest } from '../io/at-rest.ts';
import { decompress } from '../io/decompress.ts';
import { createLimit } from '../io/limit.ts';
import { readToc } from '../layers/toc.ts';
import { readImage } from '../oci/image/read-image.ts';
import { formatFamiliar } from '../oci/registry/docker-hub.ts';
import { fetchLayer, resolveImage } from '../oci/registry/source.ts';
import { announceTransfers, type OnTransfer } from '../oci/transfer.ts';
import { wrongDiffId } from './compress-layer.ts';
import type { PulledImage } from './pulled.ts';
import type { Session } from './session.ts';
import { reportTransfers } from './transfer-events.ts';
import { unpackAhead } from './unpack-ahead.ts';

/** Layers that are fetched at a time (design 9: four to eight is best). */
const FETCHES = 4;

export interface ResolvedImage {
  readonly image: Image;
  /** What the reference names: the digest of the index where there is one. */
  readonly resolved: Digest;
}

export interface PullRequest {
  readonly reference: Reference;
  readonly platform: Platform;
  /** A command is certain to run in the image: layers are unpacked while they are fetched. */
  readonly runs: boolean;
}

/** The image of a registry, its layers in the store or announced, by the `pull` option of the build. */
export async function pullImage(session: Session, request: PullRequest): Promise<ResolvedImage> {
  const { reference, platform } = request;
  const { pull } = session.settings;
  const pulled = session.pulled.find(reference, platform);
  const stored = pulled && (await readStored(session, pulled));
  if (pull === 'never' || pull === 'missing') {
    if (stored?.whole === true) return stored;
    if (pull === 'never') throw notPulled(reference, session.settings.offline);
  }
  const named = stored && (await resolveAgain(session, reference, stored));
  if (stored === undefined || named !== stored.resolved) return await pullAnew(session, request);
  if (!stored.whole) await fetchLayers(session, request, stored.image.layers);
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
  const startedMs = performance.now();
  try {
    const { digest } = await session.registry().resolve(reference);
    const durationMs = performance.now() - startedMs;
    session.emit({ type: 'tag-asked', reference: formatReference(reference), durationMs });
    return digest;
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

async function pullAnew(session: Session, request: PullRequest): Promise<ResolvedImage> {
  const { reference, platform } = request;
  const { store } = session;
  const { resolved, ...image } = await resolveImage(session.registry(), reference, { platform, store });
  await fetchLayers(session, request, image.layers);
  const isWhole = !image.layers.some(({ descriptor }) => session.lazyLayers.isLater(descriptor));
  if (isWhole) session.pulled.remember(reference, platform, { resolved: resolved.digest, manifest: image.descriptor });
  return { image, resolved: resolved.digest };
}

/**
 * Fetches the layers that the store lacks, several at a time; the first that fails stops the others. Those whose table of
 * contents a shared cache has come when somebody needs their bytes: often nobody does.
 */
async function fetchLayers(session: Session, request: PullRequest, layers: readonly Layer[]): Promise<void> {
  const { reference } = request;
  const limit = createLimit(FETCHES);
  const onTransfer = reportTransfers(session, { verb: 'pull', name: formatFamiliar(reference) });
  const fetch = (layer: Layer): Promise<void> => limit.run(() => fetchOne(session, request, { layer, onTransfer }));
  const now = await notLater(session, await lackedBy(session, layers), fetch);
  announceTransfers(
    now.map(({ descriptor }) => descriptor),
    onTransfer,
  );
  for (const { descriptor } of layers) session.blobRepositories.add(descriptor.digest, reference);
  await allAtRest(now.map(fetch));
}

async function fetchOne(
  session: Session,
  { reference, runs }: PullRequest,
  { layer, onTransfer }: { readonly layer: Layer; readonly onTransfer: OnTransfer },
): Promise<void> {
  const { store } = session.lazyLayers;
  const ahead = runs ? unpackAhead(session, layer, store) : undefined;
  try {
    session.signal.throwIfAborted();
    const wasTold = session.tocs.load(layer.diffId) !== undefined;
    await fetchLayer(session.registry(), reference, { layer, store: ahead?.store ?? store, onTransfer });
    ahead?.keep();
    // What a shared cache has told of it is looked at again.
    if (wasTold) await lookAgain(session, layer);
    session.library.addForeign(layer);
  } catch (error) {
    ahead?.drop();
    session.fail(error);
    throw error;
  }
}

async function lookAgain({ lazyLayers, settings, tocs }: Session, { descriptor, diffId }: Layer): Promise<void> {
  const format = compressionOf(descriptor.mediaType) ?? 'none';
  const bytes = decompress(lazyLayers.store.read(descriptor), { format });
  const found = await readToc(bytes, { limits: settings.limits });
  if (found.diffId !== diffId) throw wrongDiffId(diffId, found.diffId);
  tocs.save(found);
}

/** The layers that are needed at once; the others are announced. */
async function notLater(
  session: Session,
  layers: readonly Layer[],
  fetch: (layer: Layer) => Promise<void>,
): Promise<Layer[]> {
  const shared = session.shared();
  if (shared?.hasSources !== true) return [...layers];
  const isLater = async (layer: Layer): Promise<boolean> =>
    (await shared.bringToc(layer.diffId)) && session.lazyLayers.announce(layer, () => fetch(layer));
  const later = await Promise.all(layers.map(isLater));
  return layers.filter((_, at) => later[at] !== true);
}

async function lackedBy({ store }: Session, layers: readonly Layer[]): Promise<Layer[]> {
  const missing: Layer[] = [];
  for (const layer of layers) if (!(await store.has(layer.descriptor))) missing.push(layer);
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
