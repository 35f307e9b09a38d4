import { OptionError } from '../core/errors.ts';

/** `lamella` of a package.json: what the image of a project without a Dockerfile is made with. */
export interface ProjectConfig {
  /** Image to start from. Default: the official Node image, by `.nvmrc` or `engines`. */
  readonly base?: string;
  /** Version of Node as a tag of the official image, such as `22` or `24.1.0`. */
  readonly node?: string;
  /** Whether `npm run build` runs. Default: where there is such a script. */
  readonly build?: boolean;
  /** Files and folders of the image. Default: `files` of package.json, else the folder without what is left out. */
  readonly files?: readonly string[];
  /** Patterns of more files that are left out. */
  readonly exclude?: readonly string[];
  /** The command. Default: from `scripts.start`, `bin` or `main`. */
  readonly command?: readonly string[];
  /** Variables besides NODE_ENV. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ports that the application listens on. */
  readonly expose?: readonly number[];
  /** Default `node`. */
  readonly user?: string;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '' && !/[\n\r]/.test(value);
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText);

const FIELDS: Readonly<Record<keyof ProjectConfig, readonly [check: Check, form: string]>> = {
  base: [isText, 'the name of an image'],
  node: [(value) => isText(value) && /^[\w.-]+$/.test(String(value)), 'a version such as "24"'],
  build: [(value) => typeof value === 'boolean', 'true or false'],
  files: [isTextList, 'a list of paths'],
  exclude: [isTextList, 'a list of patterns'],
  command: [isTextList, 'a list of words'],
  env: [isTextMap, 'names with values'],
  expose: [(value) => Array.isArray(value) && value.every((port) => Number.isInteger(port)), 'a list of ports'],
  user: [isText, 'the name or number of a user'],
};

function isTextMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, text]) => /^[A-Za-z_]\w*$/.test(name) && typeof text === 'string');
}

/** @throws OptionError `OPTION_BAD_PROJECT_CONFIG` naming the field */
export function parseProjectConfig(value: unknown): ProjectConfig {
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null) throw bad('lamella', 'an object');
  for (const [name, field] of Object.entries(value)) {
    const known = (FIELDS as Readonly<Record<string, readonly [Check, string] | undefined>>)[name];
    if (known === undefined) throw bad(`lamella.${name}`, `one of ${Object.keys(FIELDS).join(', ')}`);
    if (!known[0](field)) throw bad(`lamella.${name}`, known[1]);
  }
  return value;
}

function bad(field: string, form: string): OptionError {
  return new OptionError('OPTION_BAD_PROJECT_CONFIG', `${field} of package.json must be ${form}`, {
    hint: 'schema/package-lamella.json describes every field',
  });
}
