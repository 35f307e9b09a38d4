import type { Accounting } from './accounting.ts';
import { openControlGroups } from './control-groups.ts';
import { processTreeAccounting } from './process-tree.ts';

/** Control groups where they can be made, which miss nothing; else the process tree, sampled. */
export function chooseAccounting(): Accounting {
  return openControlGroups() ?? processTreeAccounting;
}
