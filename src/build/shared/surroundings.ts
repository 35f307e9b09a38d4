import type { BlobIndex } from '../../cache/blob-index.ts';
import type { RegistryClient } from '../../oci/registry/client.ts';
import type { TocStore } from '../../rootfs/toc-store.ts';
import type { BlobStore } from '../../store/blob-store.ts';
import type { BuildControl } from '../control.ts';
import type { Settings } from '../defaults.ts';
import type { LayerLibrary } from '../layer-library.ts';
import type { BuildOptions } from '../options.ts';
import type { LazyLayers } from './lazy-layers.ts';
import type { LostSteps } from './lost-steps.ts';

/** What of a session shared caches work with. */
export interface Surroundings extends Pick<BuildControl, 'signal' | 'emit'> {
  readonly options: Pick<BuildOptions, 'cacheFrom' | 'cacheTo' | 'context'>;
  readonly settings: Settings;
  readonly store: BlobStore;
  readonly blobs: BlobIndex;
  readonly tocs: TocStore;
  readonly library: LayerLibrary;
  readonly lazyLayers: LazyLayers;
  readonly lostSteps: LostSteps;
  registry(): RegistryClient;
}
