import { PlanError } from '../core/errors.ts';
import { cleanPath } from '../core/paths.ts';
import { parseCsvLine } from './csv.ts';
import { badMount, MOUNT_TYPES, MountOptions, type MountType, nearest } from './mount-options.ts';

/**
 * A `--mount` of RUN as written (reference, section 10). Filled in are the defaults that need neither the stage nor the
 * other mounts; a relative or missing target, and what follows from it, is the planner's.
 */
export type MountSpec = BindMountSpec | CacheMountSpec | TmpfsMountSpec | SecretMountSpec | SshMountSpec;

export interface BindMountSpec {
  readonly type: 'bind';
  readonly target?: string;
  readonly source?: string;
  readonly from?: string;
  readonly readOnly: boolean;
}

interface Ownership {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface CacheMountSpec extends Ownership {
  readonly type: 'cache';
  readonly id?: string;
  readonly target?: string;
  readonly source?: string;
  readonly from?: string;
  readonly sharing: 'shared' | 'private' | 'locked';
  readonly readOnly: boolean;
}

export interface TmpfsMountSpec {
  readonly type: 'tmpfs';
  readonly target?: string;
  readonly sizeBytes?: number;
}

export interface SecretMountSpec extends Ownership {
  readonly type: 'secret';
  readonly id: string;
  /** Absent when the secret is only wanted as a variable. */
  readonly target?: string;
  readonly env?: string;
  readonly required: boolean;
}

export interface SshMountSpec extends Ownership {
  readonly type: 'ssh';
  readonly id: string;
  readonly target?: string;
  readonly required: boolean;
}

const MOUNT_TYPE_NAMES = Object.keys(MOUNT_TYPES) as readonly MountType[];
const SHARING = ['shared', 'private', 'locked'] as const;

/**
 * Reads the value of a `--mount`. `expand` is applied to the value of every option but `from`.
 *
 * @example parseMount('type=cache,target=/root/.npm')
 * @throws PlanError `PLAN_BAD_MOUNT`, `PLAN_UNKNOWN_MOUNT_TYPE`, `PLAN_UNKNOWN_MOUNT_OPTION`, without a span.
 */
export function parseMount(text: string, expand: (value: string) => string = (value) => value): MountSpec {
  const fields = text === '' ? undefined : parseCsvLine(text);
  if (fields === undefined) throw badMount(text, 'it is not a list of key=value', 'separate the options by commas');
  const options = new MountOptions(text, fields, expand);
  const type = options.text('type') ?? 'bind';
  switch (MOUNT_TYPE_NAMES.find((known) => known === type.toLowerCase())) {
    case 'bind':
      return bindMount(options);
    case 'cache':
      return cacheMount(options);
    case 'tmpfs':
      return tmpfsMount(options);
    case 'secret':
      return secretMount(options);
    case 'ssh':
      return sshMount(options);
    default:
      throw new PlanError('PLAN_UNKNOWN_MOUNT_TYPE', `unknown mount type ${JSON.stringify(type)}`, {
        hint: nearest(type, MOUNT_TYPE_NAMES),
      });
  }
}

function bindMount(options: MountOptions): BindMountSpec {
  options.refuse('bind');
  return { type: 'bind', ...target(options), ...origin(options), readOnly: options.readOnly() ?? true };
}

function cacheMount(options: MountOptions): CacheMountSpec {
  options.refuse('cache');
  const id = options.text('id');
  return {
    type: 'cache',
    ...(id && { id }),
    ...target(options),
    ...origin(options),
    sharing: readSharing(options),
    readOnly: options.readOnly() ?? false,
    ...ownership(options, 0o755),
  };
}

function tmpfsMount(options: MountOptions): TmpfsMountSpec {
  options.refuse('tmpfs');
  const sizeBytes = options.sizeBytes();
  return { type: 'tmpfs', ...target(options), ...(sizeBytes !== undefined && { sizeBytes }) };
}

function secretMount(options: MountOptions): SecretMountSpec {
  options.refuse('secret');
  const [id, source, env] = [options.text('id'), options.text('source'), options.text('env')];
  if (id && source) throw options.bad('both id and source are given', 'name the secret by id');
  const written = target(options).target;
  const name = id || source || baseName(written ?? '');
  if (name === '') throw options.bad('it has neither id nor target', 'name the secret, as in type=secret,id=NAME');
  const path = written ?? (env ? undefined : `/run/secrets/${baseName(name)}`);
  return {
    type: 'secret',
    id: name,
    ...(path !== undefined && { target: path }),
    ...(env && { env }),
    required: options.flag('required') ?? false,
    ...ownership(options, 0o400),
  };
}

function sshMount(options: MountOptions): SshMountSpec {
  options.refuse('ssh');
  return {
    type: 'ssh',
    id: options.text('id') || 'default',
    ...target(options),
    required: options.flag('required') ?? false,
    ...ownership(options, 0o600),
  };
}

function target(options: MountOptions): { target?: string } {
  const path = options.text('target');
  if (path?.startsWith('/') && cleanPath(path) === '/') {
    throw options.bad(`invalid mount target ${JSON.stringify(path)}`, 'mount on a directory below the root');
  }
  return path ? { target: path } : {};
}

function origin(options: MountOptions): { source?: string; from?: string } {
  const [source, from] = [options.text('source'), options.text('from')];
  return { ...(source && { source }), ...(from && { from }) };
}

function readSharing(options: MountOptions): CacheMountSpec['sharing'] {
  const written = options.text('sharing') ?? 'shared';
  const sharing = SHARING.find((known) => known === written.toLowerCase());
  if (sharing === undefined) throw options.bad(`unknown sharing ${JSON.stringify(written)}`, nearest(written, SHARING));
  return sharing;
}

function ownership(options: MountOptions, mode: number): Ownership {
  return { mode: options.octal('mode') ?? mode, uid: options.id('uid') ?? 0, gid: options.id('gid') ?? 0 };
}

function baseName(path: string): string {
  return path.split('/').findLast((part) => part !== '') ?? '';
}
