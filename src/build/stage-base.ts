import assert from 'node:assert/strict';
import type { ImageConfig } from '../core/image.ts';
import type { Tree } from '../core/tree.ts';
import { scratchConfig } from '../plan/base-config.ts';
import type { Stage, Variables } from '../plan/graph.ts';
import { announced } from './announced-step.ts';
import type { BaseImage, ImageUse } from './base-images.ts';
import { traceDirectory } from './explain/trace-stage.ts';
import { createdOf, historyItems } from './history.ts';
import { LayerStack } from './layer-stack.ts';
import { hintingAtStage } from './stage-hint.ts';
import { platformOf, type StageServices } from './stage-services.ts';
import type { OtherStages } from './stages.ts';
import { stepInfo } from './step-info.ts';
import { layerOfContext } from './steps/context-base.ts';

/** What a stage starts from: layers and configuration, and the ARGs of a stage. */
export interface OpenedBase {
  readonly config: ImageConfig;
  readonly stack: LayerStack;
  readonly args?: Variables;
  /** How many of the layers are those of an image; default none. */
  readonly baseLayers?: number;
}

/** Gets what FROM names (reference, section 8). */
export async function openBase(
  services: StageServices,
  { stage, use }: { readonly stage: Stage; readonly use: ImageUse },
  others: OtherStages,
): Promise<OpenedBase> {
  const { session, graph, images, origins } = services;
  const { base } = stage;
  const platform = platformOf(session, stage);
  switch (base.kind) {
    case 'scratch':
      return { config: scratchConfig(platform), stack: new LayerStack(session.library) };
    case 'stage':
      return await others(base.index);
    case 'image':
      return ofImage(
        await hintingAtStage(base.reference, graph, () => images.fromReference(base.reference, platform, use)),
      );
    case 'context': {
      const opened = await origins.openBase(base.name, platform, use);
      if (opened.kind === 'image') return ofImage(opened.image);
      return await directoryBase(services, stage, opened.tree);
    }
  }
}

function ofImage(image: BaseImage): OpenedBase {
  return { ...image, baseLayers: image.stack.layers().length };
}

async function directoryBase(services: StageServices, stage: Stage, tree: Tree): Promise<OpenedBase> {
  const { session, graph, cache, nextStepId } = services;
  const { from } = stage;
  const info = stepInfo(nextStepId(), { stage, instruction: from, index: 1, total: 1, inDockerfile: true });
  const step = { info, place: { span: from.span, source: graph.source } };
  const layers = await traceDirectory(services, stage, info).follow(info, () =>
    announced(session, step, async () => [await layerOfContext(tree, { session, cache, info })]),
  );
  const [made] = layers;
  assert(made !== undefined, 'a directory makes one layer');
  const created = createdOf(session.settings, made.created);
  return {
    config: {
      ...scratchConfig(platformOf(session, stage)),
      history: historyItems([{ createdBy: from.logicalText, created }], created),
    },
    stack: new LayerStack(session.library).push(made.layer),
  };
}
