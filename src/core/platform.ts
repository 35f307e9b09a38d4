/** A platform as in image-spec, image-index.md; always normalised (see {@link parsePlatform}). */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly osVersion?: string;
}
