import { readFound } from '../../context/open-found.ts';
import { joinPath, treePath } from '../../core/paths.ts';
import type { RunMount, RunStep } from '../../plan/step.ts';
import type { FileTree } from '../../rootfs/file-tree.ts';
import { resolveNode, resolvePath } from '../../rootfs/resolve.ts';
import type { StepContext } from '../steps/context.ts';
import { readTreeBytes } from '../tree-files.ts';

/** The project that a RUN would install, as it finds it: the stage's files, and what its mounts show. */
export interface StageProject {
  /** The project's folder in the image, links resolved; `undefined` when those form a circle. */
  readonly folder: string | undefined;
  readonly tree: FileTree;
  /** Paths are below the project's folder. */
  read(path: string): Promise<Buffer | undefined>;
  /** Path in the image. */
  readAnywhere(path: string): Promise<Buffer | undefined>;
}

type BindMount = Extract<RunMount, { type: 'bind' }>;

export async function openStageProject(step: RunStep, context: StepContext): Promise<StageProject> {
  const { session, stack } = context;
  const tree = await stack.tree();
  const folder = resolvePath(tree, step.cwd);
  const binds = step.mounts.filter((mount): mount is BindMount => mount.type === 'bind');
  const readAnywhere = async (path: string): Promise<Buffer | undefined> => {
    const bind = binds.findLast(({ target }) => isWithin(treePath(path), treePath(target)));
    if (bind === undefined) return await readTreeBytes(session, stack, path);
    return await readMounted(bind, treePath(path).slice(treePath(bind.target).length), context);
  };
  return {
    folder,
    tree,
    readAnywhere,
    read: (path) => readAnywhere(joinPath(folder ?? '', path)),
  };
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || folder === '' || path.startsWith(`${folder}/`);
}

async function readMounted(bind: BindMount, below: string, context: StepContext): Promise<Buffer | undefined> {
  const origin = await context.openOrigin(bind.from);
  const path = `${bind.source}/${below}`;
  if (origin.stack !== undefined) return await readTreeBytes(context.session, origin.stack, path);
  const node = resolveNode(await origin.tree(), path);
  if (node?.type !== 'file') return undefined;
  if (node.source?.kind !== 'path') return Buffer.alloc(0);
  return readFound(node.source);
}
