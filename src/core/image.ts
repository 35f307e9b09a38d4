import type { DiffId, Digest } from './digest.ts';
import type { Platform } from './platform.ts';
import type { Toc } from './toc.ts';

/** Points to content: media type, digest and size in bytes (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly platform?: Platform;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** `Healthcheck` of an image config, a Docker extension; durations in nanoseconds. */
export interface HealthcheckConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** The `config` object of an image configuration (image-spec, config.md; the last four are Docker extensions). */
export interface RuntimeConfig {
  readonly User?: string;
  readonly ExposedPorts?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly Env?: readonly string[];
  readonly Entrypoint?: readonly string[] | null;
  readonly Cmd?: readonly string[] | null;
  readonly Volumes?: Readonly<Record<string, Readonly<Record<string, never>>>>;
  readonly WorkingDir?: string;
  readonly Labels?: Readonly<Record<string, string>>;
  readonly StopSignal?: string;
  readonly ArgsEscaped?: boolean;
  readonly OnBuild?: readonly string[];
  readonly Healthcheck?: HealthcheckConfig;
  readonly Shell?: readonly string[];
  readonly [key: string]: unknown;
}

export interface HistoryItem {
  readonly created?: string;
  readonly created_by?: string;
  readonly comment?: string;
  readonly author?: string;
  readonly empty_layer?: boolean;
}

/** An image configuration as it stands in the blob (image-spec, config.md). Unknown keys of a base are kept. */
export interface ImageConfig {
  readonly created?: string;
  readonly author?: string;
  readonly architecture: string;
  readonly variant?: string;
  readonly os: string;
  readonly 'os.version'?: string;
  readonly config?: RuntimeConfig;
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly DiffId[] };
  readonly history?: readonly HistoryItem[];
  readonly [key: string]: unknown;
}

/** A layer whose digest, size and diff ID are known; its bytes are read from a content store by its descriptor. */
export interface Layer {
  readonly descriptor: Descriptor;
  readonly diffId: DiffId;
}

/** A layer with its table of contents. */
export interface IndexedLayer extends Layer {
  readonly toc: Toc;
  /** Where its blob can be taken apart; absent where it cannot. */
  readonly blocks?: readonly PackedBlock[];
}

/** A part of a layer blob that was compressed by itself, so that it can be put into another blob as it is. */
export interface PackedBlock {
  /** Equal keys mean equal entries; blocks of one key follow one another. */
  readonly key: string;
  /** sha256 of the uncompressed bytes, in hex; for parts of large files only. */
  readonly raw?: string;
  readonly rawSize: number;
  /** Place in the blob, in bytes. */
  readonly offset: number;
  readonly size: number;
  /** sha256 of these bytes, in hex. */
  readonly digest: string;
}

/** One image for one platform: the manifest's descriptor, the configuration and the layers, lowest first. */
export interface Image {
  readonly descriptor: Descriptor;
  /** Of the configuration as it is stored. Its digest is what engines call the image's ID. */
  readonly configDescriptor: Descriptor;
  readonly config: ImageConfig;
  readonly layers: readonly Layer[];
}
