import { cleanPath } from '../core/paths.ts';
import { runtimeOf, type StageState } from './stage-state.ts';

/** The directory that relative paths of a stage are meant from: absolute and clean, `/` when none was set. */
export function workingDirectory(state: StageState): string {
  return cleanPath(`/${runtimeOf(state).WorkingDir ?? ''}`);
}

/** A path of the image as a stage means it: absolute and clean. */
export function resolveImagePath(path: string, state: StageState): string {
  return cleanPath(path.startsWith('/') ? path : `${workingDirectory(state)}/${path}`);
}
