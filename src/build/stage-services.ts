import type { Platform } from '../core/platform.ts';
import type { BuildGraph, Stage } from '../plan/graph.ts';
import type { EvaluateOptions } from '../plan/instruction-context.ts';
import type { WarningListener } from '../plan/warning.ts';
import type { BaseImages } from './base-images.ts';
import type { Origins } from './origins.ts';
import type { Session } from './session.ts';
import type { StepCache } from './step-cache.ts';
import type { NextStepId } from './step-info.ts';

/** What all stages of a build share. */
export interface StageServices {
  readonly session: Session;
  readonly graph: BuildGraph;
  readonly evaluation: EvaluateOptions;
  readonly images: BaseImages;
  readonly origins: Origins;
  readonly cache: StepCache;
  readonly nextStepId: NextStepId;
  readonly onWarning: WarningListener;
  /** Told of what a step has cost, see `advice/`. */
  readonly onAdvice: WarningListener;
}

export function platformOf({ settings }: Session, stage: Stage): Platform {
  return stage.platform ?? settings.platform;
}
