import { PlanError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';

export type MountOption =
  | 'type'
  | 'target'
  | 'source'
  | 'from'
  | 'id'
  | 'readonly'
  | 'readwrite'
  | 'required'
  | 'sharing'
  | 'size'
  | 'mode'
  | 'uid'
  | 'gid'
  | 'env';

export type MountType = 'bind' | 'cache' | 'tmpfs' | 'secret' | 'ssh';

interface MountTypeOptions {
  readonly takes: readonly MountOption[];
  readonly refuses: readonly MountOption[];
}

/** What each type takes and refuses (reference, section 10). The rest it ignores. */
export const MOUNT_TYPES: Readonly<Record<MountType, MountTypeOptions>> = {
  bind: {
    takes: ['target', 'source', 'from', 'readonly', 'readwrite'],
    refuses: ['mode', 'uid', 'gid', 'sharing', 'required', 'size'],
  },
  cache: {
    takes: ['id', 'target', 'source', 'from', 'sharing', 'readonly', 'readwrite', 'mode', 'uid', 'gid'],
    refuses: ['required', 'size'],
  },
  tmpfs: { takes: ['target', 'size'], refuses: ['mode', 'uid', 'gid', 'sharing', 'required'] },
  secret: {
    takes: ['id', 'source', 'target', 'env', 'required', 'mode', 'uid', 'gid'],
    refuses: ['from', 'sharing', 'size'],
  },
  ssh: { takes: ['id', 'target', 'required', 'mode', 'uid', 'gid'], refuses: ['source', 'sharing', 'size'] },
};

/** Every way to write a key. */
export const MOUNT_KEYS: Readonly<Record<string, MountOption>> = {
  type: 'type',
  target: 'target',
  dst: 'target',
  destination: 'target',
  source: 'source',
  src: 'source',
  from: 'from',
  id: 'id',
  readonly: 'readonly',
  ro: 'readonly',
  readwrite: 'readwrite',
  rw: 'readwrite',
  required: 'required',
  sharing: 'sharing',
  size: 'size',
  mode: 'mode',
  uid: 'uid',
  gid: 'gid',
  env: 'env',
};

const BARE: readonly MountOption[] = ['readonly', 'readwrite', 'required'];
const UNITS = 'kmgtp';

/** The options of one mount; a later one wins. Every reader throws on a value of the wrong kind. */
export class MountOptions {
  readonly #mount: string;
  readonly #values = new Map<MountOption, string>();

  constructor(mount: string, fields: readonly string[], expand: (value: string) => string) {
    this.#mount = mount;
    for (const field of fields) this.#add(field, expand);
  }

  #add(field: string, expand: (value: string) => string): void {
    const equals = field.indexOf('=');
    const key = (equals === -1 ? field : field.slice(0, equals)).toLowerCase();
    const option = Object.hasOwn(MOUNT_KEYS, key) ? MOUNT_KEYS[key] : undefined;
    if (option === undefined) throw unknownOption(key, this.#mount);
    if (equals === -1 && !BARE.includes(option)) throw this.bad(`${key} has no value`, `write ${key}=VALUE`);
    const value = equals === -1 ? 'true' : field.slice(equals + 1);
    this.#values.set(option, option === 'from' ? this.#from(value) : expand(value));
  }

  /** A `$` at the very end is no variable. */
  #from(value: string): string {
    if (!/\$./s.test(value)) return value;
    throw this.bad(`variable expansion is not supported in from=${value}`, 'name a stage made with a global ARG');
  }

  text(option: MountOption): string | undefined {
    return this.#values.get(option);
  }

  flag(option: MountOption): boolean | undefined {
    const value = this.text(option);
    if (value === undefined) return undefined;
    if (/^(?:1|t|true)$/i.test(value)) return true;
    if (/^(?:0|f|false)$/i.test(value)) return false;
    throw this.#badValue(option, value, 'write true or false');
  }

  /** From `ro` and `rw`, whichever is there. */
  readOnly(): boolean | undefined {
    const readWrite = this.flag('readwrite');
    return readWrite === undefined ? this.flag('readonly') : !readWrite;
  }

  octal(option: MountOption): number | undefined {
    const value = this.text(option);
    if (value === undefined) return undefined;
    if (/^[0-7]+$/.test(value) && Number.parseInt(value, 8) <= 0o7777) return Number.parseInt(value, 8);
    throw this.#badValue(option, value, 'write up to four octal digits, as in mode=0640');
  }

  id(option: MountOption): number | undefined {
    const value = this.text(option);
    if (value === undefined) return undefined;
    if (/^\d+$/.test(value) && Number(value) <= 0xffff_ffff) return Number(value);
    throw this.#badValue(option, value, 'write a number');
  }

  sizeBytes(): number | undefined {
    const value = this.text('size');
    if (value === undefined) return undefined;
    const [, amount, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/i.exec(value) ?? [];
    if (amount === undefined) throw this.#badValue('size', value, 'write bytes, or a number with k, m or g');
    return Math.floor(Number(amount) * 1024 ** (unit === '' ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1));
  }

  /** Throws on an option that is wrong for mounts of `type`. */
  refuse(type: MountType): void {
    const { takes, refuses } = MOUNT_TYPES[type];
    const found = refuses.find((option) => this.#values.has(option));
    const mount = `${type === 'ssh' ? 'an' : 'a'} ${type} mount`;
    if (found !== undefined)
      throw this.bad(`${mount} has no option ${found}`, `leave ${found} out: ${mount} has ${takes.join(', ')}`);
  }

  bad(problem: string, hint: string): PlanError {
    return badMount(this.#mount, problem, hint);
  }

  #badValue(option: MountOption, value: string, hint: string): PlanError {
    return this.bad(`invalid value ${JSON.stringify(value)} of ${option}`, hint);
  }
}

export function badMount(mount: string, problem: string, hint: string): PlanError {
  return new PlanError('PLAN_BAD_MOUNT', `bad mount ${JSON.stringify(mount)}: ${problem}`, { hint });
}

function unknownOption(key: string, mount: string): PlanError {
  return new PlanError('PLAN_UNKNOWN_MOUNT_OPTION', `unknown option ${JSON.stringify(key)} of mount ${mount}`, {
    hint: nearest(key, Object.keys(MOUNT_KEYS)),
  });
}

/** A hint for a word that is none of `candidates`. */
export function nearest(word: string, candidates: readonly string[]): string {
  const near = suggest(word, candidates);
  return near === undefined ? `it may be ${candidates.join(', ')}` : `did you mean ${near}?`;
}
