import type { ContextTree } from '../../context/directory-context.ts';
import { fileIdentity, isAnyRacy, isRacyFile } from '../../context/file-watch.ts';
import { isAdvice } from '../advice/advice.ts';
import type { Settings } from '../defaults.ts';
import type { BuildEvent } from '../events.ts';
import type { BuildOptions } from '../options.ts';
import type { BuildResult } from '../result.ts';
import { type ProducedFile, type UsedImage, writeRecord } from './record-file.ts';
import { recordPath } from './record-path.ts';

/** Collects what a build is made from, so that the next one can tell whether anything changed. */
export interface BuildInputs {
  /** To be called before the file is read, or found to be missing. */
  file(path: string): void;
  context(tree: ContextTree): void;
  image(image: UsedImage): void;
  /** Something that cannot be told by looking at it: there will be no record. */
  unknown(): void;
  event(event: BuildEvent): void;
  /** Keeps the record, unless an input is unknown or so young that a change of it might not show. */
  save(result: BuildResult, produced: () => readonly ProducedFile[]): void;
}

export function createBuildInputs(options: BuildOptions, settings: Settings): BuildInputs {
  const path = recordPath(options, settings);
  const startedMs = Date.now();
  const files = new Map<string, readonly number[]>();
  const trees = new Set<ContextTree>();
  const images: UsedImage[] = [];
  const events: BuildEvent[] = [];
  let isKnown = path !== undefined;
  return {
    file(file) {
      if (isKnown && !files.has(file)) files.set(file, fileIdentity(file));
    },
    context: (tree) => trees.add(tree),
    image: (image) => images.push(image),
    unknown() {
      isKnown = false;
    },
    event(event) {
      if (isKnown) events.push(...toldAgain(event));
    },
    save(result, produced) {
      if (path === undefined || !isKnown) return;
      const contexts = [...trees].map((tree) => tree.watched());
      if (contexts.some((context) => isAnyRacy(context, startedMs))) return;
      if ([...files.values()].some((identity) => isRacyFile(identity, startedMs))) return;
      try {
        writeRecord(path, {
          contexts,
          files: [...files].map(([file, identity]) => ({ path: file, identity })),
          images,
          produced: produced(),
          events,
          result: { ...result, cached: result.cached + result.executed, executed: 0 },
        });
      } catch {
        // It costs time, nothing else.
      }
    },
  };
}

/** What of a build is told when it is found unchanged. */
function toldAgain(event: BuildEvent): readonly BuildEvent[] {
  switch (event.type) {
    case 'step-started':
    case 'image-resolved':
      return [event];
    case 'warning':
      return isAdvice(event.diagnostic.code) ? [] : [event];
    case 'step-finished':
      return [
        ...(event.key === undefined ? [] : [{ type: 'step-cached', step: event.step, key: event.key } as const]),
        { ...event, durationMs: 0 },
      ];
    default:
      return [];
  }
}
