import type { Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import type { Tree } from '../../core/tree.ts';
import { allAtRest } from '../../io/at-rest.ts';
import type { FileOrigin, RunMount } from '../../plan/step.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { SandboxHost } from '../../rootfs/sandbox-host.ts';
import { mountFilesRemark } from '../explain/compare-mounts.ts';
import type { Origin } from '../origins.ts';
import { prepareLayers } from '../snapshots.ts';
import { digestTree, walkTree } from '../tree-digest.ts';
import type { StepContext } from './context.ts';
import { unpackContext } from './context-mount.ts';
import {
  keptMount,
  type MountOf,
  type MountServices,
  type OwnMount,
  type RealisableMount,
  type RealisedMounts,
  realiseAll,
  realiseCache,
  realiseOwn,
} from './own-mounts.ts';
import { mountIngredient } from './run-key.ts';

/** The mounts of a RUN, looked up: what they add to its key, and how they are made when it really runs. */
export interface PreparedMounts {
  /** Where their files come from, when that is less work to know than what is in them. */
  readonly definition: readonly Ingredient[] | undefined;
  ingredients(): Promise<readonly Ingredient[]>;
  /** The files behind the ingredients, when those were asked for. */
  remarks(): readonly Ingredient[];
  realise(host: SandboxHost): Promise<RealisedMounts>;
}

interface PreparedMount extends RealisableMount {
  readonly definition?: Ingredient;
  ingredient(): Promise<Ingredient>;
  remark?(): Ingredient | undefined;
}

export async function prepareMounts(mounts: readonly RunMount[], context: StepContext): Promise<PreparedMounts> {
  const prepared = await allAtRest(mounts.map((mount) => prepareMount(mount, context)));
  const ingredients = (): Promise<Ingredient[]> => allAtRest(prepared.map((mount) => mount.ingredient()));
  return {
    definition: await definitionOf(prepared),
    ingredients,
    remarks: () => prepared.flatMap((mount) => mount.remark?.() ?? []),
    realise: (host) => realiseAll(prepared, host),
  };
}

async function definitionOf(prepared: readonly PreparedMount[]): Promise<readonly Ingredient[] | undefined> {
  if (prepared.every(({ definition }) => definition === undefined)) return undefined;
  return await allAtRest(prepared.map(async (mount) => mount.definition ?? (await mount.ingredient())));
}

async function prepareMount(mount: RunMount, context: StepContext): Promise<PreparedMount> {
  switch (mount.type) {
    case 'bind':
      return await prepareBind(mount, context);
    case 'cache':
      return mount.from === undefined ? prepareOwn(mount, context.session) : await prepareFilledCache(mount, context);
    default:
      return prepareOwn(mount, context.session);
  }
}

/** The mount with what it adds to keys: its options, since it shows no files. */
function prepareOwn(mount: OwnMount, services: MountServices): PreparedMount {
  return {
    ingredient: async () => mountIngredient(mount),
    realise: async (host) => ({ ...(await realiseOwn(mount, host, services)), kept: keptMount(mount) }),
  };
}

/** Files that a mount shows or begins with: they count by their content (reference, section 16). */
interface MountFiles {
  readonly origin: Origin;
  /** Where the mount's source leads, links followed; the mount shows exactly that path. */
  path(): Promise<string>;
}

async function openFiles(from: FileOrigin, source: string, context: StepContext): Promise<MountFiles> {
  const origin = await context.openOrigin(from);
  return { origin, path: async () => selectedPath(await origin.tree(), source) };
}

function selectedPath(tree: Tree, source: string): string {
  const path = resolvePath(tree, source);
  if (path !== undefined && tree.lookup(path) !== undefined) return path;
  throw new StepError('STEP_MOUNT_SOURCE_NOT_FOUND', `mount source ${JSON.stringify(source)} does not exist`, {
    hint: 'check the path (it is relative to the root of the context, stage or image) and the ignore file',
  });
}

/** What a mount with files adds to keys. */
function keysOf(
  mount: MountOf<'bind' | 'cache'>,
  files: MountFiles,
  { session }: StepContext,
): Pick<PreparedMount, 'definition' | 'ingredient' | 'remark'> {
  const { stack } = files.origin;
  const place = stack && JSON.stringify([stack.chainId ?? 'scratch', mount.source]);
  let shown: readonly string[] | undefined;
  return {
    ...(place !== undefined && { definition: mountIngredient(mount, place) }),
    async ingredient() {
      const items = walkTree(await files.origin.tree(), await files.path());
      const { digest, fields } = await digestTree(session, [...items]);
      shown = fields;
      return mountIngredient(mount, digest);
    },
    remark: () => shown && mountFilesRemark(mount.type === 'cache' ? mount.id : mount.target, shown),
  };
}

async function prepareBind(mount: MountOf<'bind'>, context: StepContext): Promise<PreparedMount> {
  const { target, readOnly, from, source } = mount;
  const files = await openFiles(from, source, context);
  return {
    ...keysOf(mount, files, context),
    async realise(host) {
      const request = { kind: 'snapshot', target, readOnly, ...(await layersOf(files, { host, context })) } as const;
      return { mount: request, kept: { request } };
    },
  };
}

interface Surroundings {
  readonly host: SandboxHost;
  readonly context: StepContext;
}

async function layersOf(
  { origin, path }: MountFiles,
  { host, context }: Surroundings,
): Promise<{ readonly layerIds: readonly string[]; readonly source: string }> {
  const source = `/${await path()}`;
  if (origin.stack !== undefined) {
    return { layerIds: await prepareLayers(context.session, host, origin.stack), source };
  }
  const shown = { tree: await origin.tree(), path: await path() };
  return { layerIds: [await unpackContext(context.session, host, shown)], source };
}

/** A cache mount that begins with files. */
async function prepareFilledCache(mount: MountOf<'cache'>, context: StepContext): Promise<PreparedMount> {
  const { from = { kind: 'scratch' }, source } = mount;
  const files = await openFiles(from, source, context);
  return {
    ...keysOf(mount, files, context),
    async realise(host) {
      const initial = await layersOf(files, { host, context });
      const { from: _from, ...own } = mount;
      return { ...(await realiseCache(mount, host, { ...context.session, initial })), kept: { mount: own } };
    },
  };
}
