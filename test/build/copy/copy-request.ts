import type { CopyPlan, CopyRequest } from '../../../src/build/copy/request.ts';
import { resolveCopy } from '../../../src/build/copy/resolve-copy.ts';
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

export function copy(request: Partial<CopyRequest>): CopyPlan {
  return resolveCopy(copyRequest(request));
}

/** The entries of the layer, a line for each. */
export function copied(request: Partial<CopyRequest>): string[] {
  return copy(request).entries.map(formatEntry);
}
