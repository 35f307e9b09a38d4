import { usageError } from './cli-error.ts';
import type { BuildOptions } from './library.ts';
import { badValue, parseFields } from './values.ts';

type Source = NonNullable<BuildOptions['cacheFrom']>[number];
type Target = NonNullable<BuildOptions['cacheTo']>[number];

const FROM_FORM = 'type=registry,ref=NAME or type=local,src=DIR';
const TO_FORM = 'type=registry,ref=NAME[,mode=max], type=local,dest=DIR or type=inline';
/** What lamella does in any case. */
const ALWAYS = new Map([
  ['oci-mediatypes', 'true'],
  ['image-manifest', 'true'],
]);

/** The forms of buildx: `type=registry,ref=…`, `type=local,src=…`, or a name alone. */
export function parseCacheFrom(text: string, option: 'cache-from' | 'remote' = 'cache-from'): Source {
  const fields = fieldsOf(option, text);
  const source = placeOf(option, { text, fields, path: take(fields, 'src'), form: FROM_FORM });
  refuseRest(option, text, { fields, form: FROM_FORM });
  return source;
}

export function parseCacheTo(text: string): Target {
  const fields = fieldsOf('cache-to', text);
  const mode = take(fields, 'mode');
  const ignore = take(fields, 'ignore-error');
  if (mode !== undefined && mode !== 'min' && mode !== 'max') {
    throw badValue('cache-to', text, `there is no mode "${mode}"`, 'type=…,mode=min|max');
  }
  const isInline = fields.get('type') === 'inline';
  if (isInline) fields.delete('type');
  const place = isInline
    ? ({ type: 'inline' } as const)
    : placeOf('cache-to', { text, fields, path: take(fields, 'dest'), form: TO_FORM });
  refuseRest('cache-to', text, { fields, form: TO_FORM });
  return {
    ...place,
    ...(mode !== undefined && { mode }),
    ...(ignore !== undefined && { ignoreError: ignore === 'true' }),
  };
}

function fieldsOf(option: string, text: string): Map<string, string> {
  if (!text.includes('=')) return new Map(Object.entries({ type: 'registry', ref: text }));
  return parseFields(option, text);
}

function take(fields: Map<string, string>, name: string): string | undefined {
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

interface Place {
  readonly text: string;
  readonly fields: Map<string, string>;
  readonly path: string | undefined;
  readonly form: string;
}

function placeOf(option: string, { text, fields, path, form }: Place): Source {
  const type = take(fields, 'type') ?? 'registry';
  const ref = take(fields, 'ref');
  if (type === 'local') {
    if (path === undefined || path === '') throw badValue(option, text, 'it names no directory', form);
    return { type, path };
  }
  if (type === 'registry') {
    if (ref === undefined || ref === '') throw badValue(option, text, 'it names no repository', form);
    return { type, ref };
  }
  throw usageError(
    'OPTION_UNSUPPORTED',
    `--${option} ${text}: lamella has no cache of type "${type}"`,
    `write ${form}`,
  );
}

function refuseRest(
  option: string,
  text: string,
  { fields, form }: { readonly fields: ReadonlyMap<string, string>; readonly form: string },
): void {
  for (const [name, value] of fields) {
    if (ALWAYS.get(name) === value) continue;
    throw badValue(option, text, `unknown or impossible "${name}=${value}"`, form);
  }
}
