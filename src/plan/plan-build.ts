import { PlanError } from '../core/errors.ts';
import type { Platform } from '../core/platform.ts';
import { suggest } from '../core/suggest.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { assertParsed } from '../parser/index.ts';
import type { ArgInstruction, Instruction } from '../parser/instruction.ts';
import { automaticArgs } from './automatic-args.ts';
import type { BuildArgs } from './build-args.ts';
import { createExpander, type Expander } from './expander.ts';
import { type FrontendOptions, foreignFrontend } from './frontend.ts';
import { evaluateGlobalArgs } from './global-args.ts';
import type { BuildGraph, Stage, Variables } from './graph.ts';
import { type ContextLookup, latestStage, stageHint } from './origins.ts';
import { checkReferences } from './references.ts';
import { planStage, type StageSection } from './stage-plan.ts';
import type { WarningListener } from './warning.ts';

export interface PlanOptions extends FrontendOptions {
  /** Name of the stage to build, in any case. Default: the last one. */
  readonly target?: string;
  readonly buildArgs: BuildArgs;
  /** Target platform. */
  readonly platform: Platform;
  /** Platform of this machine. */
  readonly buildPlatform: Platform;
  /** What a `--build-context` of that name stands for. Default: there is none. */
  readonly lookupContext?: ContextLookup;
  readonly onWarning?: WarningListener;
}

/**
 * Resolves the stages of a Dockerfile and what they need of each other (reference, sections 7 and 8). Pure.
 * @throws ParseError for a Dockerfile with errors; PlanError with the place in the Dockerfile
 */
export function planBuild(dockerfile: Dockerfile, options: PlanOptions): BuildGraph {
  const foreign = foreignFrontend(dockerfile, options);
  if (foreign !== undefined) throw foreign;
  assertParsed(dockerfile);
  const { source, directives } = dockerfile;
  const { declarations, sections } = splitStages(dockerfile.instructions);
  const names = sections.map(({ from }) => from.stageName?.text.toLowerCase());
  const target = findTarget(options.target, names);
  const automatic = automaticArgs({ ...options, targetName: options.target ?? names.at(-1) });
  const scope = { source, escape: directives.escape };
  const globalArgs = evaluateGlobalArgs({ ...scope, automatic, declarations, buildArgs: options.buildArgs });
  const expander = fromExpander(globalArgs, scope, options);
  const planning = { source, names, lookupContext: options.lookupContext ?? (() => undefined), expander };
  const stages: Stage[] = [];
  for (const section of sections) stages.push(planStage(section, stages, planning));
  const reachable = reachableStages(stages, target);
  for (const stage of stages) if (reachable.includes(stage.index)) checkReferences(stage, source, planning);
  return { ...scope, stages, target, reachable, globalArgs };
}

/** The ARGs of the global scope, and the stages. Above the first FROM only ARG counts; a file with mistakes may have more. */
export function splitStages(instructions: readonly Instruction[]): {
  readonly declarations: readonly ArgInstruction[];
  readonly sections: readonly StageSection[];
} {
  const declarations: ArgInstruction[] = [];
  const sections: (StageSection & { readonly instructions: Instruction[] })[] = [];
  for (const instruction of instructions) {
    const current = sections.at(-1);
    if (instruction.kind === 'FROM') sections.push({ from: instruction, instructions: [] });
    else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.kind === 'ARG') declarations.push(instruction);
  }
  return { declarations, sections };
}

function findTarget(target: string | undefined, names: readonly (string | undefined)[]): number {
  if (target === undefined) return names.length - 1;
  const index = latestStage(target.toLowerCase(), names, names.length);
  if (index !== undefined) return index;
  throw new PlanError('PLAN_UNKNOWN_STAGE', `target stage ${JSON.stringify(target)} could not be found`, {
    hint: stageHint(target, names),
  });
}

/** The expander of FROM lines: global ARGs, and a lint for a name that no one declared. */
function fromExpander(
  globalArgs: Variables,
  scope: Pick<BuildGraph, 'source' | 'escape'>,
  { onWarning }: PlanOptions,
): Expander {
  return createExpander({
    lookup: (name) => globalArgs.get(name),
    ...scope,
    onUndefined: (name, span) => {
      if (globalArgs.has(name)) return;
      const message = `FROM uses $${name}, which no ARG above the first FROM declares`;
      const near = suggest(name, globalArgs.keys());
      const hint = near === undefined ? `write ARG ${name} above the first FROM` : `did you mean $${near}?`;
      onWarning?.({ severity: 'warning', code: 'UndefinedArgInFrom', message, span, hint }, scope.source);
    },
  });
}

/** A stage needs only earlier ones, so ascending indexes are an order of building. */
function reachableStages(stages: readonly Stage[], target: number): readonly number[] {
  const reached = new Set<number>();
  const pending = [target];
  for (let index = pending.pop(); index !== undefined; index = pending.pop()) {
    if (reached.has(index)) continue;
    reached.add(index);
    pending.push(...(stages[index]?.dependencies ?? []));
  }
  return [...reached].sort((a, b) => a - b);
}
