import { join } from 'node:path';

/** Where everything lies that builds keep. */
export interface CacheFolders {
  /** Content by digest, as an OCI image layout. */
  readonly store: string;
  /** What steps made, by key. */
  readonly records: string;
  /** What is too long for a record, by its key. */
  readonly longValues: string;
  /** The last build of each project, for explanations. */
  readonly traces: string;
  /** Keys, by what steps are made from. */
  readonly definitions: string;
  /** Blobs, by the layer that they carry. */
  readonly blobs: string;
  /** Where blobs can be taken apart, by blob. */
  readonly blocks: string;
  /** In which repositories blobs were seen. */
  readonly repositories: string;
  /** Tables of contents, by layer. */
  readonly tocs: string;
  /** What references named when they were pulled. */
  readonly pulled: string;
  /** Directories of layers, by kind of sandbox host. */
  readonly snapshots: string;
  /** Folders of cache mounts, by kind of sandbox host. */
  readonly mounts: string;
  /** What addresses gave when they were fetched. */
  readonly downloads: string;
  /** Git repositories, by their address. */
  readonly git: string;
  /** Tarballs that npm's cache had not. */
  readonly npmTarballs: string;
  /** How installations were divided into layers. */
  readonly npmPlans: string;
  /** What is needed to enter the roots of failed commands that were kept. */
  readonly kept: string;
  /** Workspaces of running builds. */
  readonly temporary: string;
  readonly statCache: string;
  /** Builds that need not be done again as long as nothing changes. */
  readonly unchanged: string;
  /** Empty files whose times tell when directories were used last. */
  readonly used: string;
  /** Sizes of directories, as they were measured. */
  readonly sizes: string;
  /** Lease of whoever takes away. */
  readonly collection: string;
  /** Tells one collection from the next. */
  readonly collectionId: string;
}

export function cacheFolders(cacheDir: string): CacheFolders {
  return {
    store: join(cacheDir, 'store'),
    records: join(cacheDir, 'records'),
    longValues: join(cacheDir, 'long-values'),
    traces: join(cacheDir, 'traces'),
    definitions: join(cacheDir, 'definitions'),
    blobs: join(cacheDir, 'blobs'),
    blocks: join(cacheDir, 'blocks'),
    repositories: join(cacheDir, 'repositories'),
    tocs: join(cacheDir, 'tocs'),
    pulled: join(cacheDir, 'pulled'),
    snapshots: join(cacheDir, 'snapshots'),
    mounts: join(cacheDir, 'mounts'),
    downloads: join(cacheDir, 'downloads'),
    git: join(cacheDir, 'git'),
    npmTarballs: join(cacheDir, 'npm', 'tarballs'),
    npmPlans: join(cacheDir, 'npm', 'plans'),
    kept: join(cacheDir, 'kept'),
    temporary: join(cacheDir, 'tmp'),
    statCache: join(cacheDir, 'stat-cache'),
    unchanged: join(cacheDir, 'unchanged'),
    used: join(cacheDir, 'used'),
    sizes: join(cacheDir, 'sizes.json'),
    collection: join(cacheDir, 'collection.lease'),
    collectionId: join(cacheDir, 'collection.id'),
  };
}
