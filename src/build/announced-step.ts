import type { SourceSpan, SourceText } from '../core/span.ts';
import type { BuildControl } from './control.ts';
import type { StepInfo } from './events.ts';
import { locating } from './located-error.ts';
import type { StepLayer } from './step-result.ts';

export interface AnnouncedStep {
  readonly info: StepInfo;
  readonly place: { readonly span: SourceSpan; readonly source: SourceText };
}

/** Carries out a step and tells when it begins and how it ends; its errors get its place. */
export async function announced(
  { emit, signal }: BuildControl,
  { info: step, place }: AnnouncedStep,
  carryOut: () => Promise<readonly StepLayer[]>,
): Promise<readonly StepLayer[]> {
  signal.throwIfAborted();
  const startedMs = performance.now();
  const durationMs = (): number => performance.now() - startedMs;
  emit({ type: 'step-started', step });
  try {
    const layers = await locating(place, carryOut);
    const last = layers.at(-1);
    emit({ type: 'step-finished', step, durationMs: durationMs(), ...(last && { key: last.key }) });
    return layers;
  } catch (error) {
    emit({ type: 'step-failed', step, durationMs: durationMs() });
    throw error;
  }
}
