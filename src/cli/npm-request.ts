import type { BuildOptions } from './library.ts';
import type { Arguments } from './parse-arguments.ts';
import { badValue } from './values.ts';

type NpmOptions = NonNullable<BuildOptions['npm']>;

/** What `--npm`, `--npm-layers` and `--npm-scripts` say; `undefined` when none of them is given. Pure. */
export function npmOptionsOf(args: Arguments): NpmOptions | undefined {
  const layers = args.last('npm-layers');
  if (layers !== undefined && !/^[1-9]\d{0,3}$/.test(layers)) {
    throw badValue('npm-layers', layers, 'it is no number from 1 on', 'N');
  }
  const mode = args.last('npm') as NpmOptions['mode'];
  const scripts = args.last('npm-scripts') as NpmOptions['scripts'];
  if (mode === undefined && scripts === undefined && layers === undefined) return undefined;
  return {
    ...(mode !== undefined && { mode }),
    ...(scripts !== undefined && { scripts }),
    ...(layers !== undefined && { layers: Number(layers) }),
  };
}
