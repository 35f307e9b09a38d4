import assert from 'node:assert/strict';
import { fileChanged } from '../../context/context-error.ts';
import { type FileSource, streamFound } from '../../context/open-found.ts';
import type { DiffId, DigestsByPath } from '../../core/digest.ts';
import { isBuilderError } from '../../core/errors.ts';
import type { LayerLimits } from '../../core/limits.ts';
import type { PackEntry } from '../../core/toc.ts';
import type { TreeNode } from '../../core/tree.ts';
import { decompress } from '../../io/decompress.ts';
import { DigestCounter } from '../../io/hash.ts';
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

export interface ArchiveSources {
  readonly selection: readonly SelectedSource[];
  /** By path on this machine, of all that count in keys. */
  readonly digests: DigestsByPath;
}

/**
 * Finds the sources that ADD unpacks: regular files that are tar archives, plain or compressed, by their content and
 * never by their name (reference, section 11); downloads only when they are meant to be (section 12).
 */
export async function findArchives(
  { selection, digests }: ArchiveSources,
  { unpackFetched, limits }: { readonly unpackFetched: boolean; readonly limits: LayerLimits },
): Promise<Archives> {
  const entries = new Map<TreeNode, readonly PackEntry[]>();
  const archives = new Map<DiffId, FileSource>();
  for (const node of fileNodes(selection.filter(({ isFetched }) => unpackFetched || isFetched !== true))) {
    const { source } = node;
    if (source?.kind !== 'path' || !(await isArchive(source))) continue;
    const archive = await readHashed(source, { digests, limits });
    entries.set(node, entriesOf(archive));
    archives.set(archive.diffId, source);
  }
  return {
    entries,
    open(archive) {
      const source = archives.get(archive);
      assert(source !== undefined, `no archive ${archive}`);
      return decompress(asHashed(source, digests));
    },
  };
}

function fileNodes(selection: readonly SelectedSource[]): TreeNode[] {
  return selection.flatMap(({ kind, paths }) =>
    kind === 'file' ? paths.map(({ node }) => node).filter(({ type }) => type === 'file') : [],
  );
}

interface Reading {
  readonly digests: ArchiveSources['digests'];
  readonly limits: LayerLimits;
}

/** What somebody is writing to may look damaged. */
async function readHashed(source: FileSource, { digests, limits }: Reading): Promise<ArchiveContents> {
  try {
    return await readArchive(decompress(asHashed(source, digests)), { limits });
  } catch (error) {
    if (isBuilderError(error) && error.family === 'layer') for await (const _ of asHashed(source, digests));
    throw error;
  }
}

/** The bytes of a file; at their end they must be those that count in keys. */
async function* asHashed(source: FileSource, digests: DigestsByPath): AsyncGenerator<Uint8Array, void> {
  const counter = new DigestCounter();
  for await (const chunk of streamFound(source)) {
    counter.update(chunk);
    yield chunk;
  }
  const expected = digests.get(source.path);
  if (expected !== undefined && counter.finish().digest !== expected) throw fileChanged(source.path);
}

async function isArchive(source: FileSource): Promise<boolean> {
  const head = await firstRecord(source);
  if (head === undefined || isZeroRecord(head, 0)) return false;
  try {
    decodeTarHeader(head, 0, 0);
    return true;
  } catch {
    return false;
  }
}

/** What cannot be decompressed is no archive; a file that cannot be read is an error. */
async function firstRecord(source: FileSource): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of decompress(streamFound(source))) {
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
