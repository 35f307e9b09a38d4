import type { HistoryItem } from '../core/image.ts';
import { FIXED_TIME } from '../core/time.ts';
import type { Settings } from './defaults.ts';

/** Written in every history item of ours (reference, section 14). */
const COMMENT = 'lamella';

/** A step's line in the history; `created` is there for steps that made a layer. */
export interface HistoryLine {
  readonly createdBy: string;
  readonly created?: string;
}

/**
 * History items for the steps of a stage. Metadata items take the time of the next layer, else of the one before
 * (reference, section 14).
 */
export function historyItems(lines: readonly HistoryLine[], fallback: string): HistoryItem[] {
  return lines.map((line, index) => ({
    created: line.created ?? nearestTime(lines, index) ?? fallback,
    created_by: line.createdBy,
    comment: COMMENT,
    ...(line.created === undefined && { empty_layer: true }),
  }));
}

function nearestTime(lines: readonly HistoryLine[], index: number): string | undefined {
  const hasTime = (line: HistoryLine): boolean => line.created !== undefined;
  return (lines.slice(index).find(hasTime) ?? lines.slice(0, index).findLast(hasTime))?.created;
}

/** The instant of `created` of a layer that was made at some time, perhaps by an earlier build. */
export function createdOf(settings: Settings, made: string): string {
  return createdNow(settings, () => new Date(made));
}

/**
 * The instant of `created`, RFC 3339: SOURCE_DATE_EPOCH, else the constant that all entries carry, else (under
 * `preserve`) the clock.
 */
export function createdNow({ sourceDateEpoch, timestamps }: Settings, clock: () => Date): string {
  const seconds = sourceDateEpoch ?? (timestamps === 'fixed' ? FIXED_TIME : undefined);
  const date = seconds === undefined ? clock() : new Date(seconds * 1000);
  return seconds === undefined ? date.toISOString() : date.toISOString().replace('.000Z', 'Z');
}
