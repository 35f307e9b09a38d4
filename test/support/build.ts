import { join } from 'node:path';
import type { BuildEvent } from '../../src/build/events.ts';
import { type BuildOptions, type BuildResult, build } from '../../src/index.ts';
import { tempDir } from './temp-dir.ts';

export interface TestBuild extends BuildResult {
  readonly events: readonly BuildEvent[];
}

export interface Builder {
  readonly cacheDir: string;
  /** Builds with one cache; a context is made of `files`. */
  build(options: BuildOptions & { readonly files?: Readonly<Record<string, string>> }): Promise<TestBuild>;
}

/** Builds of one cache folder, which is the running test's own. */
export function createBuilder(cacheDir: string = join(tempDir(), 'cache')): Builder {
  return {
    cacheDir,
    async build({ files, ...options }) {
      const events: BuildEvent[] = [];
      const onEvent = (event: BuildEvent): void => {
        events.push(event);
        options.onEvent?.(event);
      };
      const context = files === undefined ? {} : { context: tempDir(files) };
      return { ...(await build({ cacheDir, ...context, ...options, onEvent })), events };
    },
  };
}

export function eventsOf<Type extends BuildEvent['type']>(
  { events }: Pick<TestBuild, 'events'>,
  type: Type,
): Extract<BuildEvent, { type: Type }>[] {
  return events.filter((event): event is Extract<BuildEvent, { type: Type }> => event.type === type);
}
