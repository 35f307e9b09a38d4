import type { ContextWriter } from './context-writer.ts';
import type { Random } from './random.ts';

/** What a workload may depend on besides itself. */
export interface Setting {
  /** 1 is the size of the bars; `size(n)` is `n` at this scale, at least 1. */
  readonly size: (atFullScale: number) => number;
  /** host:port of the registry with the base images. */
  readonly registry: string;
  /** Address of the caching npm registry. */
  readonly npmRegistry: string;
}

/** A build context that is the same, byte by byte, each time it is made with the same setting. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  /** Base image as name:tag; absent for `scratch`. */
  readonly base?: string;
  /** Whether it has RUN steps. They have the network of this machine, with every builder. */
  readonly runs: boolean;
  /** Whether a RUN step is an `npm ci`. */
  readonly installs?: boolean;
  /** Whether it also asks what a further RUN costs. */
  readonly asksOneMoreRun?: boolean;
  /** Peers that are not asked, since one build takes them minutes. */
  readonly spares?: readonly string[];
  /** The file of the context that is edited between builds; absent where the context is empty. */
  readonly editedFile?: string;
  readonly write: (context: ContextWriter, setting: Setting, random: Random) => void;
}
