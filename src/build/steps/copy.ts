import type { Ingredient } from '../../cache/frame.ts';
import type { TextList } from '../../cache/text-list.ts';
import { FileDigests } from '../../context/file-digests.ts';
import type { KnownDigests } from '../../context/hash-files.ts';
import type { DiffId, DigestsByPath } from '../../core/digest.ts';
import type { IndexedLayer } from '../../core/image.ts';
import { FIXED_TIME } from '../../core/time.ts';
import type { PackEntry, WhiteoutEntry } from '../../core/toc.ts';
import { allAtRest } from '../../io/at-rest.ts';
import { type PackOptions, packLayer } from '../../layers/pack.ts';
import type { AddStep, CopyStep } from '../../plan/step.ts';
import { lookupChown, type Owner, parseNumericChown } from '../../rootfs/accounts.ts';
import type { ResolvedStep } from '../cacheable-step.ts';
import { sourceKeyFields, targetKeyFields } from '../copy/key-fields.ts';
import type { CopyPlan, SelectedSource, SourceRequest } from '../copy/request.ts';
import { resolveCopy } from '../copy/resolve-copy.ts';
import { selectSources } from '../copy/select-sources.ts';
import { gatherContents, type OpenLayer } from '../layer-contents.ts';
import type { Origin } from '../origins.ts';
import type { ResolvedSource } from '../remote/remote-sources.ts';
import type { StepLayer } from '../step-result.ts';
import { contentDigest, hashContents } from '../tree-digest.ts';
import { accountTexts, layerWith } from '../tree-files.ts';
import { type Archives, findArchives } from './archives.ts';
import { belowIngredient, packOptions, type StepContext, timesIngredient } from './context.ts';
import { packContext } from './pack-context.ts';

const NO_ARCHIVES: Archives = {
  entries: new Map(),
  open: () => {
    throw new TypeError('no archive was unpacked');
  },
};

/** COPY: files of the context, a stage or an image straight into a layer (reference, section 11). */
export async function runCopy(step: CopyStep, context: StepContext): Promise<StepLayer> {
  const origin = await context.openOrigin(step.from);
  return await layerOf({ step, context, origin, remotes: new Map(), parents: step.parents, unpack: false });
}

/** ADD: as COPY, but archives are unpacked, and addresses are fetched (reference, sections 11 and 12). */
export async function runAdd(step: AddStep, context: StepContext): Promise<StepLayer> {
  const remotes = await resolveRemotes(step, context);
  const origin = await context.openOrigin({ kind: 'context' });
  return await layerOf({ step, context, origin, remotes, parents: false, unpack: step.unpack ?? 'local' });
}

type ResolvedSources = ReadonlyMap<string, ResolvedSource>;

async function resolveRemotes({ remotes }: AddStep, { session }: StepContext): Promise<ResolvedSources> {
  const resolving = [...remotes].map(
    async ([text, source]) => [text, await session.remotes().resolve(source)] as const,
  );
  return new Map(await allAtRest(resolving));
}

interface CopyJob {
  readonly step: CopyStep | AddStep;
  readonly context: StepContext;
  readonly origin: Origin;
  /** Sources that are not in `origin`. */
  readonly remotes: ResolvedSources;
  readonly parents: boolean;
  /** Whether archives are unpacked: those of the context only, also fetched ones, or none. */
  readonly unpack: boolean | 'local';
}

async function layerOf(job: CopyJob): Promise<StepLayer> {
  const { context } = job;
  if (isKnownByKeys(job)) return await layerFrom(job);
  const selected = await selectFiles(job);
  const first = job.unpack ? undefined : await firstLayer(job, selected);
  // Not awaited here, where what was selected would stay: it is as large as the context, and packing needs none of it.
  return first ?? layerFrom(job, await withFields(context, selected));
}

/** Files of a stage are known by its layers, commits by their name; a directory must be looked at in any case. */
function isKnownByKeys({ step, origin, remotes }: CopyJob): boolean {
  return origin.stack !== undefined || step.sources.every((source) => remotes.has(source));
}

