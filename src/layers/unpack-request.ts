import type { LayerLimits } from '../core/limits.ts';
import type { Metadata } from '../core/toc.ts';
import type { TarHandler } from '../io/tar-reader.ts';

export interface UnpackRequest {
  readonly uncompressed: AsyncIterable<Uint8Array>;
  /** An existing directory; empty, unless whiteouts are applied to what is in it. Its own mode and owner stay. */
  readonly root: string;
  /** Tree paths (as a table of contents has them) that lie elsewhere, because a parent is a link in a lower layer. */
  readonly rename?: ReadonlyMap<string, string> | undefined;
  /**
   * `overlay` leaves them to overlayfs, as character devices 0:0; `files` leaves them as the files `.wh.NAME` and
   * `.wh..wh..opq`; `apply` removes what they name.
   */
  readonly whiteouts: 'overlay' | 'files' | 'apply';
  /** Makes a directory opaque; for `overlay` only. Paths are those of the host and of the tree. */
  readonly opaque?: ((hostPath: string, path: string) => void) | undefined;
  /** Without it, and where it throws EPERM, device nodes and pipes are skipped; whiteouts of `overlay` need it. */
  readonly mknod?: MakeNode | undefined;
  /** Sets `security.capability`; without it that attribute is skipped. */
  readonly setCapability?: ((hostPath: string, base64: string) => void) | undefined;
  readonly ownership: 'keep' | 'ignore';
  /** What a directory that no entry describes has in lower layers. Default: mode 0755, owner 0:0, time 0. */
  readonly impliedDirectory?: ((path: string) => Metadata | undefined) | undefined;
  readonly limits?: Partial<LayerLimits> | undefined;
  /** Is told of the archive as well. */
  readonly alongside?: TarHandler | undefined;
  readonly signal?: AbortSignal | undefined;
}

export type MakeNode = (
  hostPath: string,
  type: 'character' | 'block' | 'fifo',
  mode: number,
  major: number,
  minor: number,
) => void;

export interface UnpackResult {
  readonly entries: number;
  /** Bytes of contents. */
  readonly bytes: number;
  /** Tree paths of entries that this host could not make. */
  readonly skipped: readonly string[];
  /** Directories that no entry describes. */
  readonly implied: readonly string[];
}
