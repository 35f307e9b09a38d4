import { resolve } from 'node:path';
import type { Image } from '../core/image.ts';
import { parseReference } from '../core/reference.ts';
import { writeDockerArchive } from '../oci/archive/docker-archive.ts';
import { writeOciArchive } from '../oci/archive/oci-archive.ts';
import { writeLayout } from '../oci/layout/write-layout.ts';
import { pushImage } from '../oci/registry/push.ts';
import type { Output } from './options.ts';
import type { BuildResult } from './result.ts';
import type { Session } from './session.ts';

/** Keeps the image in the store directory as a layout; blobs are linked where the file system allows. */
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