function layerFrom(job: CopyJob, sources?: Sources): Promise<StepLayer> {
  const { step, context } = job;
  let known = sources;
  return context.cache.layerFor({
    info: context.info,
    recipe: recipeOf(step),
    definition: definitionOf(job, sources?.fields ?? []),
    ...(sources !== undefined && !job.unpack && { shape: shapeOf(job) }),
    async resolve() {
      const found = known ?? (await withFields(context, await selectFiles(job)));
      known = undefined;
      return await resolve(job, found);
    },
  });
}

/** Packs files that nobody has hashed yet: they are hashed on the way, so that each is read once. */
async function firstLayer(job: CopyJob, selected: Selected): Promise<StepLayer | undefined> {
  const { context, step } = job;
  return await context.cache.firstLayer({
    info: context.info,
    recipe: recipeOf(step),
    shape: shapeOf(job),
    async make() {
      const { layer, goal, known } = await packFirst(job, selected);
      const { fields } = await withFields(context, selected, known);
      return { layer, definition: definitionOf(job, fields), ingredients: ingredientsOf(job, goal, fields) };
    },
  });
}

interface FirstPacked {
  readonly layer: IndexedLayer;
  readonly goal: CopyGoal;
  readonly known: KnownDigests;
}

/** The plan, which is as large as the context, is not needed any more afterwards. */
async function packFirst(job: CopyJob, selected: Selected): Promise<FirstPacked> {
  const { entries, whiteouts, ...goal } = await planCopy(job, selected, NO_ARCHIVES);
  const readAtMs = Date.now();
  const digests = new FileDigests();
  const onRead: PackOptions['onRead'] = ({ source }, digest) => {
    if (source?.kind === 'path') digests.add(source.path, digest);
  };
  const layer = await pack(job, { entries, whiteouts, archives: NO_ARCHIVES, onRead });
  return { layer, goal, known: { digests, readAtMs } };
}

function recipeOf({ kind }: CopyStep | AddStep): string {
  return `${kind} 1`;
}

interface Selected {
  readonly request: SourceRequest;
  readonly selection: readonly SelectedSource[];
}

interface Sources extends Selected {
  /** Their part of the key. */
  readonly fields: TextList;
  /** By path on this machine. */
  readonly digests: DigestsByPath;
}

async function selectFiles({ step, context, origin, remotes, parents }: CopyJob): Promise<Selected> {
  const { sources, inlineFiles, exclude } = step;
  const fetching = [...remotes].map(async ([text, source]) => [text, await source.open()] as const);
  const request: SourceRequest = {
    source: await origin.tree(),
    sources,
    fetched: new Map(await allAtRest(fetching)),
    inlineFiles,
    exclude,
    parents,
    time: { mtime: madeAt(context) },
    isIgnored: origin.isIgnored,
  };
  return { request, selection: selectSources(request) };
}

