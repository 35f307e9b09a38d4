import { formatBytes, formatDuration, printable } from '../format.ts';
import type { CliHost } from '../host.ts';
import type { BuildEvent, StepInfo } from '../library.ts';
import { LineSplitter } from './line-splitter.ts';
import {
  isAnnounced,
  type Progress,
  sentence,
  stepTitle,
  type TransferEvent,
  transferLine,
  warningText,
} from './progress.ts';

const TRANSFER_EVERY_MS = 5000;

interface RunningStep {
  readonly startedMs: number;
  readonly stdout: LineSplitter;
  readonly stderr: LineSplitter;
}

/** Lines for logs and pipes: each line of a step begins with its number, so that parallel steps can be told apart. */
export class PlainProgress implements Progress {
  readonly #host: Pick<CliHost, 'stderr' | 'now'>;
  readonly #running = new Map<number, RunningStep>();
  /** When each transfer was last shown. */
  readonly #transfers = new Map<string, number>();

  constructor(host: Pick<CliHost, 'stderr' | 'now'>) {
    this.#host = host;
  }

  event(event: BuildEvent): void {
    for (const line of this.#lines(event)) this.#host.stderr.write(`${line}\n`);
  }

  close(): void {}

  #lines(event: BuildEvent): string[] {
    switch (event.type) {
      case 'step-started':
        return this.#start(event.step);
      case 'step-cached':
        return this.#cached(event.step);
      case 'cache-miss':
        return [`#${event.step.id} not cached: ${printable(event.text)}`];
      case 'step-finished':
        return this.#end(event.step, `done ${formatDuration(event.durationMs)}`);
      case 'step-failed':
        return this.#end(event.step, `FAILED after ${formatDuration(event.durationMs)}`);
      case 'log':
        return this.#log(event.step, this.#running.get(event.step.id)?.[event.stream].push(event.bytes) ?? []);
      case 'layer-written':
        return [
          `#${event.step.id} layer ${formatBytes(event.layer.size)}, unpacked ${formatBytes(event.uncompressedSize)}`,
        ];
      case 'progress':
        return this.#transfer(event);
      case 'warning':
        return [`* warning: ${warningText(event)}`];
      default:
        return [`* ${sentence(event)}`];
    }
  }

  #start(step: StepInfo): string[] {
    const startedMs = this.#host.now();
    this.#running.set(step.id, { startedMs, stdout: new LineSplitter(), stderr: new LineSplitter() });
    return [`#${step.id} ${stepTitle(step)}`];
  }

  /** The library may start a step before it knows that its result is there; `step-finished` then ends it silently. */
  #cached(step: StepInfo): string[] {
    const started = this.#running.delete(step.id);
    return [started ? `#${step.id} CACHED` : `#${step.id} CACHED ${stepTitle(step)}`];
  }

  #log(step: StepInfo, lines: readonly string[]): string[] {
    const now = this.#host.now();
    const elapsed = formatDuration(now - (this.#running.get(step.id)?.startedMs ?? now));
    return lines.map((line) => `#${step.id} ${elapsed.padStart(7)} ${line}`.trimEnd());
  }

  #end(step: StepInfo, outcome: string): string[] {
    const state = this.#running.get(step.id);
    if (state === undefined) return [];
    const rest = this.#log(step, [...state.stdout.end(), ...state.stderr.end()]);
    this.#running.delete(step.id);
    return [...rest, `#${step.id} ${outcome}`];
  }

  /** Its start, its end, and a sign of life in between. */
  #transfer(event: TransferEvent): string[] {
    const { id, label, amount, isComplete } = transferLine(event);
    const shownMs = this.#transfers.get(id);
    if (isAnnounced(event)) return [];
    if (isComplete) this.#transfers.delete(id);
    else if (shownMs !== undefined && this.#host.now() - shownMs < TRANSFER_EVERY_MS) return [];
    else this.#transfers.set(id, this.#host.now());
    return [`* ${label} ${isComplete ? 'done ' : ''}${amount}`];
  }
}
