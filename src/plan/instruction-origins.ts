import type { SourceText } from '../core/span.ts';
import type { Instruction, Word } from '../parser/instruction.ts';
import type { Place } from './located.ts';
import { mountFrom } from './mount-from.ts';
import { type OriginRequest, type OriginScope, resolveOrigin } from './origins.ts';
import type { FileOrigin } from './step.ts';

export interface LocatedOrigin {
  readonly origin: FileOrigin;
  readonly place: Place;
}

/** What COPY and the mounts of RUN name with `from`, before any variable of the stage is known. */
export function instructionOrigins(
  instruction: Instruction,
  source: SourceText,
  scope: OriginScope,
): readonly LocatedOrigin[] {
  return originRequests(instruction, source).map((request) => ({
    origin: resolveOrigin(request, scope),
    place: request.place,
  }));
}

function originRequests(instruction: Instruction, source: SourceText): readonly OriginRequest[] {
  if (instruction.kind === 'COPY') return instruction.from ? [copyRequest(instruction.from, source)] : [];
  if (instruction.kind !== 'RUN') return [];
  return instruction.mounts.flatMap(({ text, span }) => {
    const from = mountFrom(text);
    return from === undefined ? [] : [{ from, numbers: false, place: { span, source } }];
  });
}

function copyRequest({ text, span }: Word, source: SourceText): OriginRequest {
  return { from: text, numbers: true, place: { span, source } };
}
