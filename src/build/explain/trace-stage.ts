import { formatPlatform } from '../../core/platform.ts';
import { formatReference } from '../../core/reference.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';
import type { Stage } from '../../plan/graph.ts';
import type { Step } from '../../plan/step.ts';
import type { StepInfo } from '../events.ts';
import type { LayerStack } from '../layer-stack.ts';
import { platformOf, type StageServices } from '../stage-services.ts';
import { isVisible, stageName, stepText } from '../step-info.ts';
import type { StepLayer } from '../step-result.ts';
import type { StageTrace } from './build-trace.ts';
import type { TracedBase } from './trace-file.ts';

/** Follows the steps of a stage that make layers, in their order. */
export interface FollowedStage {
  follow(info: StepInfo, perform: () => Promise<readonly StepLayer[]>): Promise<readonly StepLayer[]>;
}

interface StageRequest {
  readonly stage: Stage;
  /** What the stage starts from. */
  readonly stack: LayerStack;
  readonly steps: readonly Step[];
}

export function traceStage(services: StageServices, { stage, stack, steps }: StageRequest): FollowedStage {
  const { session } = services;
  const trace = session.trace.stage({
    platform: formatPlatform(platformOf(session, stage)),
    name: stageName(stage),
    isNamed: stage.name !== undefined,
    base: baseOf(services, stage, stack),
    texts: steps.filter(isVisible).map(({ instruction }) => stepText(instruction)),
  });
  return following(trace);
}

function following(trace: StageTrace): FollowedStage {
  return {
    async follow(info, perform) {
      const position = info.index - 1;
      trace.begin(position, info);
      const layers = await perform();
      trace.end(position, info, layers);
      return layers;
    },
  };
}

/** FROM of a directory makes a layer before its stage begins: it is compared as if it were a stage by itself. */
export function traceDirectory({ session }: StageServices, stage: Stage, info: StepInfo): FollowedStage {
  return following(
    session.trace.stage({
      platform: formatPlatform(platformOf(session, stage)),
      // No stage has a blank in its name.
      name: `FROM of ${stageName(stage)}`,
      isNamed: true,
      base: { kind: 'scratch', name: 'scratch', chain: 'scratch' },
      texts: [info.text],
    }),
  );
}

function baseOf({ graph, session }: StageServices, { base }: Stage, { chainId }: LayerStack): TracedBase {
  const chain = chainId ?? 'scratch';
  switch (base.kind) {
    case 'scratch':
      return { kind: 'scratch', name: 'scratch', chain };
    case 'context':
      return { kind: 'context', name: base.name, chain };
    case 'image': {
      const name = formatReference(normalizeReference(base.reference));
      const digest = session.trace.digestOf(name);
      return { kind: 'image', name: base.reference, chain, ...(digest !== undefined && { digest }) };
    }
    case 'stage': {
      const below = graph.stages[base.index];
      return { kind: 'stage', name: below === undefined ? '' : stageName(below), chain };
    }
  }
}
