import { PlanError } from '../core/errors.ts';
import { parseReference } from '../core/reference.ts';
import type { SourceText } from '../core/span.ts';
import type { Stage } from './graph.ts';
import { instructionOrigins } from './instruction-origins.ts';
import { asPlanError, type Place } from './located.ts';
import { type OriginScope, stageHint } from './origins.ts';

/** Refuses what a needed stage names as an image and is no image reference, before anything is built. */
export function checkReferences(stage: Stage, source: SourceText, scope: Omit<OriginScope, 'current'>): void {
  if (stage.base.kind === 'image') {
    checkReference(stage.base.reference, { span: stage.from.image.span, source }, scope.names);
  }
  for (const instruction of stage.instructions) {
    for (const { origin, place } of instructionOrigins(instruction, source, { ...scope, current: stage.index })) {
      if (origin.kind === 'image') checkReference(origin.reference, place, scope.names);
    }
  }
}

/** A stage written in upper case is the usual reason: FROM finds a stage only in lower case (reference, section 8). */
function checkReference(reference: string, place: Place, names: OriginScope['names']): void {
  const lower = reference.toLowerCase();
  if (reference !== lower && names.includes(lower)) {
    throw new PlanError('PLAN_BAD_REFERENCE', `invalid image reference ${JSON.stringify(reference)}`, {
      ...place,
      hint: `stages are referred to in lower case: write ${lower}; ${stageHint(lower, names)}`,
    });
  }
  asPlanError('PLAN_BAD_REFERENCE', place, () => parseReference(reference));
}
