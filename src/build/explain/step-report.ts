import type { BuildEvent, StepInfo } from '../events.ts';
import type { ExplainedStep, Trace } from './trace-file.ts';

/** Gathers from the events of a build how its steps ended. */
export interface StepReport {
  event(event: BuildEvent): void;
  /** So far. */
  step(id: number): ExplainedStep | undefined;
  summary(): Pick<Trace, 'durationMs' | 'digest' | 'steps'>;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export function createStepReport(): StepReport {
  const startedMs = performance.now();
  const steps = new Map<number, Mutable<ExplainedStep>>();
  let digest: string | undefined;

  function stepOf({ id, stage, index, total, line, text }: StepInfo): Mutable<ExplainedStep> {
    const known = steps.get(id) ?? {
      stage,
      index,
      total,
      line,
      text,
      outcome: 'executed',
      durationMs: 0,
      writtenBytes: 0,
      reasons: [],
    };
    steps.set(id, known);
    return known;
  }

  return {
    event(event) {
      switch (event.type) {
        case 'step-cached':
          stepOf(event.step).outcome = 'cached';
          break;
        case 'cache-miss':
          stepOf(event.step).reasons = [...stepOf(event.step).reasons, ...event.reasons];
          break;
        case 'layer-written':
          stepOf(event.step).writtenBytes += event.uncompressedSize;
          break;
        case 'step-failed':
          Object.assign(stepOf(event.step), { outcome: 'failed', durationMs: event.durationMs });
          break;
        case 'step-finished':
          stepOf(event.step).durationMs = event.durationMs;
          break;
        case 'done':
          digest = event.image.digest;
          break;
      }
    },
    step: (id) => steps.get(id),
    summary: () => ({
      durationMs: Math.round(performance.now() - startedMs),
      ...(digest !== undefined && { digest }),
      steps: [...steps.values()].map((step) => ({ ...step, durationMs: Math.round(step.durationMs) })),
    }),
  };
}
