import { formatPlatform } from '../core/platform.ts';
import type { BuildGraph, Stage, StageBase } from './graph.ts';

/**
 * A graph as text, a line for each stage: what it is built on, what it needs, whether it will be built.
 *
 * @example
 * 0 deps: image node:22-alpine, 3 instructions
 * 1 docs: stage 0 "deps", 1 instruction, not needed
 * 2 (target): image alpine, linux/arm64, 2 instructions, needs 0
 */
export function formatGraph(graph: BuildGraph): string {
  return `${graph.stages.map((stage) => formatStage(stage, graph)).join('\n')}\n`;
}

function formatStage(stage: Stage, graph: BuildGraph): string {
  const { index, name, platform, instructions, dependencies } = stage;
  const others = dependencies.filter((other) => stage.base.kind !== 'stage' || other !== stage.base.index);
  const facts = [
    formatBase(stage.base, graph),
    ...(platform ? [formatPlatform(platform)] : []),
    `${instructions.length} instruction${instructions.length === 1 ? '' : 's'}`,
    ...(others.length > 0 ? [`needs ${others.join(' ')}`] : []),
    ...(graph.reachable.includes(index) ? [] : ['not needed']),
  ];
  const title = [`${index}`, ...(name === undefined ? [] : [name]), ...(index === graph.target ? ['(target)'] : [])];
  return `${title.join(' ')}: ${facts.join(', ')}`;
}

/** `image alpine`, `stage 0 "build"`, `context name` or `scratch`. */
export function formatBase(base: StageBase, { stages }: BuildGraph): string {
  switch (base.kind) {
    case 'scratch':
      return 'scratch';
    case 'image':
      return `image ${base.reference}`;
    case 'context':
      return `context ${base.name}`;
    case 'stage': {
      const name = stages[base.index]?.name;
      return `stage ${base.index}${name === undefined ? '' : ` ${JSON.stringify(name)}`}`;
    }
  }
}
