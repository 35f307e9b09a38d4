import type { ImageConfig, RuntimeConfig } from '../core/image.ts';
import type { Variables } from './graph.ts';

/** A stage between two instructions. */
export interface StageState {
  readonly config: ImageConfig;
  /** Variables that only the build sees: ARGs later than an ENV of their name, with those of the base stage. */
  readonly args: Variables;
  /** ARGs of this stage in the order of their first declaration, for the history of RUN. */
  readonly declared: Variables;
  /** A CMD of this stage survives a later ENTRYPOINT, an inherited one does not (reference, section 9). */
  readonly commandGiven: boolean;
  /** A WORKDIR stood in this Dockerfile for this stage or its bases. */
  readonly workdirGiven: boolean;
}

export function runtimeOf(state: StageState): RuntimeConfig {
  return state.config.config ?? {};
}

/** The state with some keys of the image's `config` set; the key order of the base is kept. */
export function withRuntime(state: StageState, changes: RuntimeConfig): StageState {
  return { ...state, config: { ...state.config, config: { ...runtimeOf(state), ...changes } } };
}

/** The state with a key of the image's `config` taken away. */
export function withoutRuntime(state: StageState, key: string): StageState {
  const kept = Object.entries(runtimeOf(state)).filter(([name]) => name !== key);
  return { ...state, config: { ...state.config, config: Object.fromEntries(kept) } };
}
