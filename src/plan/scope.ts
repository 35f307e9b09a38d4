import type { Variables } from './graph.ts';
import { runtimeOf, type StageState, withRuntime } from './stage-state.ts';

/**
 * ENV and ARG share one map during the build (reference, section 7). It is kept as two: `config.Env`, and `args` for
 * what the build sees otherwise. So the later line wins here, while the config keeps the ENV.
 */

/** ARGs that steer the builder and never reach a command (reference, section 7). */
const BUILDER_ARGS = new Set(['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE']);

export function lookupVariable(state: StageState, name: string): string | undefined {
  return state.args.get(name) ?? envValue(envOf(state), name);
}

/** Whether the name has been declared or set, though it may be unset: no lint then. */
export function isKnownVariable(state: StageState, name: string): boolean {
  return state.args.has(name) || state.declared.has(name) || envValue(envOf(state), name) !== undefined;
}

export function knownVariables(state: StageState): readonly string[] {
  return [...new Set([...envOf(state).map(envName), ...state.args.keys(), ...state.declared.keys()])];
}

/** ENV: sets the variable for the config and the build; a key that is there keeps its position. */
export function setEnv(state: StageState, name: string, value: string): StageState {
  const args = new Map(state.args);
  args.delete(name);
  return withRuntime({ ...state, args }, { Env: replaceEnv(envOf(state), name, value) });
}

/** ARG: sets the variable for the build. Without a value it only becomes known: what an ENV gave stays. */
export function declareArg(state: StageState, name: string, value: string | undefined): StageState {
  const declared = new Map(state.declared).set(name, value);
  if (BUILDER_ARGS.has(name) || (value === undefined && state.args.has(name))) return { ...state, declared };
  return { ...state, declared, args: new Map(state.args).set(name, value) };
}

/** `NAME=value` of all that a command sees: the config's order first, then the ARGs in theirs. */
export function buildEnvironment(state: StageState): readonly string[] {
  const variables = new Map(envOf(state).map((entry) => [envName(entry), entry.slice(envName(entry).length + 1)]));
  for (const [name, value] of state.args) if (value !== undefined) variables.set(name, value);
  return [...variables].map(([name, value]) => `${name}=${value}`);
}

/** This stage's ARGs as RUN's history shows them: name and current value. */
export function declaredArgs(state: StageState): readonly string[] {
  return [...state.declared].map(([name, value]) => `${name}=${lookupVariable(state, name) ?? value ?? ''}`);
}

export const NO_VARIABLES: Variables = new Map();

function envOf(state: StageState): readonly string[] {
  return runtimeOf(state).Env ?? [];
}

export function envName(entry: string): string {
  const equals = entry.indexOf('=');
  return equals < 0 ? entry : entry.slice(0, equals);
}

export function envValue(env: readonly string[], name: string): string | undefined {
  const entry = env.findLast((candidate) => envName(candidate) === name);
  return entry?.slice(name.length + 1);
}

function replaceEnv(env: readonly string[], name: string, value: string): readonly string[] {
  const at = env.findIndex((entry) => envName(entry) === name);
  if (at < 0) return [...env, `${name}=${value}`];
  return [...env.slice(0, at), `${name}=${value}`, ...env.slice(at + 1).filter((entry) => envName(entry) !== name)];
}
