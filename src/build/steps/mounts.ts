import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import type { Tree } from '../../core/tree.ts';
import { allAtRest } from '../../io/at-rest.ts';
import type { FileOrigin, RunMount } from '../../plan/step.ts';
import type { RunMountRequest } from '../../rootfs/host-messages.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { SandboxHost } from '../../rootfs/sandbox-host.ts';
import { mountFilesRemark } from '../explain/compare-mounts.ts';
import type { Origin } from '../origins.ts';
import { readSecret } from '../secrets.ts';
import { prepareLayers } from '../snapshots.ts';
import { openAgentSocket } from '../ssh/agent-socket.ts';
import { digestTree, walkTree } from '../tree-digest.ts';
import { openCacheMount } from './cache-mount.ts';
import type { StepContext } from './context.ts';
import { unpackContext } from './context-mount.ts';
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

/** Disposing gives back what belongs to one run, such as the lock of a cache mount. */
export interface RealisedMounts extends Disposable {
  readonly mounts: readonly RunMountRequest[];
  /** Variables that mounts set, such as secrets. */
  readonly env: readonly string[];
}

interface RealisedMount {
  readonly mount?: RunMountRequest;
  readonly env?: string;
  readonly lease?: Disposable;
}

interface PreparedMount {
  readonly definition?: Ingredient;
  ingredient(): Promise<Ingredient>;
  remark?(): Ingredient | undefined;
  realise(host: SandboxHost): Promise<RealisedMount>;
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

/** In order; when one fails, what the ones before it hold is given back. */
async function realiseAll(prepared: readonly PreparedMount[], host: SandboxHost): Promise<RealisedMounts> {
  const realised: RealisedMount[] = [];
  const dispose = (): void => {
    for (const { lease } of realised) lease?.[Symbol.dispose]();
  };
  try {
    for (const mount of prepared) realised.push(await mount.realise(host));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    mounts: realised.flatMap(({ mount }) => (mount === undefined ? [] : [mount])),
    env: realised.flatMap(({ env }) => (env === undefined ? [] : [env])),
    [Symbol.dispose]: dispose,
  };
}

async function prepareMount(mount: RunMount, context: StepContext): Promise<PreparedMount> {
  switch (mount.type) {
    case 'bind':
      return await prepareBind(mount, context);
    case 'cache':
      return await prepareCache(mount, context);
    case 'tmpfs':
      return prepareTmpfs(mount);
    case 'secret':
      return prepareSecret(mount, context);
    case 'ssh':
      return prepareSsh(mount, context);
  }
}

type MountOf<Type extends RunMount['type']> = Extract<RunMount, { type: Type }>;

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
      return { mount: { kind: 'snapshot', target, readOnly, ...(await layersOf(files, { host, context })) } };
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

async function prepareCache(mount: MountOf<'cache'>, context: StepContext): Promise<PreparedMount> {
  const { id, target, readOnly, sharing, mode, uid, gid, from, source } = mount;
  const first = from === undefined ? undefined : await openFiles(from, source, context);
  return {
    ...(first === undefined ? countsAsWritten(mount) : keysOf(mount, first, context)),
    async realise(host) {
      const initial = first && (await layersOf(first, { host, context }));
      const folder = await openCacheMount(context.session, { id, sharing, flavor: host.flavor });
      return {
        mount: { kind: 'cache', source: folder.path, target, readOnly, mode, uid, gid, ...(initial && { initial }) },
        ...(folder.lease !== undefined && { lease: folder.lease }),
      };
    },
  };
}

/** A mount that shows no files counts by its options. */
function countsAsWritten(mount: RunMount): Pick<PreparedMount, 'ingredient'> {
  return { ingredient: async () => mountIngredient(mount) };
}

function prepareTmpfs(mount: MountOf<'tmpfs'>): PreparedMount {
  const { target, sizeBytes } = mount;
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  return {
    ...countsAsWritten(mount),
    realise: () => Promise.resolve({ mount: { kind: 'tmpfs', target, readOnly: false, ...size } }),
  };
}

/** A secret's content is never part of a key. */
function prepareSecret(mount: MountOf<'secret'>, { session }: StepContext): PreparedMount {
  const { id, target, env, required, mode, uid, gid } = mount;
  return {
    ...countsAsWritten(mount),
    async realise() {
      const secret = await readSecret(session.options.secrets ?? [], id);
      if (secret === undefined) {
        if (required) throw missingSecret(id);
        return {};
      }
      const content = secret.toString('base64');
      return {
        ...(target !== undefined && { mount: { kind: 'file', target, content, mode, uid, gid } }),
        ...(env !== undefined && { env: `${env}=${secret.toString()}` }),
      };
    },
  };
}

/** Without an agent the mount is left out, as the reference says of one that is not required. */
function prepareSsh(mount: MountOf<'ssh'>, { session }: StepContext): PreparedMount {
  const { id, target, required, mode, uid, gid } = mount;
  return {
    ...countsAsWritten(mount),
    async realise() {
      const access = session.options.ssh?.findLast((candidate) => candidate.id === id);
      if (access === undefined) {
        if (required) throw missingSsh(id);
        return {};
      }
      const socket = await openAgentSocket(access, join(session.workspace.path, 'ssh', randomUUID()));
      return { mount: { kind: 'socket', source: socket.path, target, mode, uid, gid }, lease: socket };
    },
  };
}

function missingSsh(id: string): StepError {
  return new StepError('STEP_SSH_MISSING', `no ssh agent or key was given for id ${JSON.stringify(id)}`, {
    hint: `forward your agent with --ssh ${id}, or give keys with --ssh ${id}=FILE`,
  });
}

function missingSecret(id: string): StepError {
  return new StepError('STEP_SECRET_MISSING', `the secret ${JSON.stringify(id)} was not given`, {
    hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=VARIABLE`,
  });
}
