import { PlanError } from '../core/errors.ts';

/** Far more than any Dockerfile says, far less than fills a memory; a configuration as large is refused everywhere. */
const MAX_CHARACTERS = 64 * 1024 * 1024;

/** What the variables of one build may come to when they are expanded: each value has a limit, but there may be many. */
export interface ExpansionBudget {
  /** @throws PlanError `PLAN_EXPANSION_TOO_LONG` without a place */
  spend(characters: number): void;
}

export function createExpansionBudget(most: number = MAX_CHARACTERS): ExpansionBudget {
  let left = most;
  return {
    spend(characters) {
      left -= characters;
      if (left >= 0) return;
      throw new PlanError('PLAN_EXPANSION_TOO_LONG', `all variables expanded give more than ${most} characters`, {
        hint: 'a long value that many lines repeat is there as often: write it into a file',
      });
    },
  };
}
