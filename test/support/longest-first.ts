import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take minutes, however small they are: their cases are folders. */
const LONGEST = ['test/differential/peers.test.ts'];

/**
 * Begins with the files that take longest: without the times of an earlier run Vitest begins with the largest, and the
 * last one runs alone.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean => LONGEST.some((path) => moduleId.endsWith(path));
    return [...sorted.filter(isLong), ...sorted.filter((each) => !isLong(each))];
  }
}
