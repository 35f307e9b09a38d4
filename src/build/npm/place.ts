import { treePath } from '../../core/paths.ts';
import type { TreeNode } from '../../core/tree.ts';
import type { NpmCommand } from '../../npm/command.ts';
import type { LayerPlace } from '../../npm/layer-entries.ts';
import type { UserIdentity } from '../../rootfs/accounts.ts';
import type { Refusal } from './plans.ts';
import type { StageProject } from './stage-project.ts';

export interface PlaceRequest {
  readonly project: StageProject;
  readonly user: UserIdentity;
  readonly command: NpmCommand;
  /** Folders of the project with a package.json of their own. */
  readonly folders: readonly string[];
}

const SETGID = 0o2000;

/** Where an installation goes in a stage, and what of the stage it meets there. */
export function placeInStage({ project, user, command, folders }: PlaceRequest): LayerPlace | Refusal {
  const { tree, folder = '' } = project;
  const { uid, gid } = user.identity;
  const node = tree.lookup(folder);
  if (node !== undefined && !mayWrite(node, user))
    return { refused: `the user of the step may not write to /${folder}` };
  if (node !== undefined && (node.mode & SETGID) !== 0) return { refused: `/${folder} hands its group on (setgid)` };
  const modules = ['', ...folders].map((at) => treePath(`${folder}/${at}/node_modules`));
  const present = modules.filter((path) => tree.lookup(path) !== undefined);
  const odd = present.find((path) => tree.lookup(path)?.type !== 'directory');
  if (odd !== undefined) return { refused: `/${odd} is not a directory` };
  const emptied = present.filter((path) => tree.list(path).length > 0);
  if (emptied.length > 0 && command.kind === 'install') return { refused: `/${emptied[0]} has files already` };
  return {
    folder,
    owner: { uid, gid },
    emptied,
    existing(path) {
      const at = emptied.some((gone) => path.startsWith(`${gone}/`)) ? undefined : tree.lookup(path);
      return at?.type === 'directory' ? { mode: at.mode, uid: at.uid, gid: at.gid } : undefined;
    },
  };
}

function mayWrite({ mode, uid, gid }: TreeNode, { identity }: UserIdentity): boolean {
  if (identity.uid === 0) return true;
  if (identity.uid === uid) return (mode & 0o200) !== 0;
  const isMember = identity.gid === gid || identity.supplementaryGids.includes(gid);
  return (mode & (isMember ? 0o020 : 0o002)) !== 0;
}
