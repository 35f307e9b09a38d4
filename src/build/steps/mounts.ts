import type { Ingredient } from '../../cache/frame.ts';
import { StepError } from '../../core/errors.ts';
import { allAtRest } from '../../io/at-rest.ts';
import type { RunMount } from '../../plan/step.ts';
import type { RunMountRequest } from '../../rootfs/host-messages.ts';
import { resolvePath } from '../../rootfs/resolve.ts';
import type { SandboxHost } from '../../rootfs/sandbox-host.ts';
import type { Origin } from '../origins.ts';
import { readSecret } from '../secrets.ts';
import { prepareLayers } from '../snapshots.ts';
import { digestTree, walkTree } from '../tree-digest.ts';
import { openCacheMount } from './cache-mount.ts';
import type { StepContext } from './context.ts';
import { unpackContext } from './context-mount.ts';
import { mountIngredient } from './run-key.ts';

/** The mounts of a RUN, looked up: what they add to its key, and how they are made when it really runs. */
export interface PreparedMounts {
  readonly ingredients: readonly Ingredient[];
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
  readonly ingredient: Ingredient;
  realise(host: SandboxHost): Promise<RealisedMount>;
}

export async function prepareMounts(mounts: readonly RunMount[], context: StepContext): Promise<PreparedMounts> {
  const prepared = await allAtRest(mounts.map((mount) => prepareMount(mount, context)));
  return {
    ingredients: prepared.map(({ ingredient }) => ingredient),
    realise: (host) => realiseAll(prepared, host),
  };
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
      return prepareSsh(mount);
  }
}

type MountOf<Type extends RunMount['type']> = Extract<RunMount, { type: Type }>;

/** Bind mounts count by the content that they show (reference, section 16). */
async function prepareBind(mount: MountOf<'bind'>, context: StepContext): Promise<PreparedMount> {
  const { target, readOnly, from, source } = mount;
  const origin = await context.openOrigin(from);
  const path = selectedPath(origin, source);
  const content = await contentOf(origin, path, context);
  return {
    ingredient: mountIngredient(mount, content),
    async realise(host) {
      const shown = await layersOf(origin, path, { host, context });
      return { mount: { kind: 'snapshot', target, readOnly, ...shown } };
    },
  };
}

async function contentOf({ tree }: Origin, path: string, { session }: StepContext): Promise<string> {
  return await digestTree(session, [...walkTree(tree, path)]);
}

/** Where a source leads, links followed; the mount then shows exactly that path. */
function selectedPath(origin: Origin, source: string): string {
  const path = resolvePath(origin.tree, source);
  if (path !== undefined && origin.tree.lookup(path) !== undefined) return path;
  throw new StepError('STEP_MOUNT_SOURCE_NOT_FOUND', `mount source ${JSON.stringify(source)} does not exist`, {
    hint: 'check the path (it is relative to the root of the context, stage or image) and the ignore file',
  });
}

interface Surroundings {
  readonly host: SandboxHost;
  readonly context: StepContext;
}

async function layersOf(
  origin: Origin,
  path: string,
  { host, context }: Surroundings,
): Promise<{ readonly layerIds: readonly string[]; readonly source: string }> {
  if (origin.stack !== undefined) {
    return { layerIds: await prepareLayers(context.session, host, origin.stack), source: `/${path}` };
  }
  return { layerIds: [await unpackContext(context.session, host, { tree: origin.tree, path })], source: `/${path}` };
}

async function prepareCache(mount: MountOf<'cache'>, context: StepContext): Promise<PreparedMount> {
  const { id, target, readOnly, sharing, mode, uid, gid, from, source } = mount;
  const origin = from === undefined ? undefined : await context.openOrigin(from);
  const first = origin === undefined ? undefined : { origin, path: selectedPath(origin, source) };
  return {
    ingredient: mountIngredient(mount, first && (await contentOf(first.origin, first.path, context))),
    async realise(host) {
      const initial = first && (await layersOf(first.origin, first.path, { host, context }));
      const folder = await openCacheMount(context.session, { id, sharing, flavor: host.flavor });
      return {
        mount: { kind: 'cache', source: folder.path, target, readOnly, mode, uid, gid, ...(initial && { initial }) },
        ...(folder.lease !== undefined && { lease: folder.lease }),
      };
    },
  };
}

function prepareTmpfs(mount: MountOf<'tmpfs'>): PreparedMount {
  const { target, sizeBytes } = mount;
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  return {
    ingredient: mountIngredient(mount),
    realise: () => Promise.resolve({ mount: { kind: 'tmpfs', target, readOnly: false, ...size } }),
  };
}

/** A secret's content is never part of a key. */
function prepareSecret(mount: MountOf<'secret'>, { session }: StepContext): PreparedMount {
  const { id, target, env, required, mode, uid, gid } = mount;
  return {
    ingredient: mountIngredient(mount),
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
function prepareSsh(mount: MountOf<'ssh'>): PreparedMount {
  const { id, required } = mount;
  return {
    ingredient: mountIngredient(mount),
    realise() {
      if (!required) return Promise.resolve({});
      throw new StepError('STEP_SSH_MISSING', `no ssh agent or key was given for id ${JSON.stringify(id)}`, {
        hint: 'lamella cannot forward ssh yet: fetch what needs it outside, or use a secret',
      });
    },
  };
}

function missingSecret(id: string): StepError {
  return new StepError('STEP_SECRET_MISSING', `the secret ${JSON.stringify(id)} was not given`, {
    hint: `give it with --secret id=${id},src=FILE or --secret id=${id},env=VARIABLE`,
  });
}
