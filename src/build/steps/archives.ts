import { createReadStream } from 'node:fs';
import type { DiffId } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { LayerLimits } from '../../core/limits.ts';
import type { PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';
import { decompress } from '../../io/decompress.ts';
import { decodeTarHeader, isZeroRecord } from '../../io/tar-decode.ts';
import { TAR_RECORD } from '../../io/tar-header.ts';
import { type ArchiveContents, readArchive } from '../../layers/toc.ts';
import type { SelectedSource } from '../copy/request.ts';
import type { OpenLayer } from '../layer-contents.ts';

/** The archives among the sources of an ADD, with their entries and a way to read their contents. */
export interface Archives {
  readonly entries: ReadonlyMap<TreeNode, readonly PackEntry[]>;
  readonly open: OpenLayer;
}

/**
 * Finds the sources that ADD unpacks: regular files that are tar archives, plain or compressed, by their content and
 * never by their name (reference, section 11); downloads only when they are meant to be (section 12).
 */
export async function findArchives(
  selection: readonly SelectedSource[],
  { unpackFetched, limits }: { readonly unpackFetched: boolean; readonly limits: LayerLimits },
): Promise<Archives> {
  const entries = new Map<TreeNode, readonly PackEntry[]>();
  const paths = new Map<DiffId, string>();
  for (const node of fileNodes(selection.filter(({ isFetched }) => unpackFetched || isFetched !== true))) {
    const path = node.source?.kind === 'path' ? node.source.path : undefined;
    if (path === undefined || !(await isArchive(path))) continue;
    const archive = await readArchive(openArchive(path), { limits });
    entries.set(node, entriesOf(archive));
    paths.set(archive.diffId, path);
  }
  return { entries, open: (archive) => openArchive(paths.get(archive) ?? '') };
}

function fileNodes(selection: readonly SelectedSource[]): TreeNode[] {
  return selection.flatMap(({ kind, paths }) =>
    kind === 'file' ? paths.map(({ node }) => node).filter(({ type }) => type === 'file') : [],
  );
}

function openArchive(path: string): AsyncIterable<Uint8Array> {
  return decompress(createReadStream(path, { highWaterMark: 1 << 18 }));
}

async function isArchive(path: string): Promise<boolean> {
  const head = await firstRecord(path);
  if (head === undefined || isZeroRecord(head, 0)) return false;
  try {
    decodeTarHeader(head, 0, 0);
    return true;
  } catch {
    return false;
  }
}

/** What cannot be decompressed is no archive; a file that cannot be read is an error. */
async function firstRecord(path: string): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of openArchive(path)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= TAR_RECORD) return Buffer.concat(chunks);
    }
  } catch (error) {
    if (!isBuilderError(error) || error.code !== 'LAYER_COMPRESSION_CORRUPT') throw error;
  }
  return undefined;
}

function entriesOf({ entries, diffId }: ArchiveContents): PackEntry[] {
  return entries.map(({ offset, data: _data, ...rest }): PackEntry => {
    const hasContent = offset !== undefined && rest.type === 'file' && rest.size > 0;
    return { ...rest, ...(hasContent && { source: { kind: 'layer', layer: diffId, offset } }) };
  });
}