async function withFields({ session }: StepContext, selected: Selected, known?: KnownDigests): Promise<Sources> {
  const { selection } = selected;
  const nodes = selection.flatMap(({ paths }) => paths.map(({ node }) => node));
  const digests = await hashContents(session, nodes, known);
  const fields = sourceKeyFields(selection, (node) => contentDigest(node, digests));
  return { ...selected, fields, digests };
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

function definitionOf(job: CopyJob, files: readonly string[] | TextList): Ingredient[] {
  return [...shapeOf(job), belowIngredient(job.context.stack), { name: 'files', value: files }];
}

/** The instruction and where its files come from. */
function shapeOf(job: CopyJob): Ingredient[] {
  const { step, origin } = job;
  const inline = step.inlineFiles.map(({ name, content }) => JSON.stringify([name, content]));
  return [
    ...optionIngredients(job),
    { name: 'chown', value: step.chown ?? '' },
    { name: 'unpack', value: String(job.unpack) },
    { name: 'remotes', value: [...job.remotes.values()].map(({ key }) => key) },
    { name: 'from', value: origin.stack === undefined ? 'directory' : (origin.stack.chainId ?? 'scratch') },
    { name: 'paths', value: step.sources },
    { name: 'exclude', value: step.exclude },
    { name: 'inline', value: inline },
  ];
}

async function resolve(job: CopyJob, sources: Sources): Promise<ResolvedStep> {
  const { unpack } = job;
  const { limits } = job.context.session.settings;
  const archives = unpack ? await findArchives(sources, { unpackFetched: unpack === true, limits }) : NO_ARCHIVES;
  const planned = await planCopy(job, sources, archives);
  return {
    ingredients: ingredientsOf(job, planned, sources.fields),
    make: (earlier) => {
      const { entries, whiteouts } = planned;
      return pack(job, { entries, whiteouts, archives, earlier });
    },
  };
}

/** What of a plan is in the key, beside its sources. */
interface CopyGoal extends Pick<CopyPlan, 'target' | 'unpacks'> {
  readonly chown: Owner | undefined;
}

type Planned = CopyGoal & Pick<CopyPlan, 'entries' | 'whiteouts'>;

async function planCopy(job: CopyJob, selected: Selected & Partial<Sources>, archives: Archives): Promise<Planned> {
  const { request, selection, digests } = selected;
  const { step, context } = job;
  const chown = await ownerOf(step, context);
  const destination = await context.stack.tree();
  const { destination: to, chmod, link } = step;
  const { entries } = archives;
  const placed = { ...request, destination, to, chown, chmod, link, archives: entries, digests };
  const { target, unpacks, entries: packed, whiteouts } = resolveCopy(placed, selection);
  return { target, unpacks, chown, entries: packed, whiteouts };
}

/** Reference, section 16: the operation, what is copied, and what of the stage below the result goes through. */
function ingredientsOf(job: CopyJob, { target, unpacks, chown }: CopyGoal, fields: TextList): Ingredient[] {
  return [
    ...optionIngredients(job),
    { name: 'chown', value: chown === undefined ? '' : `${chown.uid}:${chown.gid}` },
    { name: 'unpacked over', value: unpacks ? (job.context.stack.chainId ?? 'scratch') : '' },
    { name: 'sources', value: fields },
    ...timesOf(job),
    { name: 'target', value: targetKeyFields(target) },
  ];
}

/** Times of downloads, which come from outside, count where times are kept (reference, section 12). */
function timesOf({ remotes }: CopyJob): Ingredient[] {
  const times = [...remotes.values()].flatMap(({ modified }) => modified ?? []);
  return times.length === 0 ? [] : [{ name: 'modified', value: times.map(String) }];
}

/** Numbers need no files; names are those of the stage that is copied into. */
async function ownerOf({ chown, link, chmod }: CopyStep | AddStep, context: StepContext): Promise<Owner | undefined> {
  if (chown === undefined) return undefined;
  if (link && chmod === undefined) return parseNumericChown(chown);
  return lookupChown(await accountTexts(context.session, context.stack), chown);
}

interface PackRequest {
  readonly entries: Iterable<PackEntry>;
  readonly whiteouts: readonly WhiteoutEntry[];
  readonly archives: Archives;
  /** Layer from which what did not change can be taken. */
  readonly earlier?: DiffId | undefined;
  readonly onRead?: PackOptions['onRead'];
}

async function pack({ context, origin }: CopyJob, request: PackRequest): Promise<IndexedLayer> {
  const { entries, whiteouts, archives, earlier, onRead } = request;
  const { session } = context;
  session.statCache.save();
  const open: OpenLayer = (diffId) =>
    origin.stack === undefined ? archives.open(diffId) : session.library.uncompressed(layerWith(origin.stack, diffId));
  const readLayerContent = await gatherContents(session, mayLieInLayers(origin, archives) ? entries : [], open);
  const blocks = earlier && (await session.library.earlierBlocks(earlier));
  try {
    const options = { ...packOptions(session), readLayerContent, earlier: blocks, onRead };
    const packing = (): Promise<IndexedLayer> =>
      packLayer(whiteouts.length === 0 ? entries : [...entries, ...whiteouts], session.store, options);
    return await (origin.stack === undefined ? packContext(packing) : packing());
  } finally {
    blocks?.close();
  }
}

/** Whether contents must be read out of layers or archives. */
function mayLieInLayers({ stack }: Origin, archives: Archives): boolean {
  return stack !== undefined || archives.entries.size > 0;
}
