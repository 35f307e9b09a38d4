import type { Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import type { IndexedLayer } from '../../core/image.ts';
import { FIXED_TIME } from '../../core/time.ts';
import { packLayer } from '../../layers/pack.ts';
import type { AddStep, CopyStep } from '../../plan/step.ts';
import { lookupChown, type Owner, parseNumericChown } from '../../rootfs/accounts.ts';
import { copyKeyFields } from '../copy/key-fields.ts';
import type { CopyPlan, CopyRequest, SelectedSource } from '../copy/request.ts';
import { resolveCopy } from '../copy/resolve-copy.ts';
import { selectSources } from '../copy/select-sources.ts';
import { gatherContents, type OpenLayer } from '../layer-contents.ts';
import type { Origin } from '../origins.ts';
import type { StepLayer } from '../step-cache.ts';
import { hashContents } from '../tree-digest.ts';
import { accountTexts, layerWith } from '../tree-files.ts';
import { type Archives, findArchives } from './archives.ts';
import { packOptions, type StepContext, timesIngredient } from './context.ts';

const NO_ARCHIVES: Archives = {
  entries: new Map(),
  open: () => {
    throw new TypeError('no archive was unpacked');
  },
};

/** COPY: files of the context, a stage or an image straight into a layer (reference, section 11). */
export async function runCopy(step: CopyStep, context: StepContext): Promise<StepLayer> {
  const origin = await context.openOrigin(step.from);
  const request = await copyRequest(step, context, { origin, parents: step.parents });
  const selection = selectSources(request);
  return await layerOf({ step, context, origin, request, selection, archives: NO_ARCHIVES });
}

/** ADD of local files: as COPY, but archives are unpacked (reference, section 11). */
export async function runAdd(step: AddStep, context: StepContext): Promise<StepLayer> {
  refuseRemote(step);
  const origin = await context.openOrigin({ kind: 'context' });
  const request = await copyRequest(step, context, { origin, parents: false });
  const selection = selectSources(request);
  const archives = step.unpack === false ? NO_ARCHIVES : await findArchives(selection);
  const unpacking = { ...request, archives: archives.entries };
  return await layerOf({ step, context, origin, request: unpacking, selection, archives });
}

function refuseRemote({ sources, checksum }: AddStep): void {
  const remote = sources.find((source) => /^(https?|git|ssh):\/\/|^[^/]+@[^/]+:/i.test(source));
  if (remote === undefined && checksum === undefined) return;
  throw new StepError('STEP_ADD_REMOTE_UNSUPPORTED', `ADD ${remote ?? '--checksum'}: lamella cannot add URLs yet`, {
    hint: 'download it before the build and COPY it, or fetch it in a RUN',
  });
}

interface Sources {
  readonly origin: Origin;
  readonly parents: boolean;
}

async function copyRequest(
  step: CopyStep | AddStep,
  context: StepContext,
  { origin, parents }: Sources,
): Promise<CopyRequest> {
  const { sources, inlineFiles, destination: to, chmod, exclude, link } = step;
  return {
    source: origin.tree,
    destination: await context.stack.tree(),
    sources,
    inlineFiles,
    to,
    chown: await ownerOf(step, context),
    chmod,
    exclude,
    parents,
    link,
    time: { mtime: madeAt(context) },
    isIgnored: origin.isIgnored,
  };
}

/** Numbers need no files; names are those of the stage that is copied into. */
async function ownerOf({ chown, link, chmod }: CopyStep | AddStep, context: StepContext): Promise<Owner | undefined> {
  if (chown === undefined) return undefined;
  if (link && chmod === undefined) return parseNumericChown(chown);
  return lookupChown(await accountTexts(context.session, context.stack), chown);
}

function madeAt({ session }: StepContext): number {
  const { timestamps, sourceDateEpoch } = session.settings;
  return timestamps === 'fixed' ? FIXED_TIME : (sourceDateEpoch ?? Math.floor(session.now().getTime() / 1000));
}

interface CopyJob {
  readonly step: CopyStep | AddStep;
  readonly context: StepContext;
  readonly origin: Origin;
  readonly request: CopyRequest;
  readonly selection: readonly SelectedSource[];
  readonly archives: Archives;
}

async function layerOf(job: CopyJob): Promise<StepLayer> {
  const { context, request, selection } = job;
  const plan = resolveCopy(request, selection);
  return await context.cache.layerFor({
    info: context.info,
    recipe: `${job.step.kind} 1`,
    ingredients: await ingredientsOf(job, plan),
    make: () => pack(job, plan),
  });
}

/** Reference, section 16: the operation, what is copied, and what of the stage below the result goes through. */
async function ingredientsOf({ step, context, request, selection }: CopyJob, plan: CopyPlan): Promise<Ingredient[]> {
  const { session, stack } = context;
  const nodes = selection.flatMap(({ paths }) => paths.map(({ node }) => node));
  const digests = await hashContents(session, nodes);
  const fields = copyKeyFields(plan, (node) => digests.get(node) ?? node.digest);
  const { chown } = request;
  return [
    timesIngredient(session.settings),
    { name: 'destination', value: step.destination },
    { name: 'chown', value: chown === undefined ? '' : `${chown.uid}:${chown.gid}` },
    { name: 'chmod', value: step.chmod ?? '' },
    { name: 'link', value: String(step.link) },
    { name: 'parents', value: String(request.parents) },
    { name: 'unpacked over', value: plan.unpacks ? (stack.chainId ?? 'scratch') : '' },
    { name: 'sources', value: fields.sources },
    { name: 'target', value: fields.target },
  ];
}

async function pack({ context, origin, archives }: CopyJob, plan: CopyPlan): Promise<IndexedLayer> {
  const { session } = context;
  const open: OpenLayer = (diffId) =>
    origin.stack === undefined ? archives.open(diffId) : session.library.uncompressed(layerWith(origin.stack, diffId));
  const readLayerContent = await gatherContents(session, plan.entries, open);
  return await packLayer(plan.entries, session.store, { ...packOptions(session), readLayerContent });
}
