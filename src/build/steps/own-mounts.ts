import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { StepError } from '../../core/errors.ts';
import type { RunMount } from '../../plan/step.ts';
import type { RunMountRequest, SnapshotSource } from '../../rootfs/host-messages.ts';
import type { SandboxHost } from '../../rootfs/sandbox-host.ts';
import type { BuildOptions } from '../options.ts';
import { readSecret } from '../secrets.ts';
import type { Session } from '../session.ts';
import { openAgentSocket } from '../ssh/agent-socket.ts';
import { openCacheMount } from './cache-mount.ts';

export type MountOf<Type extends RunMount['type']> = Extract<RunMount, { type: Type }>;

/** A mount by which a kept root can be entered again. What secrets hold is not in it, only where they stood. */
export type KeptMount =
  /** Made anew. */
  | { readonly mount: OwnMount }
  /** Made of layers, or of the text of the Dockerfile. */
  | { readonly request: RunMountRequest };

/** A mount that needs no files of the build. */
export type OwnMount = MountOf<'cache' | 'tmpfs' | 'secret' | 'ssh'>;

/** What such a mount is made with. */
export type MountServices = Pick<Session, 'folders' | 'claims' | 'signal' | 'workspace'> & {
  readonly options: Pick<BuildOptions, 'secrets' | 'ssh'>;
};

/** Disposing gives back what belongs to one run, such as the lock of a cache mount. */
export interface RealisedMounts extends Disposable {
  readonly mounts: readonly RunMountRequest[];
  /** Variables that mounts set, such as secrets. */
  readonly env: readonly string[];
  readonly kept: readonly KeptMount[];
}

export interface RealisedMount {
  readonly mount?: RunMountRequest;
  readonly env?: string;
  readonly lease?: Disposable;
  readonly kept?: KeptMount;
}

/** A way to make a mount when its command really runs. */
export interface RealisableMount {
  realise(host: SandboxHost): Promise<RealisedMount>;
}

/** Mounts of a root that was kept; secrets and agents as far as they are given again. */
export async function realiseKept(
  mounts: readonly KeptMount[],
  host: SandboxHost,
  services: MountServices,
): Promise<RealisedMounts> {
  const prepared = mounts.map((kept) =>
    'mount' in kept
      ? { realise: (to: SandboxHost) => realiseOwn(kept.mount, to, services) }
      : { realise: async () => ({ mount: kept.request }) },
  );
  return await realiseAll(prepared, host);
}

/** In order; when one fails, what the ones before it hold is given back. */
export async function realiseAll(prepared: readonly RealisableMount[], host: SandboxHost): Promise<RealisedMounts> {
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
    kept: realised.flatMap(({ kept }) => (kept === undefined ? [] : [kept])),
    [Symbol.dispose]: dispose,
  };
}

export async function realiseOwn(mount: OwnMount, host: SandboxHost, services: MountServices): Promise<RealisedMount> {
  switch (mount.type) {
    case 'cache':
      return await realiseCache(mount, host, services);
    case 'tmpfs':
      return realiseTmpfs(mount);
    case 'secret':
      return await realiseSecret(mount, services);
    case 'ssh':
      return await realiseSsh(mount, services);
  }
}

/** Who enters a root later may do without a secret. */
export function keptMount(mount: OwnMount): KeptMount {
  return { mount: 'required' in mount ? { ...mount, required: false } : mount };
}

export async function realiseCache(
  { id, target, readOnly, sharing, mode, uid, gid }: MountOf<'cache'>,
  { flavor }: SandboxHost,
  { initial, ...services }: MountServices & { readonly initial?: SnapshotSource },
): Promise<RealisedMount> {
  const folder = await openCacheMount(services, { id, sharing, flavor });
  return {
    mount: { kind: 'cache', source: folder.path, target, readOnly, mode, uid, gid, ...(initial && { initial }) },
    ...(folder.lease !== undefined && { lease: folder.lease }),
  };
}

function realiseTmpfs({ target, sizeBytes }: MountOf<'tmpfs'>): RealisedMount {
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  return { mount: { kind: 'tmpfs', target, readOnly: false, ...size } };
}

/** A secret's content is never part of a key. */
async function realiseSecret(mount: MountOf<'secret'>, { options }: MountServices): Promise<RealisedMount> {
  const { id, target, env, required, mode, uid, gid } = mount;
  const secret = await readSecret(options.secrets ?? [], id);
  if (secret === undefined) {
    if (required) throw missingSecret(id);
    return {};
  }
  const content = secret.toString('base64');
  return {
    ...(target !== undefined && { mount: { kind: 'file', target, content, mode, uid, gid } }),
    ...(env !== undefined && { env: `${env}=${secret.toString()}` }),
  };
}

/** Without an agent the mount is left out, as the reference says of one that is not required. */
async function realiseSsh(mount: MountOf<'ssh'>, { options, workspace }: MountServices): Promise<RealisedMount> {
  const { id, target, required, mode, uid, gid } = mount;
  const access = options.ssh?.findLast((candidate) => candidate.id === id);
  if (access === undefined) {
    if (required) throw missingSsh(id);
    return {};
  }
  const socket = await openAgentSocket(access, join(workspace.path, 'ssh', randomUUID()));
  return { mount: { kind: 'socket', source: socket.path, target, mode, uid, gid }, lease: socket };
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
