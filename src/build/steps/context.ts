import type { Ingredient } from '../../cache/frame.ts';
import type { Platform } from '../../core/platform.ts';
import { FIXED_TIME } from '../../core/time.ts';
import type { PackOptions } from '../../layers/pack.ts';
import type { TimePolicy } from '../../layers/tar-blocks.ts';
import type { FileOrigin } from '../../plan/step.ts';
import type { Settings } from '../defaults.ts';
import type { StepInfo } from '../events.ts';
import type { LayerStack } from '../layer-stack.ts';
import type { Origin } from '../origins.ts';
import type { Session } from '../session.ts';
import type { StepCache } from '../step-cache.ts';

/** What a step is carried out with. */
export interface StepContext {
  readonly session: Session;
  readonly cache: StepCache;
  readonly info: StepInfo;
  readonly platform: Platform;
  /** The layers so far. */
  readonly stack: LayerStack;
  /** The step after it is a RUN. */
  readonly precedesRun: boolean;
  readonly openOrigin: (origin: FileOrigin) => Promise<Origin>;
}

export function timePolicy({ timestamps }: Settings): TimePolicy {
  return timestamps === 'fixed' ? { kind: 'fixed', seconds: FIXED_TIME } : { kind: 'preserve' };
}

export function packOptions({ settings, signal }: Session): PackOptions {
  return { times: timePolicy(settings), compression: settings.compression, signal };
}

/** The times policy as part of a key: it is in the bytes of every layer. */
export function timesIngredient(settings: Settings): Ingredient {
  const times = timePolicy(settings);
  return { name: 'times', value: times.kind === 'fixed' ? `fixed ${times.seconds}` : 'preserve' };
}

/** The layers below a step, by their chain ID, as part of a definition. */
export function belowIngredient({ chainId }: LayerStack): Ingredient {
  return { name: 'below', value: chainId ?? 'scratch' };
}
