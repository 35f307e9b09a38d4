import type { ContextTree } from '../../context/directory-context.ts';
import { fileIdentity, newestChange } from '../../context/file-watch.ts';
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

/** A file that changed later than this many milliseconds before it was looked at could change without a trace. */
const RACY_MS = 2000;

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
      const newest = Math.max(0, ...contexts.map(newestChange), ...[...files.values()].map(lastChange));
      if (newest > startedMs - RACY_MS) return;
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

function lastChange([, mtimeMs = 0, ctimeMs = 0]: readonly number[]): number {
  return Math.max(mtimeMs, ctimeMs);
}

/** What of a build is told when it is found unchanged. */
function toldAgain(event: BuildEvent): readonly BuildEvent[] {
  switch (event.type) {
    case 'step-started':
    case 'warning':
    case 'image-resolved':
      return [event];
    case 'step-finished':
      return [
        ...(event.key === undefined ? [] : [{ type: 'step-cached', step: event.step, key: event.key } as const]),
        { ...event, durationMs: 0 },
      ];
    default:
      return [];
  }
}
