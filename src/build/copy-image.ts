import { join, resolve } from 'node:path';
import { createBlobRepositories } from '../cache/blob-repositories.ts';
import type { Descriptor, ImageConfig } from '../core/image.ts';
import { formatPlatform, type Platform, parsePlatform } from '../core/platform.ts';
import { formatReference } from '../core/reference.ts';
import { defaultCacheDir, hostArchitecture } from '../io/host.ts';
import { createWorkspace } from '../io/workspace.ts';
import { imageCandidates } from '../oci/choose-manifest.ts';
import { readDocument } from '../oci/graph.ts';
import { parseConfig } from '../oci/image/config.ts';
import { createRegistryClient, type RegistryClient } from '../oci/registry/client.ts';
import { createBlobStore } from '../store/blob-store.ts';
import { readAll } from '../store/read.ts';
import { cacheFolders } from './cache-folders.ts';
import type { BuildEvent } from './events.ts';
import { createImageNames } from './names.ts';
import type { RegistryOptions } from './options.ts';
import { type ChosenImage, choosePlatforms } from './places/choose-platforms.ts';
import { openPlace, type PlaceTools } from './places/open-place.ts';
import { formatPlace, type Place, parsePlace } from './places/place.ts';
import { mountSource, nameOfPlace, writePlace } from './places/write-place.ts';
import { reportTransfers } from './transfer-events.ts';

export interface ImageOptions {
  /** Default: `$XDG_CACHE_HOME/lamella`, else `~/.cache/lamella`. */
  readonly cacheDir?: string;
  readonly registry?: RegistryOptions;
  /** Which images of an index are meant; `host` is this machine's. Default: the whole index. */
  readonly platforms?: readonly string[];
  readonly signal?: AbortSignal;
  /** Told of transfers. */
  readonly onEvent?: (event: BuildEvent) => void;
}

export interface CopyResult {
  /** What was written: a manifest or an index. */
  readonly descriptor: Descriptor;
  readonly from: string;
  readonly to: string;
}

/**
 * Copies an image, with all that it names, from one place to another; only what is missing there moves, verified on the
 * way. Places are `REF` or `docker://REF` (a registry), `store:NAME` (the local store), `oci:DIR[:TAG]`, `oci-archive:FILE`,
 * `docker-archive:FILE`, `docker-daemon:NAME`, `podman:NAME`, `containerd:NAME`. An index is copied whole, but for
 * `platforms`; engines and docker's archives get the image for this machine.
 *
 * @throws OptionError, RegistryError, ContentError, HostError
 *
 * @example
 * ```ts
 * await copyImage('node:24', 'oci:base:24', { platforms: ['linux/amd64'] });
 * ```
 */
export async function copyImage(from: string, to: string, options: ImageOptions = {}): Promise<CopyResult> {
  const source = parsePlace(from);
  const target = parsePlace(to);
  return await withTools(options, async (tools) => {
    const image = await choose(source, tools, options);
    const name = nameOfPlace(source);
    const descriptor = await writePlace(
      {
        image,
        to: target,
        names: name === undefined ? [] : [name],
        host: hostPlatform(),
        mountFrom: mountSource(source, target),
        onTransfer: reportTransfers(
          { emit: (event) => options.onEvent?.(event) },
          { verb: 'copy', name: formatPlace(source) },
        ),
      },
      tools,
    );
    return { descriptor, from: formatPlace(source), to: formatPlace(target) };
  });
}

export interface InspectedImage {
  /** Of the manifest or index. */
  readonly descriptor: Descriptor;
  /** The manifest or index, byte for byte. */
  readonly raw: string;
  /** Of an index: the images, by platform. */
  readonly platforms: readonly string[];
  /** Of a single image. */
  readonly config?: ImageConfig;
  readonly layers?: readonly Descriptor[];
}

/**
 * Reads what is known about an image without fetching its layers. `place` is as in {@link copyImage}; a name alone means the
 * image of the local store where there is one.
 */
export async function inspectImage(place: string, options: ImageOptions = {}): Promise<InspectedImage> {
  return await withTools(options, async (tools) => {
    const { descriptor, reader } = await choose(localFirst(parsePlace(place), place, tools), tools, options);
    const { bytes, document } = await readDocument(reader, descriptor);
    const common = { descriptor, raw: Buffer.from(bytes).toString() };
    if (document.kind === 'index') {
      const platforms = imageCandidates(document.manifests).flatMap((each) => each.platform ?? []);
      return { ...common, platforms: platforms.map(formatPlatform) };
    }
    const config = parseConfig(await readAll(reader, document.config), `config of ${place}`);
    const { os, architecture, variant } = config;
    const platform = formatPlatform({ os, architecture, ...(variant !== undefined && { variant }) });
    return { ...common, platforms: [platform], config, layers: document.layers };
  });
}

async function choose(place: Place, tools: PlaceTools, { platforms = [] }: ImageOptions): Promise<ChosenImage> {
  const host = hostPlatform();
  const opened = await openPlace(place, tools);
  const wanted = platforms.map((platform) => (platform === 'host' ? host : parsePlatform(platform)));
  return await choosePlatforms(opened, wanted, { host, name: formatPlace(place) });
}

/** A name without more that is in the local store means that image. */
function localFirst(place: Place, text: string, { names }: PlaceTools): Place {
  if (place.kind !== 'registry' || text.startsWith('docker:')) return place;
  const name = formatReference(place.reference);
  return names.find(name) === undefined ? place : { kind: 'store', name };
}

function hostPlatform(): Platform {
  return parsePlatform(`linux/${hostArchitecture()}`);
}

async function withTools<T>(options: ImageOptions, work: (tools: PlaceTools) => Promise<T>): Promise<T> {
  const cacheDir = resolve(options.cacheDir ?? defaultCacheDir());
  const storeDir = join(cacheDir, 'store');
  const signal = options.signal ?? new AbortController().signal;
  signal.throwIfAborted();
  await using workspace = createWorkspace(join(cacheDir, 'tmp'));
  let client: RegistryClient | undefined;
  try {
    return await work({
      store: createBlobStore(storeDir, { ingestDir: join(workspace.path, 'ingest') }),
      names: createImageNames(storeDir),
      registry() {
        client ??= createRegistryClient({ ...options.registry, signal });
        return client;
      },
      repositories: createBlobRepositories(cacheFolders(cacheDir).repositories),
      scratch: () => createBlobStore(join(workspace.path, 'scratch')),
      signal,
    });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    await client?.close();
  }
}
