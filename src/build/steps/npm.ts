import type { CacheKey } from '../../cache/cache-key.ts';
import { frameKey, type Ingredient } from '../../cache/frame.ts';
import type { IndexedLayer } from '../../core/image.ts';
import { joinPath, treePath } from '../../core/paths.ts';
import { formatPlatform } from '../../core/platform.ts';
import { packLayer } from '../../layers/pack.ts';
import { type NpmCommand, readNpmCommand } from '../../npm/command.ts';
import { layerFields, packagesOf, readLayer } from '../../npm/installation.ts';
import type { RunStep } from '../../plan/step.ts';
import type { ResolvedStep } from '../cacheable-step.ts';
import { NPM_CLAIM } from '../care/fetched-items.ts';
import { createGitPackages } from '../npm/git-packages.ts';
import { openPackages } from '../npm/obtain.ts';
import { createNpmPlans, type NpmLayerPlan, type NpmPlan, type Refusal } from '../npm/plans.ts';
import { prepareInstallation, type StageInstallation } from '../npm/stage-install.ts';
import type { StepLayer } from '../step-result.ts';
import { belowIngredient, packOptions, type StepContext, timesIngredient } from './context.ts';
import { prepareMounts } from './mounts.ts';
import { runCommand } from './run.ts';

const RECIPE = 'npm 1';

/**
 * Carries out an `npm ci` or `npm install` without running it: the packages of the lockfile become layers. `undefined`
 * when the RUN is something else, when nobody asked for it, or when only npm itself makes the same; the step's log says so.
 */
export async function runInstallation(step: RunStep, context: StepContext): Promise<readonly StepLayer[] | undefined> {
  const { mode } = context.session.settings.npm;
  const reading = mode === 'native' ? readNpmCommand(step.argv) : { kind: 'other' as const };
  if (reading.kind === 'other') return undefined;
  if (reading.kind === 'impossible') return leaveToNpm(context, reading.reason);
  return await installNatively(step, reading.command, context);
}

async function installNatively(
  step: RunStep,
  command: NpmCommand,
  context: StepContext,
): Promise<readonly StepLayer[] | undefined> {
  const { session } = context;
  const definition = await definitionOf(step, context);
  await session.claims.claim(NPM_CLAIM);
  await using git = createGitPackages(session);
  const plans = createNpmPlans(session.folders.npmPlans);
  const key = frameKey(RECIPE, definition);
  let prepared: Promise<StageInstallation | Refusal> | undefined;
  const prepare = (): Promise<StageInstallation | Refusal> => {
    prepared ??= prepareInstallation(step, command, { context, git });
    return prepared;
  };
  const known = session.settings.noCache ? undefined : plans.lookup(key);
  const plan = known ?? toPlan(await prepare());
  if (known === undefined && !('passing' in plan)) plans.record(key, plan);
  if ('refused' in plan) return leaveToNpm(context, plan.refused);
  const layers = await layersOf({ plan, definition, prepare, step, context });
  return plan.scripts === undefined ? layers : [...layers, await runScripts(step, plan.scripts, { context, layers })];
}

function leaveToNpm({ session, info }: StepContext, reason: string): undefined {
  const bytes = Buffer.from(`lamella: npm runs in a container, because ${reason}\n`);
  session.emit({ type: 'log', step: info, stream: 'stderr', bytes });
  return undefined;
}

/** All that decides the result: the layers below hold the lockfile, the settings and what is there already. */
async function definitionOf(step: RunStep, context: StepContext): Promise<Ingredient[]> {
  const { session, platform, stack } = context;
  const mounts = await prepareMounts(step.mounts, context);
  const { layers, scripts, asInImage } = session.settings.npm;
  return [
    timesIngredient(session.settings),
    belowIngredient(stack),
    { name: 'platform', value: formatPlatform(platform) },
    { name: 'argv', value: step.argv },
    { name: 'env', value: step.env },
    { name: 'cwd', value: step.cwd },
    { name: 'user', value: step.user },
    { name: 'options', value: [String(layers), scripts, String(asInImage)] },
    ...(mounts.definition ?? (await mounts.ingredients())),
  ];
}

