import type { Descriptor, Image } from '../core/image.ts';

/** What {@link build} gives back. `image` is that of the first platform, with descriptor, configuration and layers. */
export interface BuildResult {
  readonly image: Image;
  /** The images of all platforms, in the order of the options. */
  readonly images: readonly Image[];
  /** The index of the images, when several platforms were asked for. */
  readonly index?: Descriptor;
  /** Normalised names under which the image is in the local store. */
  readonly names: readonly string[];
  /** Where each output was written, in the order of the options. */
  readonly outputs: readonly { readonly type: string; readonly destination: string }[];
  /**
   * Names exactly how layers were compressed. The same layers have the same diff IDs everywhere, and the same digests
   * wherever this is the same.
   */
  readonly recipe: string;
  /** Steps that were taken from the cache, and that were carried out. */
  readonly cached: number;
  readonly executed: number;
}
