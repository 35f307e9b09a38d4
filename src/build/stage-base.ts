import type { ImageConfig } from '../core/image.ts';
import { choosePlatform, formatPlatform, type Platform } from '../core/platform.ts';
import type { Tree } from '../core/tree.ts';
import { scratchConfig } from '../plan/base-config.ts';
import type { Stage, Variables } from '../plan/graph.ts';
import { announced } from './announced-step.ts';
import type { BaseImage } from './base-images.ts';
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
}

/** Gets what FROM names (reference, section 8). */
export async function openBase(services: StageServices, stage: Stage, others: OtherStages): Promise<OpenedBase> {
  const { session, graph, images, origins } = services;
  const { base } = stage;
  const platform = platformOf(session, stage);
  switch (base.kind) {
    case 'scratch':
      return { config: scratchConfig(platform), stack: new LayerStack(session.library) };
    case 'stage':
      return await others(base.index);
    case 'image':
      return checkPlatform(
        services,
        stage,
        await hintingAtStage(base.reference, graph, () => images.fromReference(base.reference, platform)),
      );
    case 'context': {
      const opened = await origins.openBase(base.name, platform);
      if (opened.kind === 'image') return checkPlatform(services, stage, opened.image);
      return await directoryBase(services, stage, opened.tree);
    }
  }
}

/** An image of another platform than asked for is used all the same (reference, sections 8 and 17). */
function checkPlatform({ session }: StageServices, { from, platform }: Stage, image: BaseImage): BaseImage {
  const wanted = platform ?? session.settings.platform;
  const found = platformIn(image.config);
  if (choosePlatform([found], wanted) !== undefined) return image;
  session.emit({
    type: 'warning',
    diagnostic: {
      severity: 'warning',
      code: 'InvalidBaseImagePlatform',
      message: `the base image ${from.image.text} is for ${formatPlatform(found)}, not for ${formatPlatform(wanted)}`,
      span: from.span,
      hint: 'choose an image that has the platform, or another platform with --platform',
    },
  });
  return image;
}

function platformIn({ os, architecture, variant }: ImageConfig): Platform {
  return { os, architecture, ...(variant !== undefined && { variant }) };
}

async function directoryBase(
  { session, graph, cache, nextStepId }: StageServices,
  stage: Stage,
  tree: Tree,
): Promise<OpenedBase> {
  const { from } = stage;
  const info = stepInfo(nextStepId(), { stage, instruction: from, index: 1, total: 1, inDockerfile: true });
  const step = { info, place: { span: from.span, source: graph.source } };
  const made = await announced(session, step, () => layerOfContext(tree, { session, cache, info }));
  const created = createdOf(session.settings, made.created);
  return {
    config: {
      ...scratchConfig(platformOf(session, stage)),
      history: historyItems([{ createdBy: from.logicalText, created }], created),
    },
    stack: new LayerStack(session.library).push(made.layer),
  };
}
