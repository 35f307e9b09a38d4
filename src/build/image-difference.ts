import type { Image, Layer } from '../core/image.ts';
import { isWhiteout, type Toc, type TocEntry, type TocFileEntry } from '../core/toc.ts';

/** The first thing in which two images of one Dockerfile differ. */
export type ImageDifference =
  | {
      readonly kind: 'layer';
      /** Position from 1, lowest first. */
      readonly layer: number;
      /** `created_by` of its history item. */
      readonly createdBy: string;
      /** The first differing path in the layer; absent when only the tars themselves differ. */
      readonly path?: string;
      readonly changes: readonly Change[];
    }
  | { readonly kind: 'configuration'; readonly changes: readonly Change[] }
  /** Equal layers that were compressed to other bytes. */
  | { readonly kind: 'compression'; readonly layer: number; readonly changes: readonly Change[] };

/** `undefined` for what one side does not have. */
export interface Change {
  readonly what: string;
  readonly first: string | undefined;
  readonly second: string | undefined;
}

/** Where two images differ first: in a layer, in the configuration, or in how equal layers are compressed. */
export async function findImageDifference(
  first: Image,
  second: Image,
  tocOf: (layer: Layer) => Promise<Toc>,
): Promise<ImageDifference | undefined> {
  const layers = Math.max(first.layers.length, second.layers.length);
  for (let index = 0; index < layers; index++) {
    const [a, b] = [first.layers[index], second.layers[index]];
    if (a?.diffId === b?.diffId) continue;
    const place = { kind: 'layer', layer: index + 1, createdBy: createdBy(first, index) } as const;
    if (a === undefined || b === undefined) return { ...place, changes: [change('layer', a?.diffId, b?.diffId)] };
    return { ...place, ...entryDifference(await tocOf(a), await tocOf(b)) };
  }
  return configurationDifference(first, second) ?? compressionDifference(first, second);
}

function createdBy({ config }: Image, layer: number): string {
  return config.history?.filter((item) => item.empty_layer !== true)[layer]?.created_by ?? '';
}

function entryDifference(first: Toc, second: Toc): { readonly path?: string; readonly changes: readonly Change[] } {
  const [ours, theirs] = [byPath(first), byPath(second)];
  for (const path of [...new Set([...ours.keys(), ...theirs.keys()])].sort()) {
    const changes = entryChanges(ours.get(path), theirs.get(path));
    if (changes.length > 0) return { path, changes };
  }
  return { changes: [change('tar', first.diffId, second.diffId)] };
}

function byPath({ entries }: Toc): ReadonlyMap<string, TocEntry> {
  return new Map(entries.map((entry) => [entry.path, entry]));
}

function entryChanges(first: TocEntry | undefined, second: TocEntry | undefined): readonly Change[] {
  if (first === undefined || second === undefined) return [change('type', first?.type, second?.type)];
  return fieldChanges(fieldsOf(first), fieldsOf(second));
}

type Fields = Readonly<Record<string, string | undefined>>;

/** What makes an entry, without where its content lies in the tar. */
function fieldsOf(entry: TocEntry): Fields {
  return isWhiteout(entry) ? { type: entry.type } : fileFields(entry);
}

function fileFields({ type, mode, uid, gid, size, mtime, link, major, minor, xattrs, digest }: TocFileEntry): Fields {
  return {
    type,
    mode: mode.toString(8).padStart(4, '0'),
    owner: `${uid}:${gid}`,
    size: String(size),
    'modification time': String(mtime),
    link,
    device: major === undefined ? undefined : `${major}:${minor ?? 0}`,
    'extended attributes': xattrs && JSON.stringify(Object.entries(xattrs).sort()),
    content: digest,
  };
}

function fieldChanges(first: Fields, second: Fields): readonly Change[] {
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return names.filter((name) => first[name] !== second[name]).map((name) => change(name, first[name], second[name]));
}

function configurationDifference(first: Image, second: Image): ImageDifference | undefined {
  const changes = fieldChanges(flatten(first.config), flatten(second.config));
  return changes.length === 0 ? undefined : { kind: 'configuration', changes };
}

/** Values by their paths, as in `config.Env.0`. */
function flatten(value: unknown, path = ''): Fields {
  if (typeof value !== 'object' || value === null) return { [path]: JSON.stringify(value) };
  const inside = Object.entries(value).map(([key, each]) => flatten(each, path === '' ? key : `${path}.${key}`));
  return Object.assign({}, ...inside);
}

function compressionDifference(first: Image, second: Image): ImageDifference | undefined {
  const index = first.layers.findIndex(({ descriptor }, at) => descriptor.digest !== digestAt(second, at));
  if (index === -1) return undefined;
  const changes = [change('digest', digestAt(first, index), digestAt(second, index))];
  return { kind: 'compression', layer: index + 1, changes };
}

function digestAt({ layers }: Image, index: number): string | undefined {
  return layers[index]?.descriptor.digest;
}

function change(what: string, first: string | undefined, second: string | undefined): Change {
  return { what, first, second };
}
