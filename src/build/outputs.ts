import { resolve } from 'node:path';
import type { Image } from '../core/image.ts';
import { parseReference } from '../core/reference.ts';
import { writeDockerArchive } from '../oci/archive/docker-archive.ts';
import { writeOciArchive } from '../oci/archive/oci-archive.ts';
import { writeLayout } from '../oci/layout/write-layout.ts';
import { pushImage } from '../oci/push.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import type { Output } from './options.ts';
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

/** Pushes the image under each of its tags. */
export function registry(): Output {
  return { type: 'registry' };
}

interface ImageToExport {
  readonly image: Image;
  /** Normalised. */
  readonly names: readonly string[];
}

/** Writes the outputs one after the other, each whole or not at all. */
export async function writeOutputs(session: Session, exported: ImageToExport): Promise<BuildResult['outputs']> {
  const written: BuildResult['outputs'][number][] = [];
  for (const output of session.options.outputs ?? []) {
    const destination = output.type === 'registry' ? exported.names.join(', ') : resolve(output.destination);
    session.signal.throwIfAborted();
    await write(session, output, exported);
    session.emit({ type: 'output-written', output: output.type, destination, names: exported.names });
    written.push({ type: output.type, destination });
  }
  return written;
}

async function write(session: Session, output: Output, exported: ImageToExport): Promise<void> {
  const { store } = session;
  switch (output.type) {
    case 'oci':
      return await writeOciArchive(resolve(output.destination), [exported], store);
    case 'oci-layout':
      return await writeLayout(resolve(output.destination), [exported], store);
    case 'docker':
      return await writeDockerArchive(resolve(output.destination), [exported], store);
    case 'registry':
      return await pushAll(session, exported);
  }
}

async function pushAll(session: Session, { image, names }: ImageToExport): Promise<void> {
  for (const name of names) {
    const reference = normalizeReference(parseReference(name));
    await pushImage(session.registry(), reference, {
      image,
      reader: session.store,
      onTransfer: reportTransfers(session, 'push'),
    });
  }
}
