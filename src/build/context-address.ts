import { parseGitUrl } from '../core/git-url.ts';

/** Where a context comes from; everything else is a path. */
export type ContextAddress = { readonly kind: 'git' | 'http'; readonly address: string };

export function contextAddress(text: string): ContextAddress | undefined {
  if (parseGitUrl(text, { shorthand: true }) !== undefined) return { kind: 'git', address: text };
  return /^https?:\/\//i.test(text) ? { kind: 'http', address: text } : undefined;
}
