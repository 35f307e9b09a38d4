import type { CopyPlan, CopyRequest } from '../../../src/build/copy/request.ts';
import { resolveCopy } from '../../../src/build/copy/resolve-copy.ts';
import type { PackEntry } from '../../../src/core/toc.ts';
import { formatEntry, tree } from '../../support/trees.ts';

/** Time of what the step itself makes. */
export const STEP_TIME = 99;

export function copyRequest(request: Partial<CopyRequest>): CopyRequest {
  return {
    source: tree(),
    destination: tree(),
    sources: [],
    inlineFiles: [],
    to: '/',
    exclude: [],
    parents: false,
    link: false,
    time: { mtime: STEP_TIME },
    ...request,
  };
}

/** A plan whose entries are there at once. */
export interface MadePlan extends CopyPlan {
  readonly entries: readonly PackEntry[];
}

export function copy(request: Partial<CopyRequest>): MadePlan {
  const plan = resolveCopy(copyRequest(request));
  return { ...plan, entries: [...plan.entries] };
}

/** The entries of the layer, a line for each. */
export function copied(request: Partial<CopyRequest>): string[] {
  return copy(request).entries.map(formatEntry);
}
