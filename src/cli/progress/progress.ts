import { formatDuration } from '../format.ts';
import type { BuildEvent, StepInfo } from '../library.ts';

/** Shows a build while it runs. */
export interface Progress {
  event(event: BuildEvent): void;
  /** Leaves the terminal as it was found; to be called on every path, and again without harm. */
  close(): void;
}

/** `[build 2/4] RUN npm ci` */
export function stepTitle(step: StepInfo): string {
  return `[${step.stage} ${step.index}/${step.total}] ${step.text}`;
}

type EventOf<Type extends BuildEvent['type']> = Extract<BuildEvent, { readonly type: Type }>;

export type TransferEvent = EventOf<'progress'>;

export function isComplete(transfer: TransferEvent): boolean {
  return transfer.total !== undefined && transfer.current >= transfer.total;
}

/** `line 7: message — hint` */
export function warningText({ diagnostic }: EventOf<'warning'>): string {
  const { message, hint, span } = diagnostic;
  const line = span === undefined ? '' : `line ${span.start.line}: `;
  return `${line}${message}${hint === undefined ? '' : ` — ${hint}`}`;
}

/** Events that belong to no step. */
export function sentence(
  event: EventOf<'image-resolved' | 'isolation' | 'snapshotter' | 'output-written' | 'done'>,
): string {
  switch (event.type) {
    case 'image-resolved':
      return `${event.reference} is ${event.digest}`;
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
