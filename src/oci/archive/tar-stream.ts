import type { Bytes } from '../../core/ports.ts';
import { encodeTarHeader, TAR_RECORD, tarPadding } from '../../io/tar-header.ts';

/** A member of an archive: a file with content of known size, or a directory. */
export type ArchiveMember =
  | { readonly path: string; readonly size: number; readonly bytes: Bytes }
  | { readonly path: string; readonly directory: true };

/** A tar archive whose bytes depend on nothing but its members: owner 0, time 0, fixed modes. */
export async function* tarStream(members: readonly ArchiveMember[]): AsyncGenerator<Uint8Array, void> {
  for (const member of members) {
    const owner = { uid: 0, gid: 0, mtime: 0, path: member.path };
    if ('directory' in member) {
      yield encodeTarHeader({ ...owner, type: 'directory', mode: 0o755, size: 0 });
      continue;
    }
    yield encodeTarHeader({ ...owner, type: 'file', mode: 0o644, size: member.size });
    yield* member.bytes;
    yield Buffer.alloc(tarPadding(member.size));
  }
  yield Buffer.alloc(2 * TAR_RECORD);
}
