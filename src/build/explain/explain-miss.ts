import type { Ingredient } from '../../cache/frame.ts';
import type { StepInfo } from '../events.ts';
import type { Session } from '../session.ts';
import type { Miss } from './build-trace.ts';
import { formatReasons } from './format-reasons.ts';
import type { MissReason } from './miss-reason.ts';

interface Unexplained extends Omit<Miss, 'isRecorded' | 'remarks'> {
  readonly remarks?: readonly Ingredient[];
  /** Whether what earlier builds made counts for the step. */
  readonly mayRead: boolean;
}

/** Tells why a step is carried out. */
export function explainMiss(
  session: Pick<Session, 'settings' | 'records' | 'trace' | 'emit'>,
  info: StepInfo,
  { remarks = [], mayRead, ...miss }: Unexplained,
): void {
  const reasons: readonly MissReason[] = mayRead
    ? session.trace.reasonsFor(info, { ...miss, remarks, isRecorded: session.records.has(miss.key) })
    : [{ kind: 'no-cache', ...(!session.settings.noCache && { stage: info.stage }) }];
  session.emit({ type: 'cache-miss', step: info, reasons, text: formatReasons(reasons) });
}
