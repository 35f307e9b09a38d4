import type { Ingredient } from '../../cache/frame.ts';
import type { Platform } from '../../core/platform.ts';
import type { PackOptions } from '../../layers/pack.ts';
import type { StepInfo } from '../events.ts';
import type { LayerStack } from '../layer-stack.ts';
import type { OpenOrigin } from '../origins.ts';
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
  readonly openOrigin: OpenOrigin;
  packOptions(): PackOptions;
}
