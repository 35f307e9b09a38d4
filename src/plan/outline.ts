import { formatPlatform, type Platform } from '../core/platform.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import type { ArgInstruction } from '../parser/instruction.ts';
import { describedBy } from './descriptions.ts';
import { evaluateGraph, type GraphRequest, type StageOutcome } from './evaluate-graph.ts';
import { formatBase } from './format-graph.ts';
import type { BuildGraph, Variables } from './graph.ts';
import { type PlanOptions, planBuild, splitStages } from './plan-build.ts';
import type { FileOrigin, RunMount } from './step.ts';

/** What a Dockerfile offers to those who build it. */
export interface Outline {
  /** Target platform. */
  readonly platform: string;
  /** Name of the stage to build, or its index. */
  readonly target: string;
  /** ARGs above the first FROM. */
  readonly args: readonly OutlineArg[];
  readonly stages: readonly OutlineStage[];
}

export interface OutlineStage {
  readonly index: number;
  readonly name?: string;
  /** From the comment `NAME text` above the FROM. */
  readonly description?: string;
  readonly line: number;
  /** What the stage is built on, as {@link formatGraph} writes it. */
  readonly base: string;
  /** Where it is not the target platform. */
  readonly platform?: string;
  /** Whether the target needs the stage. */
  readonly needed: boolean;
  readonly args: readonly OutlineArg[];
  readonly secrets: readonly OutlineSecret[];
  readonly ssh: readonly OutlineSsh[];
  readonly mounts: readonly OutlineMount[];
}

export interface OutlineArg {
  readonly name: string;
  readonly description?: string;
  readonly line: number;
  /** As written. */
  readonly default?: string;
  /** With the build arguments that were given; absent when it is not set. */
  readonly value?: string;
}

export interface OutlineSecret {
  readonly id: string;
  readonly required: boolean;
  readonly target?: string;
  readonly env?: string;
}

export interface OutlineSsh {
  readonly id: string;
  readonly required: boolean;
}

/** A bind, cache or tmpfs mount of a RUN. */
export interface OutlineMount {
  readonly type: 'bind' | 'cache' | 'tmpfs';
  readonly target: string;
  readonly id?: string;
  /** Stage, image or named context; absent for the build context. */
  readonly from?: string;
}

/**
 * Lists stages, arguments, secrets and mounts of a Dockerfile; no base image is asked for anything. Pure.
 * @throws ParseError, PlanError as {@link planBuild} does, and for a needed stage whose values do not fit together
 */
export function outlineDockerfile(dockerfile: Dockerfile, options: PlanOptions): Outline {
  const graph = planBuild(dockerfile, options);
  const outcomes = evaluateGraph({ graph, ...evaluation(options) });
  const failed = outcomes.find(({ stage, error }) => error !== undefined && graph.reachable.includes(stage.index));
  if (failed?.error !== undefined) throw failed.error;
  const { declarations } = splitStages(dockerfile.instructions);
  return {
    platform: formatPlatform(options.platform),
    target: graph.stages[graph.target]?.name ?? String(graph.target),
    args: outlineArgs(declarations, graph.globalArgs),
    stages: outcomes.map((outcome) => outlineStage(outcome, graph, options.platform)),
  };
}

function evaluation({ buildArgs, platform, lookupContext }: PlanOptions): Omit<GraphRequest, 'graph'> {
  return { buildArgs, platform, ...(lookupContext && { lookupContext }) };
}

function outlineStage({ stage, result }: StageOutcome, graph: BuildGraph, target: Platform): OutlineStage {
  const { index, name, from, platform, instructions } = stage;
  const description = name === undefined ? undefined : describedBy(from.comments, from.stageName?.text ?? name);
  const mounts = (result?.steps ?? []).flatMap((step) => (step.kind === 'run' ? step.mounts : []));
  const args = instructions.filter((instruction): instruction is ArgInstruction => instruction.kind === 'ARG');
  return {
    index,
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    line: from.span.start.line,
    base: formatBase(stage.base, graph),
    ...(platform && formatPlatform(platform) !== formatPlatform(target) && { platform: formatPlatform(platform) }),
    needed: graph.reachable.includes(index),
    args: outlineArgs(args, result?.declared ?? new Map()),
    ...outlineMounts(mounts, graph),
  };
}

function outlineArgs(instructions: readonly ArgInstruction[], values: Variables): readonly OutlineArg[] {
  return instructions.flatMap(({ args, comments, span }) =>
    args.map(({ name: { text: name }, value: fallback }) => {
      const description = describedBy(comments, name);
      const value = values.get(name);
      return {
        name,
        ...(description !== undefined && { description }),
        line: span.start.line,
        ...(fallback && { default: fallback.text }),
        ...(value !== undefined && { value }),
      };
    }),
  );
}

function outlineMounts(
  mounts: readonly RunMount[],
  graph: BuildGraph,
): Pick<OutlineStage, 'secrets' | 'ssh' | 'mounts'> {
  const secrets = mounts.flatMap((mount) => (mount.type === 'secret' ? [mount] : []));
  const ssh = mounts.flatMap((mount) => (mount.type === 'ssh' ? [mount] : []));
  return {
    secrets: mergeById(
      secrets.map(({ id, required, target, env }) => ({
        id,
        required,
        ...(target !== undefined && { target }),
        ...(env !== undefined && { env }),
      })),
    ),
    ssh: mergeById(ssh.map(({ id, required }) => ({ id, required }))),
    mounts: mounts.flatMap((mount) => outlineMount(mount, graph) ?? []),
  };
}

/** Several RUNs may use one secret; it is required when one of them requires it. */
function mergeById<T extends { readonly id: string; readonly required: boolean }>(items: readonly T[]): readonly T[] {
  const merged = new Map<string, T>();
  for (const item of items) {
    const before = merged.get(item.id);
    merged.set(item.id, before === undefined ? item : { ...before, required: before.required || item.required });
  }
  return [...merged.values()];
}

function outlineMount(mount: RunMount, graph: BuildGraph): OutlineMount | undefined {
  switch (mount.type) {
    case 'bind':
    case 'cache': {
      const from = mount.from && originName(mount.from, graph);
      const { type, target } = mount;
      return { type, target, ...(type === 'cache' && { id: mount.id }), ...(from !== undefined && { from }) };
    }
    case 'tmpfs':
      return { type: 'tmpfs', target: mount.target };
    default:
      return undefined;
  }
}

function originName(origin: FileOrigin, { stages }: BuildGraph): string | undefined {
  switch (origin.kind) {
    case 'context':
      return undefined;
    case 'stage':
      return stages[origin.index]?.name ?? String(origin.index);
    case 'image':
      return origin.reference;
    case 'named-context':
      return origin.name;
    case 'scratch':
      return 'scratch';
  }
}
