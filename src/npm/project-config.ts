import { OptionError } from '../core/errors.ts';
import type { SourceText } from '../core/span.ts';
import { suggest } from '../core/suggest.ts';
import { jsonSpan } from './json-span.ts';

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
  /** Labels besides those that are made from package.json and the commit. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Ports that the application listens on. */
  readonly expose?: readonly number[];
  /** Default `node`. */
  readonly user?: string;
  /** Signal that ends the application. Default `SIGTERM`. */
  readonly stopSignal?: string;
  /** What happens where packages have install scripts. Default `refuse`. */
  readonly scripts?: 'refuse' | 'ignore' | 'sandbox';
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '' && !/[\n\r]/.test(value);
const isTextList: Check = (value) => Array.isArray(value) && value.every(isText);
const isPort: Check = (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535;
const matches =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const isMap =
  (isName: Check): Check =>
  (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
    return Object.entries(value).every(([name, text]) => isName(name) && typeof text === 'string');
  };

const FIELDS: Readonly<Record<keyof ProjectConfig, readonly [check: Check, form: string]>> = {
  base: [matches(/^\S+$/), 'the name of an image'],
  node: [matches(/^[\w.-]+$/), 'a version such as "24"'],
  build: [(value) => typeof value === 'boolean', 'true or false'],
  files: [isTextList, 'a list of paths'],
  exclude: [isTextList, 'a list of patterns'],
  command: [(value) => isTextList(value) && (value as []).length > 0, 'a list of words'],
  env: [isMap(matches(/^[A-Za-z_]\w*$/)), 'names with values'],
  labels: [isMap(matches(/^[\w./-]+$/)), 'names with values'],
  expose: [(value) => Array.isArray(value) && value.every(isPort), 'a list of ports'],
  user: [matches(/^\S+$/), 'the name or number of a user'],
  stopSignal: [matches(/^(?:SIG[A-Z0-9+-]+|\d{1,2})$/), 'a signal such as "SIGINT"'],
  scripts: [matches(/^(?:refuse|ignore|sandbox)$/), '"refuse", "ignore" or "sandbox"'],
};

/**
 * Reads the field `lamella` of a package.json.
 * @throws OptionError `OPTION_BAD_PROJECT_CONFIG` with the place of the field
 */
export function parseProjectConfig(manifest: object, source: SourceText): ProjectConfig {
  const { lamella: value } = manifest as { readonly lamella?: unknown };
  if (value === undefined) return {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw bad(['lamella'], 'an object', source);
  for (const [name, field] of Object.entries(value)) {
    const known = (FIELDS as Readonly<Record<string, readonly [Check, string] | undefined>>)[name];
    if (known === undefined) throw unknownField(name, source);
    if (!known[0](field)) throw bad(['lamella', name], known[1], source);
  }
  return value;
}

const HINT = 'schema/package-lamella.json describes every field';

function bad(path: readonly string[], form: string, source: SourceText): OptionError {
  return new OptionError('OPTION_BAD_PROJECT_CONFIG', `${path.join('.')} of package.json must be ${form}`, {
    hint: HINT,
    span: jsonSpan(source.text, path),
    source,
  });
}

function unknownField(name: string, source: SourceText): OptionError {
  const meant = suggest(name, Object.keys(FIELDS));
  return new OptionError('OPTION_BAD_PROJECT_CONFIG', `package.json has an unknown field lamella.${name}`, {
    hint:
      meant === undefined ? `there are ${Object.keys(FIELDS).join(', ')}` : `did you mean ${JSON.stringify(meant)}?`,
    span: jsonSpan(source.text, ['lamella', name]),
    source,
  });
}
