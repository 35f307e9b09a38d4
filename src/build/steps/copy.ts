import type { Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import type { IndexedLayer } from '../../core/image.ts';
import { FIXED_TIME } from '../../core/time.ts';
import { packLayer } from '../../layers/pack.ts';
import type { AddStep, CopyStep } from '../../plan/step.ts';
import { lookupChown, type Owner, parseNumericChown } from '../../rootfs/accounts.ts';
import { sourceKeyFields, targetKeyFields } from '../copy/key-fields.ts';
import type { CopyPlan, SelectedSource, SourceRequest } from '../copy/request.ts';
import { resolveCopy } from '../copy/resolve-copy.ts';
import { selectSources } from '../copy/select-sources.ts';
import { gatherContents, type OpenLayer } from '../layer-contents.ts';
import type { Origin } from '../origins.ts';
import type { ResolvedStep, StepLayer } from '../step-cache.ts';
import { hashContents } from '../tree-digest.ts';
import { accountTexts, layerWith } from '../tree-files.ts';
import { type Archives, findArchives } from './archives.ts';
import { belowIngredient, packOptions, type StepContext, timesIngredient } from './context.ts';

const NO_ARCHIVES: Archives = {
  entries: new Map(),
  open: () => {
    throw new TypeError('no archive was unpacked');
  },
};

/** COPY: files of the context, a stage or an image straight into a layer (reference, section 11). */
export async function runCopy(step: CopyStep, context: StepContext): Promise<StepLayer> {
  const origin = await context.openOrigin(step.from);
  return await layerOf({ step, context, origin, parents: step.parents, unpack: false });
}

/** ADD of local files: as COPY, but archives are unpacked (reference, section 11). */
export async function runAdd(step: AddStep, context: StepContext): Promise<StepLayer> {
  refuseRemote(step);
  const origin = await context.openOrigin({ kind: 'context' });
  return await layerOf({ step, context, origin, parents: false, unpack: step.unpack !== false });
}

function refuseRemote({ sources, checksum }: AddStep): void {
  const remote = sources.find((source) => /^(https?|git|ssh):\/\/|^[^/]+@[^/]+:/i.test(source));
  if (remote === undefined && checksum === undefined) return;
  throw new StepError('STEP_ADD_REMOTE_UNSUPPORTED', `ADD ${remote ?? '--checksum'}: lamella cannot add URLs yet`, {
    hint: 'download it before the build and COPY it, or fetch it in a RUN',
  });
}

interface CopyJob {
  readonly step: CopyStep | AddStep;
  readonly context: StepContext;
  readonly origin: Origin;
  readonly parents: boolean;
  /** Whether archives are unpacked. */
  readonly unpack: boolean;
}

async function layerOf(job: CopyJob): Promise<StepLayer> {
  const { step, context, origin } = job;
  // What a directory holds must be looked at in any case; the files of a stage are known by its layers.
  const sources = origin.stack === undefined ? await selectFiles(job) : undefined;
  return await context.cache.layerFor({
    info: context.info,
    recipe: `${step.kind} 1`,
    definition: definitionOf(job, sources),
    resolve: async () => await resolve(job, sources ?? (await selectFiles(job))),
  });
}

interface Sources {
  readonly request: SourceRequest;
  readonly selection: readonly SelectedSource[];
  /** Their part of the key. */
  readonly fields: readonly string[];
}

async function selectFiles({ step, context, origin, parents }: CopyJob): Promise<Sources> {
  const { sources, inlineFiles, exclude } = step;
  const request: SourceRequest = {
    source: await origin.tree(),
    sources,
    inlineFiles,
    exclude,
    parents,
    time: { mtime: madeAt(context) },
    isIgnored: origin.isIgnored,
  };
  const selection = selectSources(request);
  const nodes = selection.flatMap(({ paths }) => paths.map(({ node }) => node));
  const digests = await hashContents(context.session, nodes);
  return { request, selection, fields: sourceKeyFields(selection, (node) => digests.get(node) ?? node.digest) };
}

function madeAt({ session }: StepContext): number {
  const { timestamps, sourceDateEpoch } = session.settings;
  return timestamps === 'fixed' ? FIXED_TIME : (sourceDateEpoch ?? Math.floor(session.now().getTime() / 1000));
}

/** Options of the instruction, as they count in keys. */
function optionIngredients({ step, context, parents }: CopyJob): Ingredient[] {
  return [
    timesIngredient(context.session.settings),
    { name: 'destination', value: step.destination },
    { name: 'chmod', value: step.chmod ?? '' },
    { name: 'link', value: String(step.link) },
    { name: 'parents', value: String(parents) },
  ];
}

function definitionOf(job: CopyJob, sources: Sources | undefined): Ingredient[] {
  const { step, context, origin } = job;
  const inline = step.inlineFiles.map(({ name, content }) => JSON.stringify([name, content]));
  return [
    ...optionIngredients(job),
    belowIngredient(context.stack),
    { name: 'chown', value: step.chown ?? '' },
    { name: 'unpack', value: String(job.unpack) },
    { name: 'from', value: origin.stack === undefined ? 'directory' : (origin.stack.chainId ?? 'scratch') },
    { name: 'paths', value: step.sources },
    { name: 'exclude', value: step.exclude },
    { name: 'inline', value: inline },
    { name: 'files', value: sources?.fields ?? [] },
  ];
}

async function resolve(job: CopyJob, sources: Sources): Promise<ResolvedStep> {
  const { step, context, unpack } = job;
  const { selection, request } = sources;
  const archives = unpack ? await findArchives(selection) : NO_ARCHIVES;
  const chown = await ownerOf(step, context);
  const destination = await context.stack.tree();
  const { destination: to, chmod, link } = step;
  const plan = resolveCopy({ ...request, destination, to, chown, chmod, link, archives: archives.entries }, selection);
  return {
    // Reference, section 16: the operation, what is copied, and what of the stage below the result goes through.
    ingredients: [
      ...optionIngredients(job),
      { name: 'chown', value: chown === undefined ? '' : `${chown.uid}:${chown.gid}` },
      { name: 'unpacked over', value: plan.unpacks ? (context.stack.chainId ?? 'scratch') : '' },
      { name: 'sources', value: sources.fields },
      { name: 'target', value: targetKeyFields(plan.target) },
    ],
    make: () => pack(job, plan, archives),
  };
}

/** Numbers need no files; names are those of the stage that is copied into. */
async function ownerOf({ chown, link, chmod }: CopyStep | AddStep, context: StepContext): Promise<Owner | undefined> {
  if (chown === undefined) return undefined;
  if (link && chmod === undefined) return parseNumericChown(chown);
  return lookupChown(await accountTexts(context.session, context.stack), chown);
}

async function pack({ context, origin }: CopyJob, plan: CopyPlan, archives: Archives): Promise<IndexedLayer> {
  const { session } = context;
  const open: OpenLayer = (diffId) =>
    origin.stack === undefined ? archives.open(diffId) : session.library.uncompressed(layerWith(origin.stack, diffId));
  const readLayerContent = await gatherContents(session, plan.entries, open);
  return await packLayer(plan.entries, session.store, { ...packOptions(session), readLayerContent });
}
