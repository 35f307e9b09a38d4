import type { DigestsByPath } from '../../core/digest.ts';
import type { PackEntry, WhiteoutEntry } from '../../core/toc.ts';
import type { Tree, TreeNode } from '../../core/tree.ts';
import type { InlineFile } from '../../plan/step.ts';
import type { Owner } from '../../rootfs/accounts.ts';

/** A source that was fetched: one file, or a tree whose content is copied. */
export type FetchedSource =
  | { readonly kind: 'file'; readonly name: string; readonly node: TreeNode }
  | { readonly kind: 'tree'; readonly tree: Tree };

/** What decides which files are copied. */
export interface SourceRequest {
  /** Where `sources` are looked up. */
  readonly source: Tree;
  /** Expanded, as written otherwise. */
  readonly sources: readonly string[];
  /** Those of `sources` that are not looked up, by their text. */
  readonly fetched?: ReadonlyMap<string, FetchedSource> | undefined;
  /** Here-documents; they come after the sources. */
  readonly inlineFiles: readonly InlineFile[];
  readonly exclude: readonly string[];
  readonly parents: boolean;
  /** Of what the step makes itself: parent directories and here-documents. All else keeps the source's time. */
  readonly time: { readonly mtime: number; readonly mtimeNanoseconds?: number };
  /** For the message about a missing source: whether the ignore file excludes it. */
  readonly isIgnored?: ((path: string) => boolean) | undefined;
}

export interface CopyRequest extends SourceRequest {
  /** The stage's root file system so far. */
  readonly destination: Tree;
  /** Absolute; a trailing `/` or `/.` asks for a directory. */
  readonly to: string;
  readonly chown?: Owner | undefined;
  /** The value of `--chmod`. */
  readonly chmod?: string | undefined;
  readonly link: boolean;
  /** Of contents, by path on this machine: what need not be read where an earlier layer has it. */
  readonly digests?: DigestsByPath | undefined;
  /**
   * Source files that are unpacked instead of copied, with the entries of the archive in its order. Paths and links to
   * files are clean and relative; `''` is the destination itself.
   */
  readonly archives?: ReadonlyMap<TreeNode, readonly PackEntry[]> | undefined;
}

export interface SelectedPath {
  /** Relative to the selected directory; `''` for a source that is a file. */
  readonly path: string;
  readonly node: TreeNode;
}

/** A source as it was found: one file, or what is in one directory. */
export interface SelectedSource {
  readonly kind: 'file' | 'directory';
  /** Last component as written or matched, which names a file in a destination directory; `''` for a directory. */
  readonly name: string;
  /** In tree order, a directory before its content. A file has one. */
  readonly paths: readonly SelectedPath[];
  /** Whether it was downloaded, which by itself makes no archive of it. */
  readonly isFetched?: true;
}

export interface CopyPlan {
  /** In tree order, every path with its ancestors; each is made when its turn comes. */
  readonly entries: Iterable<PackEntry>;
  /** What the layer removes of the stage below. */
  readonly whiteouts: readonly WhiteoutEntry[];
  readonly selection: readonly SelectedSource[];
  readonly target: CopyTarget;
  /** True when an archive is unpacked; then what the layer holds may depend on the whole destination. */
  readonly unpacks: boolean;
}

/** What the destination path leads to before anything is copied. */
export interface CopyTarget {
  /** Symbolic links followed. */
  readonly path: string;
  readonly type: TreeNode['type'] | 'missing';
  /** Directories that exist on the way, the target included when it is one; without the root. */
  readonly directories: readonly SelectedPath[];
}
