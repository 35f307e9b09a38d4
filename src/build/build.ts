import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { Image } from '../core/image.ts';
import { formatReference } from '../core/reference.ts';
import { defaultCacheDir } from '../io/host.ts';
import { assembleImage } from '../oci/image/assemble.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { applyLabels, withPlatform } from '../plan/base-config.ts';
import type { BuildGraph, Stage } from '../plan/graph.ts';
import { planBuild } from '../plan/plan-build.ts';
import { createBaseImages } from './base-images.ts';
import { type BuildControl, createControl } from './control.ts';
import { resolveSettings, type Settings } from './defaults.ts';
import { createdNow } from './history.ts';
import { LayerStack } from './layer-stack.ts';
import { createLint, type Lint } from './lint.ts';
import { openDockerfile } from './load-dockerfile.ts';
import { type MainContext, openMainContext } from './main-context.ts';
import { findContext, type NamedContexts, parseNamedContexts } from './named-contexts.ts';
import type { BuildOptions } from './options.ts';
import { createOrigins } from './origins.ts';
import { writeOutputs } from './outputs.ts';
import { compressionRecipe } from './recipe.ts';
import type { BuildResult } from './result.ts';
import { openSession, type Session } from './session.ts';
import { runStage } from './stage-runner.ts';
import type { StageServices } from './stage-services.ts';
import { type BuiltStage, buildStages, type OtherStages } from './stages.ts';
import { createStepCache, type StepCache } from './step-cache.ts';
import { createStepIds } from './step-info.ts';
import { type BuildInputs, createBuildInputs } from './unchanged/build-inputs.ts';
import { producedFiles } from './unchanged/produced-files.ts';

/**
 * Builds the image of a Dockerfile and keeps it in the local store, under its tags, and in every output.
 *
 * @throws ParseError, PlanError for what stands in the Dockerfile; StepError for a step that fails; ContextError,
 * RegistryError, ContentError, LayerError, HostError for what it is made from and where it goes; OptionError for
 * options that contradict each other; the reason of `options.signal` when that aborts
 *
 * @example
 * ```ts
 * const result = await build({ context: '.', tags: ['acme/app:1'], outputs: [ociLayout('dist/image')] });
 * console.log(result.image.descriptor.digest);
 * ```
 */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  const control = createControl(options);
  try {
    control.signal.throwIfAborted();
    const result = await carryOut(options, control);
    if (result.executed > 0) await collectCache(options);
    return result;
  } catch (error) {
    throw control.signal.aborted ? control.signal.reason : error;
  }
}

/** Loaded only after a build that made something. */
async function collectCache({ cacheDir, cacheMaxSize }: BuildOptions): Promise<void> {
  const { collect } = await import('./care/collect.ts');
  await collect({ cacheDir: resolve(cacheDir ?? defaultCacheDir()), maxSize: cacheMaxSize });
}

async function carryOut(options: BuildOptions, caller: BuildControl): Promise<BuildResult> {
  const startedMs = performance.now();
  const settings = resolveSettings(options);
  const inputs = createBuildInputs(options, settings);
  const control = { ...caller, inputs, emit: teeing(caller, inputs) };
  const names = (options.tags ?? []).map((tag) => formatReference(normalizeReference(tag)));
  const contexts = parseNamedContexts(options.buildContexts ?? {}, settings.platform);
  await using session = openSession(options, settings, control);
  const context = await openMainContext(session);
  const { dockerfile, ignore } = await openDockerfile(session, context);
  const hasContext = (name: string): boolean => findContext(contexts, name) !== undefined;
  const lint = createLint(dockerfile.parsed, { ...settings, ignore, hasContext, emit: control.emit });
  const graph = plan(dockerfile.parsed, { options, settings, contexts, lint });
  lint.checkText(graph);
  const cache = createStepCache(session, () => createdNow(settings, session.now));
  const services = createServices(session, { graph, context, contexts, cache, lint, ignore: ignore?.matcher });
  const buildStage = (index: number, others: OtherStages) => runStage(services, stageOf(graph, index), others);
  const stage = await buildStages({ graph, buildStage, onFailure: session.fail });
  lint.assertKept();
  const image = await writeImage(session, stage);
  await session.names.set(names, image.descriptor);
  const outputs = await writeOutputs(session, { image, names });
  const recipe = await compressionRecipe(settings.compression);
  const result = { image, names, outputs, recipe, ...cache.counts() };
  inputs.save(result, () => producedFiles(image, options.outputs ?? [], session.store));
  session.emit({ type: 'done', image: image.descriptor, durationMs: performance.now() - startedMs });
  session.signal.throwIfAborted();
  return result;
}

function teeing({ emit }: BuildControl, inputs: BuildInputs): BuildControl['emit'] {
  return (event) => {
    inputs.event(event);
    emit(event);
  };
}

function stageOf({ stages }: BuildGraph, index: number): Stage {
  const stage = stages[index];
  assert(stage !== undefined, `no stage ${index}`);
  return stage;
}

interface PlanRequest {
  readonly options: BuildOptions;
  readonly settings: Settings;
  readonly contexts: NamedContexts;
  readonly lint: Lint;
}

function plan(dockerfile: Dockerfile, { options, settings, contexts, lint }: PlanRequest): BuildGraph {
  const { buildArgs, ignoreSyntax, platform, buildPlatform } = settings;
  return planBuild(dockerfile, {
    buildArgs,
    ignoreSyntax,
    platform,
    buildPlatform,
    hasContext: (name) => findContext(contexts, name) !== undefined,
    ...(options.target !== undefined && { target: options.target }),
    onWarning: lint.warn,
  });
}

interface ServiceParts {
  readonly graph: BuildGraph;
  readonly context: MainContext;
  readonly contexts: NamedContexts;
  readonly cache: StepCache;
  readonly lint: Lint;
  readonly ignore: IgnoreMatcher | undefined;
}

function createServices(session: Session, parts: ServiceParts): StageServices {
  const { graph, context, contexts, cache, lint, ignore } = parts;
  const { options, settings } = session;
  const images = createBaseImages(session);
  const emptyStack = new LayerStack(session.library);
  const epoch = settings.sourceDateEpoch;
  return {
    session,
    graph,
    images,
    cache,
    origins: createOrigins({ session, context, ignore, contexts, images, emptyStack }),
    nextStepId: createStepIds(),
    evaluation: {
      buildArgs: settings.buildArgs,
      network: options.network ?? 'default',
      allow: options.allow ?? [],
      timestamps: settings.timestamps,
      hasContext: (name) => findContext(contexts, name) !== undefined,
      ...(epoch !== undefined && { sourceDateEpoch: String(epoch) }),
    },
    onWarning: lint.warn,
  };
}

/** The final configuration (reference, sections 14 and 18) and its manifest. */
async function writeImage(session: Session, { config, stack }: BuiltStage): Promise<Image> {
  const { options, settings, store } = session;
  const labelled = applyLabels(config, options.labels ?? {});
  const placed = settings.platformGiven ? withPlatform(labelled, settings.platform) : labelled;
  const created = config.history?.at(-1)?.created ?? createdNow(settings, session.now);
  return await assembleImage({ config: { ...placed, created }, layers: stack.layers(), store });
}
