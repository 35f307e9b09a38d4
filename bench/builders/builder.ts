import type { Group } from '../measure/accounting.ts';
import type { Workload } from '../workloads/workload.ts';

export type BuilderName =
  | 'lamella'
  | 'lamella unshare'
  | 'lamella native'
  | 'buildah'
  | 'docker'
  | 'buildctl'
  | 'kaniko';

/** Whether a builder, or the subject of a run, is lamella: the others are its peers. */
export function isOurs(subject: string): boolean {
  return subject === 'lamella' || subject.startsWith('lamella ');
}

/** One build of a workload. */
export interface Job {
  readonly workload: Workload;
  /** Folder of the context, with its Dockerfile. */
  readonly context: string;
}

/** A program that builds images, with everything that it keeps in folders of ours. */
export interface Builder extends AsyncDisposable {
  readonly name: BuilderName;
  readonly version: string;
  /** What one build of it means here, for the report. */
  readonly what: string;
  readonly group: Group;
  /** Whether it takes part in a workload. */
  readonly takes: (workload: Workload) => boolean;
  /** Forgets everything: caches, base images, outputs. */
  readonly clear: () => Promise<void>;
  /** One command that builds and leaves an image with compressed layers. */
  readonly command: (job: Job) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Bytes of the compressed layers of the image that the last build left. */
  readonly layerBytes: () => Promise<number>;
}