function toPlan(prepared: StageInstallation | Refusal): NpmPlan {
  if ('refused' in prepared) return prepared;
  const { installation, scripts } = prepared;
  const commands = [
    ...(scripts.packages.length === 0 ? [] : [`npm rebuild ${scripts.packages.map(({ name }) => name).join(' ')}`]),
    ...scripts.project.map((event) => `npm run ${event}`),
  ];
  return {
    layers: installation.layers.map(({ title }) => title),
    ...(commands.length > 0 && { scripts: commands.join(' && ') }),
  };
}

interface LayersRequest {
  readonly plan: NpmLayerPlan;
  readonly definition: readonly Ingredient[];
  readonly prepare: () => Promise<StageInstallation | Refusal>;
  readonly step: RunStep;
  readonly context: StepContext;
}

async function layersOf({ plan, definition, prepare, context }: LayersRequest): Promise<StepLayer[]> {
  const { cache, info, session } = context;
  const layers: StepLayer[] = [];
  for (const [index, title] of plan.layers.entries()) {
    const made = await cache.layerFor({
      info,
      part: index,
      recipe: RECIPE,
      definition: [...definition, { name: 'layer', value: String(index) }],
      resolve: async () => resolveLayer(await preparedOf(prepare), index, context),
    });
    layers.push({ ...made, ...(plan.layers.length > 1 && { part: title }) });
  }
  const last: CacheKey | undefined = layers.at(-1)?.key;
  if (last !== undefined && layers.every(({ cached }) => cached)) {
    session.emit({ type: 'step-cached', step: info, key: last });
  }
  return layers;
}

async function preparedOf(prepare: () => Promise<StageInstallation | Refusal>): Promise<StageInstallation> {
  const prepared = await prepare();
  if ('refused' in prepared) throw prepared.passing ?? new TypeError(`a plan was recorded, but: ${prepared.refused}`);
  return prepared;
}

function resolveLayer(prepared: StageInstallation, index: number, context: StepContext): ResolvedStep {
  const { installation, place } = prepared;
  const layer = installation.layers[index];
  if (layer === undefined) throw new TypeError(`no layer ${index} in the installation`);
  const emptied = index === 0 ? place.emptied : [];
  return {
    ingredients: [
      timesIngredient(context.session.settings),
      { name: 'folder', value: [place.folder, ...parentFields(place.folder, prepared)] },
      { name: 'owner', value: `${place.owner.uid}:${place.owner.gid}` },
      { name: 'emptied', value: emptied },
      { name: 'content', value: layerFields(layer, installation) },
    ],
    make: () => makeLayer(prepared, index, context),
  };
}

/** Attributes of the directories that are there and come into the layer. */
function parentFields(folder: string, { place, folders }: StageInstallation): string[] {
  const paths = folder.split('/').map((_, index, parts) => parts.slice(0, index + 1).join('/'));
  const workspaces = folders.map((at) => treePath(`${folder}/${at}`));
  const modules = [folder, ...workspaces].map((at) => treePath(`${at}/node_modules`));
  return [...paths, ...workspaces, ...modules].map((path) => JSON.stringify([path, place.existing(path) ?? null]));
}

async function makeLayer(prepared: StageInstallation, index: number, context: StepContext): Promise<IndexedLayer> {
  const { installation, project, place } = prepared;
  const { session } = context;
  const layer = installation.layers[index];
  if (layer === undefined) throw new TypeError(`no layer ${index} in the installation`);
  await using packages = await openPackages(prepared, context);
  const entries = readLayer(layer, installation, {
    place: index === 0 ? place : { ...place, emptied: [] },
    unpack: packages.queue(packagesOf(layer)).take,
    programsIn: packages.programsIn,
    hasProjectFile: (path) => project.tree.lookup(joinPath(place.folder, path)) !== undefined,
  });
  return await packLayer(entries, session.store, packOptions(session));
}

async function runScripts(
  step: RunStep,
  commands: string,
  { context, layers }: { readonly context: StepContext; readonly layers: readonly StepLayer[] },
): Promise<StepLayer> {
  const stack = layers.reduce((below, { layer }) => below.push(layer), context.stack);
  const made = await runCommand({ ...step, argv: ['/bin/sh', '-c', commands] }, { ...context, stack });
  return { ...made, part: commands };
}
