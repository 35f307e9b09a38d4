import { resolve } from 'node:path';
import { OptionError } from '../core/errors.ts';
import { formatReference } from '../core/reference.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';

/** What `--build-context NAME=VALUE` stands for (reference, section 18). */
export type NamedContext =
  | { readonly kind: 'layout'; readonly address: string }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'directory'; readonly path: string };

/** Named contexts by normalised name, so that `alpine` and `alpine:latest` in a Dockerfile are one. */
export type NamedContexts = ReadonlyMap<string, NamedContext>;

export function parseNamedContexts(values: Readonly<Record<string, string>>): NamedContexts {
  return new Map(Object.entries(values).map(([name, value]) => [contextKey(name), parseContext(name, value)]));
}

export function findContext(contexts: NamedContexts, name: string): NamedContext | undefined {
  return contexts.get(contextKey(name));
}

function parseContext(name: string, value: string): NamedContext {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1]?.toLowerCase();
  const rest = value.replace(/^[^:]*:(\/\/)?/, '');
  switch (scheme) {
    case 'oci-layout':
      return { kind: 'layout', address: rest };
    case 'docker-image':
      return { kind: 'image', reference: rest };
    case 'http':
    case 'https':
    case 'git':
    case 'ssh':
    case 'target':
      throw new OptionError(
        'OPTION_UNSUPPORTED_CONTEXT',
        `build context ${name}=${value}: ${scheme} is not supported yet`,
        {
          hint: 'use a directory, oci-layout://DIR or docker-image://REFERENCE',
        },
      );
    default:
      return { kind: 'directory', path: resolve(value) };
  }
}

/** Stage names are no references in general (upper case); then the name itself, in lower case, is the key. */
function contextKey(name: string): string {
  try {
    return formatReference(normalizeReference(name));
  } catch {
    return name.toLowerCase();
  }
}
