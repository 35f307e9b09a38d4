import { join } from 'node:path';
import { expect } from 'vitest';
import { type BuildOptions, isBuilderError, ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { type ImagePath, readImageTree } from '../support/image-tree.ts';
import { tempDir } from '../support/temp-dir.ts';

/** What must come of a hostile input: an error with this code, or an image with these paths and without those that are `null`. */
export type Outcome =
  | { readonly refused: string }
  | { readonly paths: Readonly<Record<string, Partial<ImagePath> | null>> };

/** The content of files that no build may read. */
export const SECRET = 'FRoM only-outside:secret';

/** Builds, and says what came of it as far as it is wanted; nothing of it tells the secret. */
export async function outcomeOf(options: BuildOptions, wanted: Outcome): Promise<Outcome> {
  const layout = join(tempDir(), 'layout');
  try {
    await createBuilder().build({ outputs: [ociLayout(layout)], ...options });
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    const { code, message, hint, source } = error;
    expect(JSON.stringify([message, hint, source])).not.toContain('only-outside');
    return { refused: code };
  }
  const { paths } = await readImageTree(layout);
  expect(JSON.stringify([...paths])).not.toContain('only-outside');
  const asked = 'paths' in wanted ? Object.keys(wanted.paths) : [...paths.keys()];
  return { paths: Object.fromEntries(asked.map((path) => [path, paths.get(path) ?? null])) };
}

/** `{}` of a path asks for no more than that it is there. */
export function expected(outcome: Outcome): unknown {
  if ('refused' in outcome) return outcome;
  const paths = Object.entries(outcome.paths).map(([path, facts]) => [path, facts && expect.objectContaining(facts)]);
  return { paths: Object.fromEntries(paths) };
}
