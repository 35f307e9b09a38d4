import { createHash } from 'node:crypto';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** What a registry in memory holds: blobs and manifests of repositories. */
export interface RegistryContent {
  readonly blobs: Map<string, Buffer>;
  readonly manifests: Map<string, StoredManifest>;
  putBlob(repository: string, bytes: Uint8Array): string;
  putManifest(repository: string, tag: string, mediaType: string, bytes: Uint8Array): string;
}

export function createContent(): RegistryContent {
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, StoredManifest>();
  return {
    blobs,
    manifests,
    putBlob(repository, bytes) {
      const digest = sha256(bytes);
      blobs.set(`${repository}@${digest}`, Buffer.from(bytes));
      return digest;
    },
    putManifest(repository, tag, mediaType, bytes) {
      const digest = sha256(bytes);
      for (const name of [tag, digest]) {
        manifests.set(`${repository}:${name}`, { mediaType, bytes: Buffer.from(bytes) });
      }
      return digest;
    },
  };
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
