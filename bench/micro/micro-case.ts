import type { MicroResult } from '../report/results.ts';

/** A part of lamella by itself, and the program that does the same where there is one. */
export interface MicroCase extends Pick<MicroResult, 'name' | 'what' | 'amount' | 'unit'> {
  /** Before each run, not counted. */
  readonly prepare?: () => void;
  readonly run: () => unknown;
  readonly counterpart?: Counterpart;
  /** What else was found, after the last run. */
  readonly note?: () => string;
}

/** A program that does the same, or another library. */
export type Counterpart = OtherProgram | OtherLibrary;

interface OtherProgram {
  readonly name: string;
  readonly needs: readonly string[];
  readonly script: string;
}

interface OtherLibrary {
  readonly name: string;
  readonly run: () => unknown;
}

/** What the cases work on. */
export interface MicroInputs {
  /** A folder with many small files. */
  readonly files: string;
  /** A folder to write into. */
  readonly scratch: string;
  readonly size: (atFullScale: number) => number;
}
