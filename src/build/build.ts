import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { isBuilderError } from '../core/errors.ts';
import type { Descriptor } from '../core/image.ts';
import { MediaType } from '../core/media-types.ts';
import type { Platform } from '../core/platform.ts';
import type { BlobPaths } from '../core/ports.ts';
import { formatReference } from '../core/reference.ts';
import { allAtRest } from '../io/at-rest.ts';
import { defaultCacheDir } from '../io/host.ts';
import { formatIndex } from '../oci/image/manifest.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import { isBuilderSwitchOn } from '../plan/build-args.ts';
import { bytesOf } from '../store/read.ts';
import { annotationsFor } from './annotations.ts';
import { createBaseImages } from './base-images.ts';
import { type BuiltImage, buildPlatform, forPlatform } from './build-platform.ts';
import { type BuildControl, createControl } from './control.ts';
import { resolveSettings, type Settings } from './defaults.ts';
import type { BuildEvent } from './events.ts';
import { createLint } from './lint.ts';
import { openDockerfile } from './load-dockerfile.ts';
import { firstError } from './located-error.ts';
import { openMainContext } from './main-context.ts';
import { contextLookup, parseNamedContexts } from './named-contexts.ts';
import { refuseMissingPaths } from './named-paths.ts';
import { refuseUnfitOptions } from './option-kinds.ts';
import type { BuildOptions } from './options.ts';
import { writeOutputs } from './outputs.ts';
import { tellingOfLock } from './project/pinned-images.ts';
import { compressionRecipe } from './recipe.ts';
import type { BuildResult } from './result.ts';
import { openSession, type Session } from './session.ts';
import { cacheWarning } from './shared/failure.ts';
import { createLostSteps, type LostSteps } from './shared/lost-steps.ts';
import { refuseBadKeys } from './ssh/agent-socket.ts';
import { createStepIds } from './step-info.ts';
import { type BuildInputs, createBuildInputs } from './unchanged/build-inputs.ts';
import { producedFiles } from './unchanged/produced-files.ts';

/**
 * Builds the image of a Dockerfile and keeps it in the local store, under its tags, and in every output.
 *
 * @throws ParseError, PlanError for what stands in the Dockerfile; StepError for a step that fails; ContextError,
 * RegistryError, ContentError, LayerError, HostError for what it is made from and where it goes; OptionError for
 * options that are unknown, unfit or contradict each other; the reason of `options.signal` when that aborts
 *
 * @example
 * ```ts
 * const result = await build({ context: '.', tags: ['acme/app:1'], outputs: [ociLayout('dist/image')] });
 * console.log(result.image.descriptor.digest);
 * ```
 */
export async function build(options: BuildOptions = {}): Promise<BuildResult> {
  refuseUnfitOptions(options);
  const lostSteps = createLostSteps();
  const emit = tellingOnce(options);
  for (let lost = 0; ; lost = lostSteps.count) {
    const control = createControl({ ...options, onEvent: emit });
    try {
      control.signal.throwIfAborted();
      const result = await carryOut(options, control, lostSteps);
      if (result.executed > 0) await collectCache(options);
      return result;
    } catch (thrown) {
      const error: unknown = control.signal.aborted ? control.signal.reason : firstError(thrown);
      const isLost = lostSteps.count > lost && options.signal?.aborted !== true;
      if (!isLost || !isBuilderError(error)) throw error;
      emit(cacheWarning(error, 'what it had is made here'));
    }
  }
}

/** What was said of a build is not said again when it is begun anew. */
function tellingOnce({ onEvent }: BuildOptions): (event: BuildEvent) => void {
  const told = new Set<string>();
  return (event) => {
    const text = event.type === 'warning' ? JSON.stringify(event) : '';
    if (text !== '' && told.has(text)) return;
    told.add(text);
    onEvent?.(event);
  };
}

/** Loaded only after a build that made something. */
async function collectCache({ cacheDir, cacheMaxSize }: BuildOptions): Promise<void> {
  const { collect } = await import('./care/collect.ts');
  await collect({ cacheDir: resolve(cacheDir ?? defaultCacheDir()), maxSize: cacheMaxSize });
}

async function carryOut(given: BuildOptions, caller: BuildControl, lostSteps: LostSteps): Promise<BuildResult> {
  const options = withInlineCache(given);
  const settings = resolveSettings(options);
  refuseMissingPaths(options);
  for (const access of options.ssh ?? []) refuseBadKeys(access);
  const inputs = createBuildInputs(options, settings);
  const control = { ...caller, inputs, lostSteps, emit: teeing(caller, inputs) };
  const { result, store } = await buildInSession(options, settings, control);
  // Only now: where nothing has changed, nobody takes away what a build left that was killed.
  inputs.save(result, () => producedFiles(result.image, options.outputs ?? [], store));
  return result;
}

