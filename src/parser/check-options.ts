import { suggest } from '../core/suggest.ts';

/** What `# check=` and BUILDKIT_DOCKERFILE_CHECK say (reference, section 2). */
export interface CheckOptions {
  readonly skip: readonly string[] | 'all';
  readonly experimental: readonly string[] | 'all';
  readonly error: boolean;
}

const KEYS = ['skip', 'experimental', 'error'];

/** Reads `skip=A,B;error=true`. What {@link checkOptionProblems} names is left out. */
export function parseCheckOptions(text: string): CheckOptions {
  const values = new Map(splitOptions(text).map(([key, value]) => [key, value ?? '']));
  return {
    skip: readRules(values.get('skip')),
    experimental: readRules(values.get('experimental')),
    error: values.get('error')?.toLowerCase() === 'true',
  };
}

function readRules(value = ''): readonly string[] | 'all' {
  if (value.toLowerCase() === 'all') return 'all';
  return value.split(',').flatMap((rule) => rule.trim() || []);
}

/** What is wrong with the text of a `check` directive. */
export function checkOptionProblems(text: string): readonly { readonly message: string; readonly hint: string }[] {
  const options = splitOptions(text);
  const problems = options.flatMap(([key, value]) => optionProblem(key, value) ?? []);
  if (options.length <= KEYS.length) return problems;
  return [
    ...problems,
    { message: `too many check options in ${JSON.stringify(text)}`, hint: 'give each at most once' },
  ];
}

function optionProblem(key: string, value: string | undefined): { message: string; hint: string } | undefined {
  if (!KEYS.includes(key)) {
    const near = suggest(key, KEYS);
    const hint = near === undefined ? 'the options are skip, experimental and error' : `did you mean ${near}?`;
    return { message: `unknown check option ${JSON.stringify(key)}`, hint };
  }
  if (value === undefined) return { message: `check option ${key} has no value`, hint: `write ${key}=VALUE` };
  if (key !== 'error' || /^(?:true|false)$/i.test(value)) return undefined;
  return {
    message: `invalid value ${JSON.stringify(value)} of check option error`,
    hint: 'write error=true or error=false',
  };
}

function splitOptions(text: string): readonly (readonly [key: string, value: string | undefined])[] {
  return text.split(';').map((option) => {
    const equals = option.indexOf('=');
    return equals === -1
      ? [option.trim().toLowerCase(), undefined]
      : [option.slice(0, equals).trim().toLowerCase(), option.slice(equals + 1).trim()];
  });
}
