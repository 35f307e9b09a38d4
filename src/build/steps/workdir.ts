import { StepError } from '../../core/errors.ts';
import { parentPath } from '../../core/paths.ts';
import { FIXED_TIME } from '../../core/time.ts';
import type { Entry } from '../../core/toc.ts';
import { packLayer } from '../../layers/pack.ts';
import type { WorkdirStep } from '../../plan/step.ts';
import { lookupChown, type Owner } from '../../rootfs/accounts.ts';
import { directoryEntry } from '../../rootfs/diff.ts';
import { type FileTree, isDirectoryNode } from '../../rootfs/file-tree.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { ResolvedStep } from '../cacheable-step.ts';
import type { StepLayer } from '../step-result.ts';
import { accountTexts } from '../tree-files.ts';
import { belowIngredient, packOptions, type StepContext, timesIngredient } from './context.ts';

const ROOT: Owner = { uid: 0, gid: 0 };

/** WORKDIR: makes the directory and its parents where they are missing (reference, section 9). */
export async function runWorkdir(step: WorkdirStep, context: StepContext): Promise<StepLayer> {
  const { session, stack, info, cache } = context;
  return await cache.layerFor({
    info,
    recipe: 'workdir 1',
    definition: [
      timesIngredient(session.settings),
      belowIngredient(stack),
      { name: 'path', value: step.path },
      { name: 'user', value: step.user },
    ],
    resolve: () => resolveWorkdir(step, context),
  });
}

async function resolveWorkdir(step: WorkdirStep, context: StepContext): Promise<ResolvedStep> {
  const { session, stack } = context;
  const tree = await stack.tree();
  const path = resolvePath(tree, step.path);
  if (path === undefined) throw notADirectory(step.path, 'its symbolic links form a circle');
  const missing = missingDirectories(tree, path);
  const owner = step.user === '' ? ROOT : lookupChown(await accountTexts(session, stack), step.user);
  const mtime = directoryTime(context);
  const made = missing.map((at): Entry => ({ path: at, type: 'directory', mode: 0o755, ...owner, mtime, size: 0 }));
  const entries = [...existingParents(tree, missing), ...made];
  const value = entries.map(({ path: at, mode, uid, gid }) => `${at} ${mode.toString(8)} ${uid}:${gid}`);
  return {
    ingredients: [timesIngredient(session.settings), { name: 'entries', value }],
    make: () => packLayer(entries, session.store, packOptions(session)),
  };
}

/** SOURCE_DATE_EPOCH also dates these directories (reference, section 20); the fixed policy replaces it in any case. */
function directoryTime({ session }: StepContext): number {
  const { timestamps, sourceDateEpoch } = session.settings;
  return timestamps === 'fixed' ? FIXED_TIME : (sourceDateEpoch ?? Math.floor(session.now().getTime() / 1000));
}

/** Top-most first. */
function missingDirectories(tree: FileTree, path: string): string[] {
  const missing: string[] = [];
  for (let at = path; at !== ''; at = parentPath(at)) {
    const node = tree.lookup(at);
    if (node === undefined) missing.unshift(at);
    else if (!isDirectoryNode(node)) throw notADirectory(`/${path}`, `/${at} is not a directory`);
  }
  return missing;
}

function existingParents(tree: FileTree, [first]: readonly string[]): Entry[] {
  const parents: Entry[] = [];
  for (let at = parentPath(first ?? ''); at !== ''; at = parentPath(at)) {
    const node = tree.lookup(at);
    if (isDirectoryNode(node)) parents.unshift(directoryEntry(at, node));
  }
  return parents;
}

function notADirectory(path: string, why: string): StepError {
  return new StepError('STEP_NOT_A_DIRECTORY', `WORKDIR ${path}: ${why}`, {
    hint: 'choose another directory, or remove what is there in an earlier RUN',
  });
}
