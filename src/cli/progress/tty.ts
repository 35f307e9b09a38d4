import { fitColumns, formatDuration, printable } from '../format.ts';
import type { CliHost } from '../host.ts';
import type { BuildEvent, StepInfo } from '../library.ts';
import { createPaint, type Paint } from '../paint.ts';
import { LineSplitter } from './line-splitter.ts';
import { LiveArea } from './live-area.ts';
import {
  isAnnounced,
  type Progress,
  sentence,
  stepTitle,
  type TransferLine,
  transferLine,
  warningText,
} from './progress.ts';

const REDRAW_EVERY_MS = 100;

interface RunningStep {
  readonly step: StepInfo;
  readonly startedMs: number;
  readonly stdout: LineSplitter;
  readonly stderr: LineSplitter;
  lastLine: string;
}

type TtyHost = Pick<CliHost, 'stderr' | 'now' | 'every' | 'env'>;

/** What a terminal shows: running steps with time and last line of output, transfers; finished lines scroll above. */
export class TtyProgress implements Progress {
  readonly #host: TtyHost;
  readonly #paint: Paint;
  readonly #area: LiveArea;
  readonly #running = new Map<number, RunningStep>();
  readonly #transfers = new Map<string, TransferLine>();
  readonly #stop: () => void;
  #isShown = true;

  constructor(host: TtyHost) {
    this.#host = host;
    this.#paint = createPaint(host.stderr, host.env);
    this.#area = new LiveArea(host.stderr);
    this.#stop = host.every(REDRAW_EVERY_MS, () => this.#redraw([]));
  }

  event(event: BuildEvent): void {
    const finished = this.#finishedLine(event);
    this.#update(event);
    if (finished !== undefined) this.#redraw([finished]);
  }

  show(isShown: boolean): void {
    this.#isShown = isShown;
    if (!isShown) this.#area.close();
  }

  close(): void {
    this.#stop();
    this.#area.close();
  }

  /** Logs and transfers only change what the next drawing shows. */
  #update(event: BuildEvent): void {
    if (event.type === 'step-started') this.#running.set(event.step.id, startStep(event.step, this.#host.now()));
    else if (event.type === 'log') remember(this.#running.get(event.step.id), event.stream, event.bytes);
    else if (event.type === 'progress' && !isAnnounced(event)) this.#show(transferLine(event));
    else if (event.type === 'step-cached' || event.type === 'step-finished' || event.type === 'step-failed') {
      this.#running.delete(event.step.id);
    }
  }

  #show(line: TransferLine): void {
    if (line.isComplete) this.#transfers.delete(line.id);
    else this.#transfers.set(line.id, line);
  }

  #finishedLine(event: BuildEvent): string | undefined {
    const paint = this.#paint;
    switch (event.type) {
      case 'step-cached':
        return `${paint.green('✓')} ${paint.cyan('CACHED')} ${stepTitle(event.step)}`;
      case 'cache-miss':
        return `${paint.yellow('↻')} ${stepTitle(event.step)}: ${printable(event.text)}`;
      case 'step-finished':
        // What was in the cache has had its line.
        if (!this.#running.has(event.step.id)) return undefined;
        return `${paint.green('✓')} ${stepTitle(event.step)} ${paint.dim(formatDuration(event.durationMs))}`;
      case 'step-failed':
        return `${paint.red('✗')} ${stepTitle(event.step)} ${paint.dim(formatDuration(event.durationMs))}`;
      case 'warning':
        return `${paint.yellow('!')} ${warningText(event)}`;
      case 'output-written':
        return `${paint.green('✓')} ${sentence(event)}`;
      case 'done':
        return `${paint.green('✓')} ${paint.bold(sentence(event))}`;
      default:
        return undefined;
    }
  }

  #redraw(finished: readonly string[]): void {
    if (!this.#isShown) return;
    this.#area.draw(finished, this.#frame());
  }

  #frame(): string[] {
    const { columns, rows } = this.#host.stderr.size();
    const paint = this.#paint;
    const steps = [...this.#running.values()].flatMap((state) =>
      stepLines(state, { nowMs: this.#host.now(), columns: columns - 1, paint }),
    );
    const transfers = [...this.#transfers.values()].map((transfer) => drawTransfer(transfer, columns - 1, paint));
    return cropped([...steps, ...transfers], Math.max(1, rows - 2), paint);
  }
}

function startStep(step: StepInfo, startedMs: number): RunningStep {
  return { step, startedMs, stdout: new LineSplitter(), stderr: new LineSplitter(), lastLine: '' };
}

function remember(state: RunningStep | undefined, stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
  if (state === undefined) return;
  const lines = [...state[stream].push(bytes), state[stream].partial];
  state.lastLine = lines.filter((line) => line.trim() !== '').at(-1) ?? state.lastLine;
}

function stepLines(
  state: RunningStep,
  { nowMs, columns, paint }: { readonly nowMs: number; readonly columns: number; readonly paint: Paint },
): string[] {
  const time = formatDuration(nowMs - state.startedMs);
  const title = fitColumns(stepTitle(state.step), Math.max(0, columns - time.length - 3));
  const line = `${paint.cyan('›')} ${title} ${paint.dim(time)}`;
  return state.lastLine === '' ? [line] : [line, paint.dim(fitColumns(`    ${state.lastLine}`, columns))];
}

function drawTransfer({ label, amount }: TransferLine, columns: number, paint: Paint): string {
  return `${paint.cyan('↓')} ${fitColumns(label, Math.max(0, columns - amount.length - 3))} ${paint.dim(amount)}`;
}

function cropped(lines: readonly string[], rows: number, paint: Paint): string[] {
  if (lines.length <= rows) return [...lines];
  return [...lines.slice(0, rows - 1), paint.dim(`  … and ${lines.length - rows + 1} more lines`)];
}
