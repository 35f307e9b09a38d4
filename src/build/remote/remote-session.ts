import type { Workspace } from '../../io/workspace.ts';
import type { BlobStore } from '../../store/blob-store.ts';
import type { CacheFolders } from '../cache-folders.ts';
import type { Claims } from '../claims.ts';
import type { BuildControl } from '../control.ts';
import type { Settings } from '../defaults.ts';
import type { BuildOptions } from '../options.ts';

/** What of a build's session fetching needs. */
export interface RemoteSession extends Pick<BuildControl, 'signal' | 'emit'> {
  readonly options: BuildOptions;
  readonly settings: Settings;
  readonly store: BlobStore;
  readonly workspace: Workspace;
  readonly folders: CacheFolders;
  readonly claims: Claims;
  now(): Date;
}
