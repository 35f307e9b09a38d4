import { PlanError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { Place } from './located.ts';
import type { FileOrigin } from './step.ts';

/** What a name of a `--build-context` stands for: something outside of the Dockerfile, or a stage of it. */
export type ContextLookup = (name: string) => 'outside' | { readonly stage: string } | undefined;

/** What names of stages and contexts mean at one stage of the Dockerfile. */
export interface OriginScope {
  /** Names of all stages of the file, lower case, in order. */
  readonly names: readonly (string | undefined)[];
  /** Index of the stage that refers to others. */
  readonly current: number;
  readonly lookupContext: ContextLookup;
}

export interface OriginRequest {
  /** Value of `--from` or of `from` in a mount. */
  readonly from: string;
  /** COPY takes a number as the index of a stage, a mount does not. */
  readonly numbers: boolean;
  readonly place: Place;
}

/** Resolves `from` of COPY and of a mount (reference, section 8): number, stage, scratch, named context, image. */
export function resolveOrigin({ from, numbers, place }: OriginRequest, scope: OriginScope): FileOrigin {
  if (numbers && /^[+-]?\d+$/.test(from)) return { kind: 'stage', index: checkIndex(Number(from), place, scope) };
  const name = from.toLowerCase();
  const index = latestStage(name, scope.names, scope.current);
  if (index !== undefined) return { kind: 'stage', index };
  const later = scope.names.indexOf(name, scope.current);
  if (later >= 0) checkIndex(later, place, scope);
  if (name === 'scratch') return { kind: 'scratch' };
  const context = scope.lookupContext(from);
  if (context === 'outside') return { kind: 'named-context', name: from };
  if (context !== undefined) return { kind: 'stage', index: stageOfContext(from, context.stage, { ...scope, place }) };
  return { kind: 'image', reference: from };
}

/** @throws PlanError `PLAN_UNKNOWN_STAGE` for a context that stands for a stage which is not above */
export function stageOfContext(
  context: string,
  stage: string,
  { names, current, place }: Pick<OriginScope, 'names' | 'current'> & { readonly place: Place },
): number {
  const index = latestStage(stage.toLowerCase(), names, current);
  if (index !== undefined) return index;
  throw new PlanError(
    'PLAN_UNKNOWN_STAGE',
    `build context ${context} is the stage ${JSON.stringify(stage)}, which is not above`,
    {
      ...place,
      hint: stageHint(stage, names.slice(0, current)),
    },
  );
}

/** The last stage of that name before `end`, since a name may be used again (reference, section 8). */
export function latestStage(name: string, names: OriginScope['names'], end: number): number | undefined {
  const index = names.slice(0, end).lastIndexOf(name);
  return index < 0 ? undefined : index;
}

function checkIndex(index: number, place: Place, { names, current }: OriginScope): number {
  const title = stageTitle(index, names);
  if (index < 0 || index >= names.length) {
    throw new PlanError('PLAN_UNKNOWN_STAGE', `there is no stage ${index}`, {
      ...place,
      hint: `stages are counted from 0; this Dockerfile has ${names.length}`,
    });
  }
  if (index === current) {
    throw new PlanError('PLAN_CYCLE', `circular dependency: stage ${title} cannot copy from itself`, {
      ...place,
      hint: 'copy from a stage above this one, or rename one of two stages of the same name',
    });
  }
  if (index > current) {
    throw new PlanError(
      'PLAN_COPY_FROM_LATER_STAGE',
      `cannot copy from stage ${title}: it needs to be defined before the current stage`,
      { ...place, hint: `move stage ${title} above the stage that copies from it` },
    );
  }
  return index;
}

/** A stage as messages name it: its name in quotes, else its number. */
export function stageTitle(index: number, names: OriginScope['names']): string {
  const name = names[index];
  return name === undefined ? `${index}` : JSON.stringify(name);
}

/** "did you mean" and the stages there are. */
export function stageHint(name: string, names: OriginScope['names']): string {
  const known = names.filter((candidate) => candidate !== undefined);
  const near = suggest(name.toLowerCase(), known);
  if (known.length === 0) return 'no stage of this Dockerfile has a name: write FROM … AS name';
  const all = `stages are ${[...new Set(known)].join(', ')}`;
  return near === undefined ? all : `did you mean ${JSON.stringify(near)}? ${all}`;
}
