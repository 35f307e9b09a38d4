import { OptionError } from '../../core/errors.ts';
import { formatReference, type Reference } from '../../core/reference.ts';
import type { Engine } from '../../oci/engines/engine.ts';
import { type LayoutAddress, parseLayoutAddress } from '../../oci/layout/layout-address.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';

/** Where an image can be read from and written to. */
export type Place =
  | { readonly kind: 'registry'; readonly reference: Reference }
  /** The local store, by a normalised name. */
  | { readonly kind: 'store'; readonly name: string }
  | { readonly kind: 'layout'; readonly address: LayoutAddress }
  | { readonly kind: 'oci-archive' | 'docker-archive'; readonly file: string; readonly name?: string }
  | { readonly kind: 'engine'; readonly engine: Engine['name']; readonly name: string };

const ENGINES: Readonly<Record<string, Engine['name']>> = {
  'docker-daemon': 'docker',
  podman: 'podman',
  containerd: 'containerd',
};

/**
 * Reads the address of a place: `docker://REF` or just `REF` for a registry, `store:NAME`, `oci:DIR[:TAG|@DIGEST]`,
 * `oci-archive:FILE[:NAME]`, `docker-archive:FILE[:NAME]`, `docker-daemon:NAME`, `podman:NAME`, `containerd:NAME`.
 * @throws OptionError `OPTION_BAD_PLACE`, `OPTION_BAD_REFERENCE`
 */
export function parsePlace(text: string): Place {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(colon, 0));
  const rest = text.slice(colon + 1);
  switch (scheme) {
    case 'docker':
      return { kind: 'registry', reference: normalizeReference(required(text, rest.replace(/^\/\//, ''))) };
    case 'store':
      return { kind: 'store', name: fullName(required(text, rest)) };
    case 'oci':
      return { kind: 'layout', address: parseLayoutAddress(required(text, rest)) };
    case 'oci-archive':
    case 'docker-archive':
      return { kind: scheme, ...parseFile(required(text, rest)) };
    case 'docker-daemon':
    case 'podman':
    case 'containerd':
      return { kind: 'engine', engine: ENGINES[scheme] ?? 'docker', name: fullName(required(text, rest)) };
    default:
      return { kind: 'registry', reference: normalizeReference(required(text, text)) };
  }
}

/** How a place is written, for messages and results. */
export function formatPlace(place: Place): string {
  switch (place.kind) {
    case 'registry':
      return formatReference(place.reference);
    case 'store':
      return `store:${place.name}`;
    case 'layout': {
      const { dir, tag, digest } = place.address;
      return `oci:${dir}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
    }
    case 'engine':
      return `${place.engine}:${place.name}`;
    default:
      return `${place.kind}:${place.file}`;
  }
}

function fullName(name: string): string {
  return formatReference(normalizeReference(name));
}

/** A name after the file, as skopeo has it; a colon in a folder's name belongs to the path. */
function parseFile(text: string): { readonly file: string; readonly name?: string } {
  const [, file = text, name] = /^(.*?[^/:]):([^/].*)$/.exec(text) ?? [];
  return name === undefined ? { file } : { file, name: fullName(name) };
}

function required(text: string, rest: string): string {
  if (rest !== '') return rest;
  throw new OptionError('OPTION_BAD_PLACE', `${JSON.stringify(text)} names no image`, {
    hint: 'write REF, store:NAME, oci:DIR[:TAG], oci-archive:FILE, docker-archive:FILE, docker-daemon:NAME or podman:NAME',
  });
}
