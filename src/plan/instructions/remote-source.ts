export type SourceKind = 'path' | 'http' | 'git';

const GIT_SCHEME = /^(?:git|ssh):\/\//i;
const SCP_STYLE = /^[\w.-]+@[\w.-]+:(?!\/\/)/;
const HTTP_SCHEME = /^https?:\/\//i;
const GIT_PATH = /^https?:\/\/[^/?#]+\/[^?#]*\.git(?:[?#]|$)/i;

/** What a source of ADD names, after expansion (reference, section 12). COPY takes paths only. */
export function sourceKind(source: string): SourceKind {
  if (GIT_SCHEME.test(source) || SCP_STYLE.test(source) || GIT_PATH.test(source)) return 'git';
  return HTTP_SCHEME.test(source) ? 'http' : 'path';
}
