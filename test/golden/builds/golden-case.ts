import type { BuildOptions } from '../../../src/index.ts';
import type { ProjectFile } from '../../support/project.ts';

interface CaseBase {
  /** Features as test/golden/features.ts names them, each of them used in the Dockerfile. */
  readonly covers: readonly string[];
  /** The rule, with the section of dockerfile-semantics.md that states it. */
  readonly about: string;
  /** Lines. `BUSYBOX` stands for the base image of tests with commands. */
  readonly dockerfile: readonly string[];
  /** The context. A folder in `contexts` is a named context. */
  readonly files?: Readonly<Record<string, ProjectFile>>;
  /** Texts by name, which a web server gives below the address `SERVER`. */
  readonly served?: Readonly<Record<string, string>>;
  /** The files of a git repository at the address `REPOSITORY`, whose only commit is `COMMIT`. */
  readonly repository?: Readonly<Record<string, string>>;
  /** Shell lines, run in the context. */
  readonly prepare?: readonly string[];
  readonly options?: BuildOptions;
}

/** A build and all that it must make, worked out by hand. */
export interface GoldenBuild extends CaseBase {
  /**
   * Every path that the base has not in the same way, as `TYPE MODE UID:GID`, then the text of a file, the target of a
   * link or ` = ` and the first name of the same file.
   */
  readonly paths: Readonly<Record<string, string>>;
  /** A directory whose inside is not told. */
  readonly closed?: string;
  /** Of the image, where it is not the machine's. */
  readonly platform?: string;
  /** Fields of the runtime configuration. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** `created_by` of every item after the base's, and ` (empty)` where there is no layer. */
  readonly history?: readonly string[];
}

/** A build that must fail, with the code of the error and the line that it points to. */
export interface GoldenRefusal extends CaseBase {
  readonly refused: string;
  readonly line: number;
}

export type GoldenCase = GoldenBuild | GoldenRefusal;

/** A refusal of one line on an empty base. */
export function refuse(feature: string, line: string, refused: string, about: string): GoldenRefusal {
  return { covers: [feature], about, dockerfile: ['FROM scratch', line], refused, line: 2 };
}

/** Cases with a command need a sandbox. */
export function hasCommand({ dockerfile }: GoldenCase): boolean {
  return dockerfile.some((line) => line.includes('BUSYBOX'));
}
