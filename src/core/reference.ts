import { type Digest, parseDigest } from './digest.ts';
import { OptionError } from './errors.ts';

/** Names an image: `registry/repository:tag@digest`. `registry` includes the port. */
export interface Reference {
  readonly registry: string;
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

/** A reference as people write it: the registry may be left out. */
export interface FamiliarReference extends Omit<Reference, 'registry'> {
  readonly registry?: string;
}

const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d+)?$/;

/**
 * Splits an image reference by the grammar of the distribution specification; nothing is filled in.
 * The first component is a registry when it has a dot or a colon, is `localhost`, or is not lower case.
 * @throws OptionError `OPTION_BAD_REFERENCE`
 */
export function parseReference(text: string): FamiliarReference {
  const [rest, digestText] = splitAt(text, '@');
  const digest = digestText === undefined ? undefined : parseReferenceDigest(text, digestText);
  const slash = rest.indexOf('/');
  const first = rest.slice(0, Math.max(slash, 0));
  const hasRegistry = slash > 0 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = hasRegistry ? first : undefined;
  const path = hasRegistry ? rest.slice(slash + 1) : rest;
  const colon = path.lastIndexOf(':');
  const repository = colon < 0 ? path : path.slice(0, colon);
  const tag = colon < 0 ? undefined : path.slice(colon + 1);
  if (registry !== undefined && !DOMAIN.test(registry))
    throw badReference(text, `bad registry ${JSON.stringify(registry)}`);
  if (tag !== undefined && !TAG.test(tag)) throw badReference(text, `bad tag ${JSON.stringify(tag)}`);
  if (repository === '' || repository.length > 255)
    throw badReference(text, 'the repository is empty or longer than 255');
  for (const component of repository.split('/')) {
    if (!COMPONENT.test(component)) throw badReference(text, badComponent(repository, component));
  }
  return {
    ...(registry !== undefined && { registry }),
    repository,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

export function formatReference(reference: FamiliarReference): string {
  const name =
    reference.registry === undefined ? reference.repository : `${reference.registry}/${reference.repository}`;
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return `${name}${tag}${reference.digest === undefined ? '' : `@${reference.digest}`}`;
}

function splitAt(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function parseReferenceDigest(text: string, digest: string): Digest {
  try {
    return parseDigest(digest);
  } catch (cause) {
    throw badReference(text, `bad digest ${JSON.stringify(digest)}`, cause);
  }
}

function badComponent(repository: string, component: string): string {
  return repository !== repository.toLowerCase()
    ? 'a repository is lower case'
    : `bad repository component ${JSON.stringify(component)}`;
}

function badReference(text: string, why: string, cause?: unknown): OptionError {
  return new OptionError('OPTION_BAD_REFERENCE', `invalid image reference ${JSON.stringify(text)}: ${why}`, {
    hint: 'write it as [registry[:port]/]repository[:tag][@sha256:…]',
    cause,
  });
}
