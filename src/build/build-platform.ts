import assert from 'node:assert/strict';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { Image } from '../core/image.ts';
import { formatPlatform, type Platform } from '../core/platform.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { createExpansionBudget } from '../plan/expansion-budget.ts';
import type { BuildGraph, Stage } from '../plan/graph.ts';
import { planBuild } from '../plan/plan-build.ts';
import type { BaseImages } from './base-images.ts';
import type { BuildEvent } from './events.ts';
import { finishImage } from './finish-image.ts';
import { createdNow } from './history.ts';
import { LayerStack } from './layer-stack.ts';
import type { Lint } from './lint.ts';
import type { MainContext } from './main-context.ts';
import { contextLookup, type NamedContexts, parseNamedContexts } from './named-contexts.ts';
import { createOrigins } from './origins.ts';
import type { Session } from './session.ts';
import { withSourceDateEpoch } from './source-date-epoch.ts';
import { runStage } from './stage-runner.ts';
import type { StageServices } from './stage-services.ts';
import { buildStages, type OtherStages } from './stages.ts';
import { createStepCache } from './step-cache.ts';
import { type NextStepId, stageName } from './step-info.ts';
import type { RunningSteps } from './step-result.ts';

/** What the platforms of one build share. */
export interface BuildParts {
  readonly session: Session;
  readonly dockerfile: Dockerfile;
  readonly context: MainContext;
  readonly ignore: IgnoreMatcher | undefined;
  readonly images: BaseImages;
  readonly lint: Lint;
  readonly nextStepId: NextStepId;
  readonly running: RunningSteps;
}

/** The image for one platform. */
export interface BuiltImage {
  readonly image: Image;
  readonly platform: Platform;
  readonly stack: LayerStack;
  /** Steps that were taken from the cache, and that were carried out. */
  readonly cached: number;
  readonly executed: number;
}

/** A session as one platform of several sees it: its steps say which platform they are for. */
export function forPlatform(session: Session, platform: Platform): Session {
  const prefix = formatPlatform(platform);
  const emit = (event: BuildEvent): void =>
    session.emit(
      'step' in event ? { ...event, step: { ...event.step, stage: `${prefix} ${event.step.stage}` } } : event,
    );
  return { ...session, settings: { ...session.settings, platform }, emit };
}

/** Plans and builds for the platform of the session's settings. */
export async function buildPlatform(given: BuildParts): Promise<BuiltImage> {
  const { lint, context } = given;
  const { options, settings: asked } = given.session;
  const contexts = parseNamedContexts(options.buildContexts ?? {}, asked.platform);
  const planned = plan(given, contexts);
  const session = await withSourceDateEpoch(given.session, { graph: planned, context, contexts });
  const { settings } = session;
  const parts = { ...given, session };
  const graph = settings === asked ? planned : plan({ ...parts, lint: { ...lint, warn: () => undefined } }, contexts);
  lint.checkText(graph);
  const cache = createStepCache(session, {
    now: () => createdNow(settings, session.now),
    running: parts.running,
    // Squashed, the image has none of them.
    imageStages: options.squash === true ? new Set() : imageStages(graph),
  });
  const services = createServices(parts, { graph, contexts, cache });
  const buildStage = (index: number, others: OtherStages) => runStage(services, stageOf(graph, index), others);
  const stage = await buildStages({ graph, buildStage, onFailure: session.fail });
  return { ...(await finishImage(session, stage)), platform: settings.platform, ...cache.counts() };
}

/** Names of the target and of the stages that it is built from. */
function imageStages(graph: BuildGraph): Set<string> {
  const names = new Set<string>();
  for (let stage: Stage | undefined = stageOf(graph, graph.target); stage !== undefined; ) {
    names.add(stageName(stage));
    stage = stage.base.kind === 'stage' ? stageOf(graph, stage.base.index) : undefined;
  }
  return names;
}

function stageOf({ stages }: BuildGraph, index: number): Stage {
  const stage = stages[index];
  assert(stage !== undefined, `no stage ${index}`);
  return stage;
}

function plan({ session, dockerfile, lint }: BuildParts, contexts: NamedContexts): BuildGraph {
  const { options, settings } = session;
  const { buildArgs, ignoreSyntax, platform, buildPlatform: own } = settings;
  return planBuild(dockerfile, {
    buildArgs,
    ignoreSyntax,
    platform,
    buildPlatform: own,
    lookupContext: contextLookup(contexts),
    ...(options.target !== undefined && { target: options.target }),
    onWarning: lint.warn,
  });
}

type Planned = Pick<StageServices, 'graph' | 'cache'> & { readonly contexts: NamedContexts };

function createServices(parts: BuildParts, { graph, contexts, cache }: Planned): StageServices {
  const { session, images, context, ignore, lint, nextStepId } = parts;
  const { options, settings } = session;
  const emptyStack = new LayerStack(session.library);
  const epoch = settings.sourceDateEpoch;
  return {
    session,
    graph,
    images,
    cache,
    origins: createOrigins({ session, context, ignore, contexts, images, emptyStack }),
    nextStepId,
    evaluation: {
      buildArgs: settings.buildArgs,
      network: options.network ?? 'default',
      allow: options.allow ?? [],
      budget: createExpansionBudget(),
      timestamps: settings.timestamps,
      lookupContext: contextLookup(contexts),
      ...(epoch !== undefined && { sourceDateEpoch: String(epoch) }),
    },
    onWarning: lint.warn,
    onAdvice: lint.advise,
  };
}
