import { applyChmod, type ModeChange, parseChmod } from '../../core/chmod.ts';
import { joinPath, parentPath, treePath } from '../../core/paths.ts';
import { nodeWith, type TreeNode } from '../../core/tree.ts';
import type { Owner } from '../../rootfs/accounts.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import { linkLoop, ontoDirectory, ontoNonDirectory } from './copy-error.ts';
import type { Destination } from './destination.ts';
import type { CopyRequest, SelectedPath, SelectedSource } from './request.ts';

/** Where sources go and what becomes of their attributes on the way. */
export interface Placement {
  readonly destination: Destination;
  /** Cleaned, symbolic links not yet followed. */
  readonly to: string;
  /** The destination was written with a trailing `/` or `/.`. */
  readonly asksForDirectory: boolean;
  readonly owner: Owner | undefined;
  readonly modeChange: ModeChange | undefined;
  /** A directory that had to be made. */
  readonly createdDirectory: TreeNode;
}

const DEFAULT_DIRECTORY_MODE = 0o755;

/** @throws PlanError `PLAN_BAD_CHMOD` */
export function toPlacement(request: CopyRequest, destination: Destination): Placement {
  const modeChange = request.chmod === undefined ? undefined : parseChmod(request.chmod);
  const mode = modeChange?.kind === 'absolute' ? modeChange.mode : DEFAULT_DIRECTORY_MODE;
  return {
    destination,
    to: treePath(request.to),
    asksForDirectory: /\/\.?$/.test(request.to),
    owner: request.chown,
    modeChange,
    createdDirectory: createdDirectory(request, mode),
  };
}

/** A directory that the step makes: root's, or that of `--chown`. */
export function createdDirectory({ chown, time }: CopyRequest, mode: number = DEFAULT_DIRECTORY_MODE): TreeNode {
  return { type: 'directory', mode, uid: 0, gid: 0, ...chown, ...time, size: 0 };
}

/**
 * The destination with all symbolic links followed, as far as it exists at this moment.
 * @throws StepError `STEP_COPY_LINK_LOOP`
 */
export function resolveTarget({ destination, to }: Pick<Placement, 'destination' | 'to'>): string {
  const target = resolvePath(destination, to);
  if (target === undefined) throw linkLoop(`/${to}`);
  return target;
}

/**
 * @throws StepError `STEP_COPY_NOT_A_DIRECTORY`, `STEP_COPY_ONTO_DIRECTORY`, `STEP_COPY_ONTO_NON_DIRECTORY`,
 * `STEP_COPY_LINK_LOOP`
 */
export function place(source: SelectedSource, placement: Placement): void {
  if (source.kind === 'directory') placeDirectory(source.paths, placement);
  else for (const { node } of source.paths) placeFile(source.name, node, placement);
}

function placeFile(name: string, node: TreeNode, placement: Placement): void {
  const { destination, asksForDirectory, createdDirectory: created } = placement;
  const target = resolveTarget(placement);
  const inside = asksForDirectory || destination.lookup(target)?.type === 'directory';
  const path = inside ? joinPath(target, name) : target;
  destination.ensureDirectory(parentPath(path), created);
  if (destination.lookup(path)?.type === 'directory') throw ontoDirectory(path);
  destination.put(path, withAttributes(node, placement));
}

/** The directory itself keeps its attributes, or gets those of any directory made here; what is below brings its own. */
function placeDirectory(paths: readonly SelectedPath[], placement: Placement): void {
  const { destination, createdDirectory: created } = placement;
  const target = resolveTarget(placement);
  if ((destination.lookup(target)?.type ?? 'directory') !== 'directory') throw ontoNonDirectory(target);
  destination.ensureDirectory(target, created);
  const inodes = linkedFiles(paths);
  for (const { path, node } of paths) {
    const at = joinPath(target, path);
    refuseOtherKind(at, node, destination.lookup(at));
    const placed = withAttributes(node, placement);
    const inode = inodes.get(node);
    destination.put(at, inode === undefined ? placed : { ...nodeWith(placed, {}), inode });
  }
}

function refuseOtherKind(path: string, node: TreeNode, existing: TreeNode | undefined): void {
  if (existing === undefined || (existing.type === 'directory') === (node.type === 'directory')) return;
  throw node.type === 'directory' ? ontoNonDirectory(path) : ontoDirectory(path);
}

/** An object for each file that a source has under more than one name. */
function linkedFiles(paths: readonly SelectedPath[]): Map<TreeNode, object> {
  const seen = new Set<TreeNode>();
  const inodes = new Map<TreeNode, object>();
  for (const { node } of paths) {
    if (node.type !== 'file' || node.isSingle === true) continue;
    if (seen.has(node)) inodes.set(node, inodes.get(node) ?? {});
    seen.add(node);
  }
  return inodes;
}

function withAttributes(node: TreeNode, { owner, modeChange }: Placement): TreeNode {
  if (owner === undefined && modeChange === undefined) return node;
  const keepsMode = modeChange === undefined || node.type === 'symlink';
  const mode = keepsMode ? node.mode : applyChmod(modeChange, node.mode, node.type === 'directory');
  return nodeWith(node, { ...owner, mode });
}
