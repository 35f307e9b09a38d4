import type { Bytes } from '../../core/ports.ts';

/** A container engine of this machine, which takes and gives images as archives. */
export interface Engine {
  readonly name: 'docker' | 'podman' | 'containerd';
  /** Whether there is one, that runs where it is a daemon. */
  isThere(): Promise<boolean>;
  /** Takes an archive with an OCI layout and docker's `manifest.json`. */
  load(archive: Bytes): Promise<void>;
  /** Hands the archive of an image to `read`. */
  save(image: string, read: (archive: Bytes) => Promise<unknown>): Promise<void>;
}
