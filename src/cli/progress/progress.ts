import { formatBytes, formatDuration, printable } from '../format.ts';
import type { BuildEvent, StepInfo } from '../library.ts';

/** Shows a build while it runs. */
export interface Progress {
  event(event: BuildEvent): void;
  /** Takes what is drawn again and again off the screen, and puts it back. */
  show?(isShown: boolean): void;
  /** Leaves the terminal as it was found; to be called on every path, and again without harm. */
  close(): void;
}

/** `[build 2/4] RUN npm ci` */
export function stepTitle(step: Pick<StepInfo, 'stage' | 'index' | 'total' | 'text'>): string {
  return printable(`[${step.stage} ${step.index}/${step.total}] ${step.text}`);
}

type EventOf<Type extends BuildEvent['type']> = Extract<BuildEvent, { readonly type: Type }>;

export type TransferEvent = EventOf<'progress'>;

/** One line of progress: a transfer, or all those that belong together. */
export interface TransferLine {
  readonly id: string;
  readonly label: string;
  /** `12 MB of 80 MB, 3 of 8 blobs` */
  readonly amount: string;
  readonly isComplete: boolean;
}

export function transferLine({ sum, ...own }: TransferEvent): TransferLine {
  const { id, label, current, total } = sum ?? own;
  const isComplete = total !== undefined && current >= total;
  const show = own.unit === 'bytes' ? formatBytes : String;
  const bytes = total === undefined || isComplete ? show(current) : `${show(current)} of ${show(total)}`;
  const blobs = sum === undefined || isComplete ? '' : `, ${sum.done} of ${sum.count} blobs`;
  return { id, label: printable(label), amount: bytes + blobs, isComplete };
}

/** Nothing has moved yet, and it may turn out that nothing has to. */
export function isAnnounced({ sum }: TransferEvent): boolean {
  return sum?.current === 0;
}

/** `line 7: message — hint` */
export function warningText({ diagnostic }: EventOf<'warning'>): string {
  const { message, hint, span } = diagnostic;
  const line = span === undefined ? '' : `line ${span.start.line}: `;
  return printable(`${line}${message}${hint === undefined ? '' : ` — ${hint}`}`);
}

type OtherEvent = EventOf<
  'image-resolved' | 'tag-asked' | 'base-pinned' | 'isolation' | 'snapshotter' | 'output-written' | 'done'
>;

/** Events that belong to no step. */
export function sentence(event: OtherEvent): string {
  return printable(sayingOf(event));
}

function sayingOf(event: OtherEvent): string {
  switch (event.type) {
    case 'image-resolved':
      return `${event.reference} is ${event.digest}`;
    case 'tag-asked':
      return `asked what ${event.reference} is: ${formatDuration(event.durationMs)}`;
    case 'base-pinned':
      return `${event.file} pins ${event.reference} to ${event.digest}: keep it with the sources`;
    case 'isolation':
      return `commands of RUN are isolated by ${event.method}`;
    case 'snapshotter':
      return `root file systems are made by ${[event.name, ...event.passedOver.map((why) => `not ${why}`)].join('; ')}`;
    case 'output-written':
      return event.output === 'registry' ? `pushed ${event.destination}` : `wrote ${event.output} ${event.destination}`;
    case 'done':
      return `${event.image.digest} in ${formatDuration(event.durationMs)}`;
  }
}
