import { isBuilderError } from '../../src/index.ts';

/** What a build fails with, or `undefined`. Anything but an error of ours is a defect. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return error;
  }
}
