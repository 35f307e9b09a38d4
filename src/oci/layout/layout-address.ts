import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type Digest, parseDigest } from '../../core/digest.ts';
import { ContentError } from '../../core/errors.ts';
import { errnoOf, toHostError } from '../../io/host-error.ts';
import { LAYOUT_FILE } from './layout-files.ts';

/** Which image of a layout: `DIR`, `DIR:tag` or `DIR@digest`. */
export interface LayoutAddress {
  readonly dir: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** @throws ContentError `CONTENT_BAD_DIGEST` */
export function parseLayoutAddress(text: string): LayoutAddress {
  const at = text.lastIndexOf('@sha256:');
  if (at > 0) return { dir: text.slice(0, at), digest: parseDigest(text.slice(at + 1)) };
  const colon = text.lastIndexOf(':');
  return colon > Math.max(text.lastIndexOf('/'), 0)
    ? { dir: text.slice(0, colon), tag: text.slice(colon + 1) }
    : { dir: text };
}

/** @throws ContentError `CONTENT_NOT_A_LAYOUT` */
export function requireLayout(dir: string): void {
  try {
    statSync(join(dir, LAYOUT_FILE));
  } catch (cause) {
    throw unreadableLayout(dir, LAYOUT_FILE, cause);
  }
}

/** What a file of a layout that cannot be read means. */
export function unreadableLayout(dir: string, name: string, cause: unknown): unknown {
  if (!['ENOENT', 'ENOTDIR'].includes(errnoOf(cause) ?? '')) return toHostError(cause, 'read', join(dir, name));
  return new ContentError('CONTENT_NOT_A_LAYOUT', `${dir} is not an OCI image layout: it has no ${name}`, {
    hint: 'name a directory as "lamella build -o type=oci-layout,dest=DIR" or "skopeo copy … oci:DIR" writes it',
    cause,
  });
}
