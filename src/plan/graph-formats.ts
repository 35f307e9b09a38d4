import { formatPlatform } from '../core/platform.ts';
import { formatBase } from './format-graph.ts';
import type { BuildGraph, Stage, StageBase } from './graph.ts';

/** A graph for programs. */
export interface GraphJson {
  readonly target: number;
  readonly stages: readonly StageJson[];
}

export interface StageJson {
  readonly index: number;
  readonly name?: string;
  readonly line: number;
  readonly base: StageBase;
  readonly platform?: string;
  readonly instructions: number;
  /** Indexes of the stages that this one needs, ascending. */
  readonly dependencies: readonly number[];
  /** Whether the target needs the stage. */
  readonly needed: boolean;
}

export function toGraphJson({ stages, target, reachable }: BuildGraph): GraphJson {
  return {
    target,
    stages: stages.map(({ index, name, from, base, platform, instructions, dependencies }) => ({
      index,
      ...(name !== undefined && { name }),
      line: from.span.start.line,
      base,
      ...(platform && { platform: formatPlatform(platform) }),
      instructions: instructions.length,
      dependencies,
      needed: reachable.includes(index),
    })),
  };
}

/** A graph in the language of graphviz: bases as full lines, copies as dashed ones, what is not needed in grey. */
export function formatGraphDot(graph: BuildGraph): string {
  const lines = graph.stages.flatMap((stage) => [nodeOf(stage, graph), ...edgesOf(stage, graph)]);
  return `${['digraph build {', '  rankdir=LR;', '  node [shape=box];', ...lines, '}'].join('\n')}\n`;
}

function nodeOf({ index, name, platform }: Stage, { target, reachable }: BuildGraph): string {
  const label = [name ?? `stage ${index}`, ...(platform ? [formatPlatform(platform)] : [])].join('\n');
  const attributes = [
    `label=${quote(label)}`,
    ...(index === target ? ['style="bold"'] : []),
    ...(reachable.includes(index) ? [] : ['style="dashed"', 'color="grey"', 'fontcolor="grey"']),
  ];
  return `  s${index} [${attributes.join(' ')}];`;
}

function edgesOf({ index, base, dependencies }: Stage, graph: BuildGraph): readonly string[] {
  const copies = dependencies.filter((other) => base.kind !== 'stage' || other !== base.index);
  return [...baseEdges(index, base, graph), ...copies.map((other) => `  s${other} -> s${index} [style="dashed"];`)];
}

/** What is no stage has a node of its own for each use, so that the lines do not cross. */
function baseEdges(index: number, base: StageBase, graph: BuildGraph): readonly string[] {
  if (base.kind === 'stage') return [`  s${base.index} -> s${index};`];
  const title = base.kind === 'image' ? base.reference : formatBase(base, graph);
  return [`  b${index} [label=${quote(title)} shape="ellipse"];`, `  b${index} -> s${index};`];
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
