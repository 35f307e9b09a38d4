import { type ArboristEdge, type ArboristNode, nodesOf } from './arborist.ts';

/** Takes nodes out of a tree, with all that is inside them. */
export function leaveOut(root: ArboristNode, isLeftOut: (node: ArboristNode) => boolean): void {
  for (const node of nodesOf(root)) {
    if (node !== root && isLeftOut(node)) (node as unknown as { root: null }).root = null;
  }
}

/**
 * What falls away with an optional package that cannot be installed: everything up to the edges that are optional, and
 * all that only those packages depend on. What npm does (Arborist keeps it to itself), so that the same packages stay.
 */
export function optionalSet(node: ArboristNode): Set<ArboristNode> {
  const set = new Set([node]);
  for (const member of set) {
    for (const edge of member.edgesIn) if (!edge.optional && edge.from) set.add(edge.from as ArboristNode);
  }
  return withOrphans(set);
}

function withOrphans(set: ReadonlySet<ArboristNode>): Set<ArboristNode> {
  const counts = (edge: ArboristEdge): boolean =>
    !set.has(edge.to as ArboristNode) && (edge.from as ArboristNode | null)?.inert !== true;
  const all = new Set(set);
  for (const member of all) {
    for (const edge of member.edgesOut.values()) if (edge.to && counts(edge)) all.add(edge.to as ArboristNode);
  }
  const isNeeded = (member: ArboristNode): boolean =>
    [...member.edgesIn].some((edge) => !all.has(edge.from as ArboristNode) && counts(edge));
  for (let kept = [...all].filter(isNeeded); kept.length > 0; kept = [...all].filter(isNeeded)) {
    for (const member of kept) all.delete(member);
  }
  return all;
}
