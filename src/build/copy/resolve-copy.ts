import { parentPath } from '../../core/paths.ts';
import type { Tree } from '../../core/tree.ts';
import { Destination } from './destination.ts';
import { createdDirectory, type Placement, place, resolveTarget, toPlacement } from './placement.ts';
import type { CopyPlan, CopyRequest, CopyTarget, SelectedPath, SelectedSource } from './request.ts';
import { selectSources } from './select-sources.ts';
import { unpackArchive } from './unpack.ts';

const EMPTY: Tree = { lookup: () => undefined, list: () => [] };

/**
 * What a COPY or ADD of local files puts into its layer (reference, section 11). All that is copied is there, also what
 * is equal to what the destination has already: a COPY is a layer of its own.
 * @throws StepError `STEP_COPY_…`, `STEP_ADD_BAD_LINK`; PlanError `PLAN_BAD_CHMOD`, `PLAN_BAD_PATTERN`
 */
export function resolveCopy(
  request: CopyRequest,
  selection: readonly SelectedSource[] = selectSources(request),
): CopyPlan {
  const destination = new Destination(hasOwnRoot(request) ? EMPTY : request.destination);
  const placement = toPlacement(request, destination);
  const target = describeTarget(placement);
  let unpacks = false;
  for (const source of selection) {
    const archive = archiveOf(source, request);
    if (archive === undefined) place(source, placement);
    else unpackArchive(archive, placement, createdDirectory(request));
    unpacks ||= archive !== undefined;
  }
  const [entries, whiteouts] = [destination.entries(request.digests), destination.whiteouts()];
  return { entries, whiteouts, selection, target, unpacks };
}

/** With `--chmod`, `--link` counts for nothing (reference, section 11). */
function hasOwnRoot({ link, chmod }: CopyRequest): boolean {
  return link && chmod === undefined;
}

function archiveOf({ kind, paths }: SelectedSource, { archives }: CopyRequest) {
  const node = kind === 'file' ? paths[0]?.node : undefined;
  return node && archives?.get(node);
}

function describeTarget(placement: Placement): CopyTarget {
  const { destination } = placement;
  const path = resolveTarget(placement);
  const directories: SelectedPath[] = [];
  for (let at = path; at !== ''; at = parentPath(at)) {
    const node = destination.lookup(at);
    if (node?.type === 'directory') directories.unshift({ path: at, node });
  }
  return { path, type: destination.lookup(path)?.type ?? 'missing', directories };
}
