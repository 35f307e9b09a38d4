import { type Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import { parentPath } from '../../core/paths.ts';
import type { Entry } from '../../core/toc.ts';
import { packLayer } from '../../layers/pack.ts';
import { directoryEntry } from '../../rootfs/diff.ts';
import { type FileTree, isDirectoryNode } from '../../rootfs/file-tree.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { WorkdirStep } from '../../plan/step.ts';
import { lookupOwner } from '../accounts.ts';
import { FIXED_TIME } from '../defaults.ts';
import type { StepLayer } from '../step-cache.ts';
import type { StepContext } from './context.ts';

/** WORKDIR: makes the directory and its parents where they are missing (reference, section 9). */
export async function runWorkdir(step: WorkdirStep, context: StepContext): Promise<StepLayer> {
  const tree = await context.stack.tree();
  const path = resolvePath(tree, step.path);
  if (path === undefined) throw notADirectory(step.path, 'its symbolic links form a circle');
  const missing = missingDirectories(tree, path);
  const owner = missing.length === 0 ? ROOT : await lookupOwner(context, step.user === '' ? '0' : step.user);
  const entries = missing.length === 0 ? [] : [...existingParents(tree, missing[0] ?? ''), ...missing.map((name) => newDirectory(name, owner))];
  return await context.cache.layerFor({
    info: context.info,
    recipe: 'workdir 1',
    ingredients: [...context.commonIngredients, ...describe(entries)],
    make: () => packLayer(entries, context.session.store, context.packOptions()),
  });
}

const ROOT = { uid: 0, gid: 0 };

function missingDirectories(tree: FileTree, path: string): string[] {
  const missing: string[] = [];
  for (let at = path; at !== ''; at = parentPath(at)) {
    const node = tree.lookup(at);
    if (node === undefined) missing.unshift(at);
    else if (!isDirectoryNode(node)) throw notADirectory(`/${path}`, `/${at} is not a directory`);
  }
  return missing;
}

function existingParents(tree: FileTree, path: string): Entry[] {
  const parents: Entry[] = [];
  for (let at = parentPath(path); at !== ''; at = parentPath(at)) {
    const node = tree.lookup(at);
    if (isDirectoryNode(node)) parents.unshift(directoryEntry(at, node));
  }
  return parents;
}

function newDirectory(path: string, owner: { uid: number; gid: number }): Entry {
  return { path, type: 'directory', mode: 0o755, ...owner, mtime: FIXED_TIME, size: 0 };
}

function describe(entries: readonly Entry[]): Ingredient[] {
  return [{ name: 'entries', value: entries.map((e) => `${e.path} ${e.mode.toString(8)} ${e.uid}:${e.gid}`) }];
}

function notADirectory(path: string, why: string): StepError {
  return new StepError('STEP_NOT_A_DIRECTORY', `WORKDIR ${path}: ${why}`, {
    hint: 'choose another directory, or remove what is there in an earlier RUN',
  });
}
