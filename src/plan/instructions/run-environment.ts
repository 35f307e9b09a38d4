import { FIXED_TIME } from '../../core/time.ts';
import { proxyVariables } from '../build-args.ts';
import type { EvaluateOptions } from '../instruction-context.ts';
import { buildEnvironment, envValue } from '../scope.ts';
import type { StageState } from '../stage-state.ts';
import type { RunMount, RunStep } from '../step.ts';

/**
 * The environment of RUN (reference, section 10): config, ARGs, the layers' constant time for tools that write it into
 * files, and the socket of the first ssh mount. Proxies stand apart, and never in the way of an own variable.
 */
export function runEnvironment(
  state: StageState,
  mounts: readonly RunMount[],
  options: EvaluateOptions,
): Pick<RunStep, 'env' | 'proxyEnv'> {
  const agent = mounts.find(({ type }) => type === 'ssh')?.target;
  const env = [
    ...(agent === undefined ? [] : [`SSH_AUTH_SOCK=${agent}`]),
    ...(options.timestamps === 'fixed' ? [`SOURCE_DATE_EPOCH=${FIXED_TIME}`] : []),
  ].reduce(addDefault, buildEnvironment(state));
  const proxies = proxyVariables(options.buildArgs).map(([name, value]) => `${name}=${value}`);
  return { env, proxyEnv: proxies.filter((entry) => addDefault(env, entry) !== env) };
}

/** Adds an entry unless its name is set; then the same array comes back. */
function addDefault(env: readonly string[], entry: string): readonly string[] {
  return envValue(env, entry.slice(0, entry.indexOf('='))) === undefined ? [...env, entry] : env;
}
