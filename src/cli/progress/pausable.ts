import type { BuildEvent } from '../library.ts';
import type { Progress } from './progress.ts';

export interface PausableProgress extends Progress {
  /** Leaves the screen to somebody else; what happens meanwhile is shown afterwards. */
  pause(): void;
  resume(): void;
}

/** Of the output of commands that came while nobody could see it, the latest events are kept. */
const MOST_LOGS = 1000;

export function pausable(progress: Progress): PausableProgress {
  let waiting: BuildEvent[] | undefined;
  return {
    event(event) {
      if (waiting === undefined) progress.event(event);
      else waiting.push(event);
      if (waiting !== undefined && waiting.length > 2 * MOST_LOGS) waiting = withoutOldLogs(waiting);
    },
    close: () => progress.close(),
    pause() {
      waiting ??= [];
      progress.show?.(false);
    },
    resume() {
      progress.show?.(true);
      for (const event of waiting ?? []) progress.event(event);
      waiting = undefined;
    },
  };
}

function withoutOldLogs(events: readonly BuildEvent[]): BuildEvent[] {
  const logs = events.filter(({ type }) => type === 'log');
  const old = new Set(logs.slice(0, -MOST_LOGS));
  return events.filter((event) => !old.has(event));
}
