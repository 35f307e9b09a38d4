import type { Secret } from './library.ts';
import { badValue, parseFields } from './values.ts';

const FORM = 'id=ID,src=FILE or id=ID,env=NAME';
const KEYS: ReadonlyMap<string, 'type' | 'id' | 'source' | 'env'> = new Map([
  ['type', 'type'],
  ['id', 'id'],
  ['source', 'source'],
  ['src', 'source'],
  ['env', 'env'],
]);

/**
 * The forms of buildx: `id=x,src=FILE`, `id=x,env=NAME`, `type=env,id=x` (variable x), and `id=x` alone, which is the
 * variable x when there is one, else the file x.
 */
export function parseSecret(text: string, env: Readonly<Record<string, string | undefined>>): Secret {
  const { type, id, source, env: variable } = fieldsOf(text);
  if (id === undefined || id === '') throw badValue('secret', text, 'it has no id', FORM);
  if (source !== undefined && variable !== undefined) throw badValue('secret', text, 'it has both src and env', FORM);
  if (type !== undefined && type !== 'file' && type !== 'env') {
    throw badValue('secret', text, `there is no type "${type}"`, FORM);
  }
  if (variable !== undefined) return { id, env: variable };
  if (type === 'env') return { id, env: source ?? id };
  if (source !== undefined) return { id, file: source };
  return type === undefined && env[id] !== undefined ? { id, env: id } : { id, file: id };
}

function fieldsOf(text: string): { type?: string; id?: string; source?: string; env?: string } {
  const found: { type?: string; id?: string; source?: string; env?: string } = {};
  for (const [name, value] of parseFields('secret', text)) {
    const key = KEYS.get(name);
    if (key === undefined) throw badValue('secret', text, `unknown key "${name}"`, FORM);
    found[key] = value;
  }
  return found;
}
