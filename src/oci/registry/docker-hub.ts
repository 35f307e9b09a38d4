import { type FamiliarReference, formatReference, parseReference, type Reference } from '../../core/reference.ts';

/** The registry of names without one. Nothing else in lamella spells the hosts in this file. */
export const DOCKER_HUB: string = 'docker.io';

const ALIASES: readonly string[] = ['index.docker.io', 'registry-1.docker.io'];
const API_HOST = 'registry-1.docker.io';
/** Under which docker keeps the credentials of Docker Hub. */
const CREDENTIAL_KEY = 'https://index.docker.io/v1/';
const OFFICIAL = 'library/';

/**
 * Fills in what people leave out: the registry, `library/` for Docker Hub's own images, the tag `latest`.
 * @throws OptionError `OPTION_BAD_REFERENCE`
 */
export function normalizeReference(name: string | FamiliarReference): Reference {
  const familiar = typeof name === 'string' ? parseReference(name) : name;
  const registry = canonicalRegistry(familiar.registry ?? DOCKER_HUB);
  const official = registry === DOCKER_HUB && !familiar.repository.includes('/');
  const repository = official ? `${OFFICIAL}${familiar.repository}` : familiar.repository;
  const needsTag = familiar.tag === undefined && familiar.digest === undefined;
  return { ...familiar, registry, repository, ...(needsTag && { tag: 'latest' }) };
}

/** The shortest text that {@link normalizeReference} reads as the same reference, the tag kept. */
export function formatFamiliar(reference: Reference): string {
  if (reference.registry !== DOCKER_HUB) return formatReference(reference);
  const { registry: _, repository, ...rest } = reference;
  const short = repository.startsWith(OFFICIAL) ? repository.slice(OFFICIAL.length) : repository;
  return formatReference({ ...rest, repository: short.includes('/') ? repository : short });
}

/** One name for each registry: no name, and the old names of Docker Hub, mean Docker Hub. */
export function canonicalRegistry(registry: string): string {
  return registry === '' || ALIASES.includes(registry) ? DOCKER_HUB : registry;
}

/** The host that serves the API of a registry. */
export function apiHost(registry: string): string {
  return registry === DOCKER_HUB ? API_HOST : registry;
}

/** The key of a registry's credentials in docker's configuration and helpers. */
export function credentialKey(registry: string): string {
  return registry === DOCKER_HUB ? CREDENTIAL_KEY : registry;
}
