import { resolve } from 'node:path';
import type { Descriptor } from '../core/image.ts';
import { parseReference } from '../core/reference.ts';
import { writeDockerArchive } from '../oci/archive/docker-archive.ts';
import { ociArchive as archiveBytes, writeOciArchive } from '../oci/archive/oci-archive.ts';
import { chooseManifest } from '../oci/choose-manifest.ts';
import type { Engine } from '../oci/engines/engine.ts';
import { writeLayout } from '../oci/layout/write-layout.ts';
import type { NamedImage } from '../oci/named-image.ts';
import { pushImage } from '../oci/push.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import { annotationsFor } from './annotations.ts';
import type { BuiltImage } from './build-platform.ts';
import { writeFileTree, writeFileTreeArchive } from './file-tree-output.ts';
import type { Output } from './options.ts';
import { engineOf, findEngine } from './places/engines.ts';
import { mountable } from './places/mountable.ts';
import type { BuildResult } from './result.ts';
import type { Session } from './session.ts';
import { reportTransfers } from './transfer-events.ts';

/** An OCI image layout directory; blobs are linked from the store where the file system allows. */
export function ociLayout(destination: string): Output {
  return { type: 'oci-layout', destination };
}

/** One tar file that is an OCI layout and that `docker load` takes too. */
export function ociArchive(destination: string): Output {
  return { type: 'oci', destination };
}

/** One tar file as `docker save` writes it. */
export function dockerArchive(destination: string): Output {
  return { type: 'docker', destination };
}

/** Pushes the image under each of its tags, or under its digest only. */
export function registry(options: { readonly byDigest?: boolean } = {}): Output {
  return { type: 'registry', ...options };
}

/** What is exported: one image, or several under an index. */
interface Exported {
  readonly built: readonly BuiltImage[];
  readonly descriptor: Descriptor;
  /** Normalised. */
  readonly names: readonly string[];
}

/** Writes the outputs one after the other, each whole or not at all. */
export async function writeOutputs(session: Session, exported: Exported): Promise<BuildResult['outputs']> {
  const written: BuildResult['outputs'][number][] = [];
  for (const asked of session.options.outputs ?? []) {
    const output = asked.type === 'engine' ? await engineOutput(session) : asked;
    const destination = destinationOf(output, exported);
    session.signal.throwIfAborted();
    await write(session, output, exported);
    session.emit({ type: 'output-written', output: output.type, destination, names: exported.names });
    written.push({ type: output.type, destination });
  }
  return written;
}

type Destined = Exclude<Output, { readonly type: 'engine' }>;

async function engineOutput({ signal }: Session): Promise<Destined> {
  return { type: (await findEngine(signal)) === 'docker' ? 'docker-daemon' : 'podman' };
}

function destinationOf(output: Destined, { names, descriptor }: Exported): string {
  if ('destination' in output) return resolve(output.destination);
  const byDigest = output.type === 'registry' && output.byDigest === true;
  return byDigest ? names.map((name) => `${withoutTag(name)}@${descriptor.digest}`).join(', ') : names.join(', ');
}

async function write(session: Session, output: Destined, exported: Exported): Promise<void> {
  const { store } = session;
  switch (output.type) {
    case 'oci':
      return await writeOciArchive(resolve(output.destination), [toNamed(session, exported)], store);
    case 'oci-layout':
      return await writeLayout(resolve(output.destination), [toNamed(session, exported)], store, session.signal);
    case 'docker':
      return await writeDockerArchive(resolve(output.destination), [imageForHost(session, exported)], store);
    case 'registry':
      return await pushAll(session, exported, output.byDigest === true);
    case 'local':
      return await writeFileTree(session, resolve(output.destination), exported.built);
    case 'tar':
      return await writeFileTreeArchive(session, resolve(output.destination), exported.built);
    default:
      return await load(session, output.type, exported);
  }
}

/** With the annotations of the descriptor that stands in the layout's index. */
function toNamed({ options, settings }: Session, { built, descriptor, names }: Exported): NamedImage {
  const [first] = built;
  const level = settings.isIndex ? 'index-descriptor' : 'manifest-descriptor';
  const annotations = annotationsFor(options.annotations ?? [], level, settings.platform);
  const annotated = { ...descriptor, ...(annotations !== undefined && { annotations }) };
  return { image: { descriptor: annotated, ...(!settings.isIndex && first && { config: first.image.config }) }, names };
}

/** Docker's archives, and engines, hold images and no indexes. */
function imageForHost({ settings }: Session, { built, names }: Exported): NamedImage {
  const candidates = built.map(({ image, platform }) => ({ ...image.descriptor, platform }));
  const [only] = candidates;
  const isOne = only !== undefined && candidates.length === 1;
  const chosen = isOne ? only : chooseManifest(candidates, settings.buildPlatform, 'the build');
  const { image } = built.find((each) => each.image.descriptor.digest === chosen.digest) ?? {};
  if (image === undefined) throw new TypeError('an image was chosen that was not built');
  return { image, names };
}

async function load(
  session: Session,
  type: 'docker-daemon' | 'podman' | 'containerd',
  exported: Exported,
): Promise<void> {
  const engine: Engine['name'] = type === 'docker-daemon' ? 'docker' : type;
  await engineOf(engine, session.signal).load(archiveBytes([imageForHost(session, exported)], session.store));
}

async function pushAll(session: Session, { descriptor, names }: Exported, byDigest: boolean): Promise<void> {
  for (const name of names) {
    const { tag, ...repository } = normalizeReference(parseReference(name));
    const target = byDigest || tag === undefined ? repository : { ...repository, tag };
    await pushImage(session.registry(), target, {
      image: { descriptor },
      reader: session.store,
      onTransfer: reportTransfers(session, { verb: 'push', name }),
      ...mountable(session.blobRepositories, repository),
    });
  }
}

function withoutTag(name: string): string {
  const { registry: host, repository } = normalizeReference(parseReference(name));
  return `${host}/${repository}`;
}
