import type { InstructionContext } from './instruction-context.ts';
import type { OriginScope } from './origins.ts';

/** Names as an instruction of a stage sees them; triggers of a base too (reference, section 9). */
export function originScope({ graph, stage, options }: InstructionContext): OriginScope {
  return {
    names: graph.stages.map(({ name }) => name),
    current: stage.index,
    lookupContext: options.lookupContext ?? (() => undefined),
  };
}
