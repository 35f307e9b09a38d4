import type { Descriptor } from '../../core/image.ts';
import type { ContentReader } from '../../core/ports.ts';

/** An OCI image layout on disk: what its index names, and the content. */
export interface Layout {
  readonly dir: string;
  readonly reader: ContentReader;
  readonly manifests: readonly Descriptor[];
}
