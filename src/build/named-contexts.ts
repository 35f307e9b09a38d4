import { resolve } from 'node:path';
import { requireDirectory } from '../context/context-error.ts';
import { type Platform, parsePlatform, samePlatform } from '../core/platform.ts';
import { formatReference } from '../core/reference.ts';
import { parseLayoutAddress, requireLayout } from '../oci/layout/layout-address.ts';
import { normalizeReference } from '../oci/registry/docker-hub.ts';
import type { ContextLookup } from '../plan/origins.ts';
import { type ContextAddress, contextAddress } from './context-address.ts';

/** What `--build-context NAME=VALUE` stands for (reference, section 18). */
export type NamedContext =
  | { readonly kind: 'layout'; readonly address: string }
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'fetched'; readonly address: ContextAddress }
  /** A stage of the Dockerfile, under another name. */
  | { readonly kind: 'target'; readonly stage: string };

/** Named contexts by normalised name, so that `alpine` and `alpine:latest` in a Dockerfile are one. */
export type NamedContexts = ReadonlyMap<string, NamedContext>;

/**
 * Those that count for a platform: `NAME::os/architecture` does for its own, before `NAME`.
 * @throws OptionError `OPTION_UNSUPPORTED_CONTEXT`, `OPTION_BAD_GIT_URL`, `OPTION_BAD_PLATFORM`
 */
export function parseNamedContexts(values: Readonly<Record<string, string>>, platform: Platform): NamedContexts {
  const general = new Map<string, NamedContext>();
  const special = new Map<string, NamedContext>();
  for (const [written, value] of Object.entries(values)) {
    const { name, only } = splitName(written);
    if (only === undefined) general.set(contextKey(name), parseContext(value));
    else if (samePlatform(only, platform)) special.set(contextKey(name), parseContext(value));
  }
  return new Map([...general, ...special]);
}

function splitName(written: string): { readonly name: string; readonly only?: Platform } {
  const at = written.lastIndexOf('::');
  return at < 0 ? { name: written } : { name: written.slice(0, at), only: parsePlatform(written.slice(at + 2)) };
}

/**
 * Looks whether those that lie on this machine are there, also those that nothing uses, as buildx does.
 * @throws ContextError `CONTEXT_NOT_FOUND`, `CONTEXT_UNREADABLE`; ContentError `CONTENT_NOT_A_LAYOUT`
 */
export function refuseMissingContexts(values: Readonly<Record<string, string>>): void {
  for (const value of Object.values(values)) {
    const context = parseContext(value);
    if (context.kind === 'directory') requireDirectory(context.path);
    if (context.kind === 'layout') requireLayout(parseLayoutAddress(context.address).dir);
  }
}

export function findContext(contexts: NamedContexts, name: string): NamedContext | undefined {
  return contexts.get(contextKey(name));
}

/** What the planner has to know of them. */
export function contextLookup(contexts: NamedContexts): ContextLookup {
  return (name) => {
    const named = findContext(contexts, name);
    return named?.kind === 'target' ? { stage: named.stage } : named && 'outside';
  };
}

function parseContext(value: string): NamedContext {
  const address = contextAddress(value);
  if (address !== undefined) return { kind: 'fetched', address };
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(value)?.[1]?.toLowerCase();
  const rest = value.replace(/^[^:]*:(\/\/)?/, '');
  switch (scheme) {
    case 'oci-layout':
      return { kind: 'layout', address: rest };
    case 'docker-image':
      return { kind: 'image', reference: rest };
    case 'target':
      return { kind: 'target', stage: rest };
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
