import type { Setting } from '../workloads/workload.ts';

/** What a floor is measured with. */
export interface FloorInputs extends Pick<Setting, 'registry' | 'size'> {
  /** Folder of the context. */
  readonly context: string;
  /** An unpacked root file system of the workload's base image; an empty folder where it has none. */
  readonly root: string;
  /** Files of the layers of that image, lowest first. */
  readonly layers: readonly string[];
  /** A folder to write into. */
  readonly scratch: string;
}

/** The least that a machine needs for a part of a workload, done by the best tool for that part. */
export interface Floor {
  readonly name: string;
  /** Programs that must be there. */
  readonly needs: readonly string[];
  /** Works with the base image on disk. */
  readonly inRoot?: boolean;
  readonly command: (inputs: FloorInputs) => readonly string[];
  /** The command does it so many times over; times are of one. */
  readonly repeats?: number;
}