async function buildInSession(
  options: BuildOptions,
  settings: Settings,
  control: Parameters<typeof openSession>[2],
): Promise<{ readonly result: BuildResult; readonly store: BlobPaths }> {
  const startedMs = performance.now();
  const names = (options.tags ?? []).map((tag) => formatReference(normalizeReference(tag)));
  await using session = openSession(options, settings, control);
  const built = await buildPlatforms(session);
  session.releaseHost();
  const [first] = built;
  assert(first !== undefined, 'a build has a platform');
  const index = settings.isIndex ? await writeIndex(session, built) : undefined;
  const descriptor = index ?? first.image.descriptor;
  await session.names.set(names, descriptor);
  const outputs = await writeOutputs(session, { built, descriptor, names });
  await session.shared()?.finish(built.flatMap(({ image }) => image.layers));
  const recipe = await compressionRecipe(settings.compression);
  const sum = (key: 'cached' | 'executed'): number => built.reduce((total, each) => total + each[key], 0);
  const result = {
    image: first.image,
    images: built.map(({ image }) => image),
    ...(index !== undefined && { index }),
    names,
    outputs,
    recipe,
    cached: sum('cached'),
    executed: sum('executed'),
  };
  session.emit({ type: 'done', image: descriptor, durationMs: performance.now() - startedMs });
  session.signal.throwIfAborted();
  return { result, store: session.store };
}

/** Builds for every platform at the same time; steps that are equal are carried out once. */
async function buildPlatforms(opened: Session): Promise<BuiltImage[]> {
  const context = await openMainContext(opened);
  const { dockerfile, ignore, project } = await openDockerfile(opened, context);
  const session = project === undefined ? opened : withNpm(opened, project.npm);
  const { options, settings } = session;
  const images = createBaseImages(session);
  const shared = {
    dockerfile: dockerfile.parsed,
    context,
    ignore: ignore?.matcher,
    images: project?.pinned === undefined ? images : tellingOfLock(images, project.pinned),
    nextStepId: createStepIds(),
    running: new Map(),
  };
  const isOne = settings.platforms.length === 1;
  const build = async (platform: Platform, at: number): Promise<BuiltImage> => {
    const own = isOne ? session : forPlatform(session, platform);
    const contexts = parseNamedContexts(options.buildContexts ?? {}, platform);
    const lookupContext = contextLookup(contexts);
    // What is to be said of the Dockerfile is said once.
    const emit = at === 0 ? session.emit : () => undefined;
    const lint = createLint(dockerfile.parsed, { ...own.settings, ignore, lookupContext, emit });
    const built = await buildPlatform({ ...shared, session: own, lint });
    lint.assertKept();
    return built;
  };
  const failing = (work: Promise<BuiltImage>): Promise<BuiltImage> => {
    work.catch(session.fail);
    return work;
  };
  return await allAtRest(settings.platforms.map((platform, at) => failing(build(platform, at))));
}

/** A project without a Dockerfile has other defaults. */
function withNpm(session: Session, npm: Settings['npm']): Session {
  return { ...session, settings: { ...session.settings, npm } };
}

/** An index of the images, in the order in which their platforms were asked for (reference, section 19). */
async function writeIndex({ options, store }: Session, built: readonly BuiltImage[]): Promise<Descriptor> {
  const { annotations = [] } = options;
  const manifests = built.map(({ image, platform }) => {
    const own = annotationsFor(annotations, 'manifest-descriptor', platform);
    return { ...image.descriptor, platform, ...(own !== undefined && { annotations: own }) };
  });
  const written = await store.write(bytesOf(formatIndex(manifests, annotationsFor(annotations, 'index'))));
  return { mediaType: MediaType.ociIndex, ...written };
}

/** The configuration of the image carries the cache when a build argument wants it (reference, section 7). */
function withInlineCache(options: BuildOptions): BuildOptions {
  if (!isBuilderSwitchOn(options.buildArgs ?? {}, 'BUILDKIT_INLINE_CACHE')) return options;
  return { ...options, cacheTo: [...(options.cacheTo ?? []), { type: 'inline' }] };
}

function teeing({ emit }: BuildControl, inputs: BuildInputs): BuildControl['emit'] {
  return (event) => {
    inputs.event(event);
    emit(event);
  };
}
