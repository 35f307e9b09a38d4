import { FIXED_TIME } from '../../core/time.ts';
import { proxyVariables } from '../build-args.ts';
import type { EvaluateOptions } from '../instruction-context.ts';
import { buildEnvironment, envValue } from '../scope.ts';
import type { StageState } from '../stage-state.ts';
import type { RunMount, RunStep } from '../step.ts';

/** What makes commands write the same bytes each time; a variable that the stage sets wins (ADR 0008, 0009). */
const REPRODUCIBLE: readonly string[] = [`SOURCE_DATE_EPOCH=${FIXED_TIME}`, 'NODE_DISABLE_COMPILE_CACHE=1'];

/**
 * The environment of RUN (reference, section 10): config, ARGs, what keeps layers reproducible, and the socket of the
 * first ssh mount. Proxies stand apart, and never in the way of an own variable.
 */
export function runEnvironment(
  state: StageState,
  mounts: readonly RunMount[],
  options: EvaluateOptions,
): Pick<RunStep, 'env' | 'args' | 'proxyEnv'> {
  const agent = mounts.find(({ type }) => type === 'ssh')?.target;
  const env = [
    ...(agent === undefined ? [] : [`SSH_AUTH_SOCK=${agent}`]),
    ...(options.timestamps === 'fixed' ? REPRODUCIBLE : []),
  ].reduce(addDefault, buildEnvironment(state));
  const proxies = proxyVariables(options.buildArgs).map(([name, value]) => `${name}=${value}`);
  const args = [...state.args].flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return { env, args, proxyEnv: proxies.filter((entry) => addDefault(env, entry) !== env) };
}

/** Adds an entry unless its name is set; then the same array comes back. */
function addDefault(env: readonly string[], entry: string): readonly string[] {
  return envValue(env, entry.slice(0, entry.indexOf('='))) === undefined ? [...env, entry] : env;
}
