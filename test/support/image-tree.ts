import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { extract, type Header } from 'tar-stream';

/** A path of an image's root file system, read with other code than lamella's own: an oracle for its tests. */
export interface ImagePath {
  readonly type: 'file' | 'dir' | 'symlink' | 'char' | 'block' | 'fifo';
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly size?: number;
  readonly sha256?: string;
  /** The content of a small file. */
  readonly text?: string;
  readonly link?: string;
  /** Major and minor number, `1:3`. */
  readonly device?: string;
  readonly mtime?: number;
  /** Equal for hard links to one file. */
  readonly inode?: string;
  readonly xattrs?: Readonly<Record<string, string>>;
}

export interface ReadImage {
  readonly digest: string;
  readonly manifest: { readonly layers: readonly { mediaType: string; digest: string; size: number }[] };
  // biome-ignore lint/suspicious/noExplicitAny: a configuration as any JSON reader sees it.
  readonly config: any;
  readonly paths: ReadonlyMap<string, ImagePath>;
  /** Entry names of each layer, in tar order. */
  readonly layers: readonly (readonly string[])[];
}

/** Reads the only image of an OCI layout directory: configuration and merged root file system. */
export async function readImageTree(layout: string): Promise<ReadImage> {
  const blob = (digest: string): Buffer => {
    const bytes = readFileSync(join(layout, 'blobs', 'sha256', digest.slice(7)));
    if (createHash('sha256').update(bytes).digest('hex') !== digest.slice(7)) throw new Error(`damaged blob ${digest}`);
    return bytes;
  };
  const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
  const digest = index.manifests[0].digest as string;
  return await readImage(digest, JSON.parse(blob(digest).toString()), blob);
}

/** The same for what `skopeo copy … dir:PATH` wrote, which keeps a Docker configuration as it is. */
export async function readImageDir(dir: string): Promise<ReadImage> {
  const manifest = readFileSync(join(dir, 'manifest.json'));
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  return await readImage(digest, JSON.parse(manifest.toString()), (each) => readFileSync(join(dir, each.slice(7))));
}

async function readImage(
  digest: string,
  manifest: ReadImage['manifest'] & { readonly config: { readonly digest: string } },
  blob: (digest: string) => Buffer,
): Promise<ReadImage> {
  const config = JSON.parse(blob(manifest.config.digest).toString());
  const paths = new Map<string, ImagePath>();
  const layers: string[][] = [];
  for (const [at, layer] of manifest.layers.entries()) {
    const tar = await inflate(layer.mediaType, blob(layer.digest));
    const diffId = `sha256:${createHash('sha256').update(tar).digest('hex')}`;
    if (diffId !== config.rootfs.diff_ids[at]) throw new Error(`layer ${at} is not ${config.rootfs.diff_ids[at]}`);
    layers.push(await applyTar(tar, paths, at));
  }
  return { digest, manifest, config, paths, layers };
}

async function inflate(mediaType: string, bytes: Buffer): Promise<Buffer> {
  // The Docker Engine gives plain tar under a gzip media type.
  if (bytes.readUInt16BE() === 0x1f8b) return await collect(Readable.from([bytes]).pipe(createGunzip()));
  if (mediaType.endsWith('zstd')) return await collect(Readable.from([bytes]).pipe(createZstdDecompress()));
  return bytes;
}

async function collect(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function applyTar(tar: Buffer, paths: Map<string, ImagePath>, layer: number): Promise<string[]> {
  const names: string[] = [];
  const own = new Set<string>();
  for await (const entry of Readable.from([tar]).pipe(extract())) {
    const header = entry.header as Header;
    const content = await collect(entry as AsyncIterable<Buffer>);
    names.push(header.name);
    applyEntry({ header, content, paths, own, layer });
  }
  return names;
}

interface Application {
  readonly header: Header;
  readonly content: Buffer;
  readonly paths: Map<string, ImagePath>;
  readonly own: Set<string>;
  readonly layer: number;
}

function applyEntry({ header, content, paths, own, layer }: Application): void {
  const path = `/${header.name.replace(/^\.?\//, '').replace(/\/$/, '')}`;
  if (path === '/' || path === '/.') return;
  const name = path.slice(path.lastIndexOf('/') + 1);
  const parent = path.slice(0, path.lastIndexOf('/'));
  if (name === '.wh..wh..opq') return void removeTree(paths, parent, (p) => p !== parent && !own.has(p));
  if (name.startsWith('.wh.')) return void removeTree(paths, `${parent}/${name.slice(4)}`, (p) => !own.has(p));
  const before = paths.get(path);
  if (before !== undefined && !(before.type === 'dir' && header.type === 'directory'))
    removeTree(paths, path, () => true);
  own.add(path);
  if (header.type === 'link') {
    const target = paths.get(`/${(header.linkname ?? '').replace(/^\.?\//, '')}`);
    if (target === undefined) throw new Error(`${path} links to nothing: ${header.linkname}`);
    paths.set(path, target);
    return;
  }
  paths.set(path, describe(header, content, `${layer}:${path}`));
}

function removeTree(paths: Map<string, ImagePath>, root: string, chosen: (path: string) => boolean): void {
  for (const path of [...paths.keys()]) {
    if ((path === root || path.startsWith(`${root}/`)) && chosen(path)) paths.delete(path);
  }
}

const TYPES: Readonly<Record<string, ImagePath['type']>> = {
  file: 'file',
  'contiguous-file': 'file',
  directory: 'dir',
  symlink: 'symlink',
  'character-device': 'char',
  'block-device': 'block',
  fifo: 'fifo',
};

function describe(header: Header, content: Buffer, inode: string): ImagePath {
  const type = TYPES[header.type ?? 'file'];
  if (type === undefined) throw new Error(`unexpected tar entry type ${header.type} of ${header.name}`);
  const xattrs = Object.entries(header.pax ?? {}).filter(([key]) => key.startsWith('SCHILY.xattr.'));
  return {
    type,
    mode: ((header.mode ?? 0) & 0o7777).toString(8).padStart(4, '0'),
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    ...(header.mtime !== undefined && header.mtime !== null && { mtime: header.mtime.getTime() / 1000 }),
    ...(type === 'file' && { size: content.length, sha256: createHash('sha256').update(content).digest('hex'), inode }),
    ...(type === 'file' && content.length < 4096 && { text: content.toString() }),
    ...(type === 'symlink' && { link: header.linkname ?? '' }),
    ...((type === 'char' || type === 'block') && { device: `${header.devmajor}:${header.devminor}` }),
    ...(xattrs.length > 0 && { xattrs: Object.fromEntries(xattrs) }),
  };
}
