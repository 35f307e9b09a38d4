import { type Digest, isDigest } from '../core/digest.ts';
import { OptionError } from '../core/errors.ts';
import { type GitSource, isCommitPrefix, isGitUrl, parseGitUrl } from '../core/git-url.ts';

export type SourceKind = 'path' | 'http' | 'git';

/** Something that is fetched. */
export type RemoteSource =
  /** One file; `checksum` is the digest that it must have. */
  | { readonly kind: 'http'; readonly url: string; readonly checksum?: Digest }
  | { readonly kind: 'git'; readonly git: GitSource };

/** What a source of ADD names, after expansion (reference, section 12). COPY takes paths only. */
export function sourceKind(source: string): SourceKind {
  if (isGitUrl(source)) return 'git';
  return /^https?:\/\//i.test(source) ? 'http' : 'path';
}

export interface RemoteFlags {
  /** Value of `--checksum`. */
  readonly checksum: string | undefined;
  readonly keepGitDir: boolean | undefined;
}

/**
 * A source of ADD that is not a path, with the flags that speak of it.
 * @throws OptionError `OPTION_BAD_GIT_URL`, `OPTION_BAD_URL`, `OPTION_BAD_CHECKSUM`
 */
export function remoteSource(source: string, flags: RemoteFlags): RemoteSource | undefined {
  const git = parseGitUrl(source);
  if (git !== undefined) return { kind: 'git', git: withFlags(git, flags) };
  return sourceKind(source) === 'http' ? httpSource(source, flags) : undefined;
}

function httpSource(url: string, { checksum }: RemoteFlags): RemoteSource {
  if (!URL.canParse(url)) {
    throw new OptionError('OPTION_BAD_URL', `${JSON.stringify(url)} is no address`, {
      hint: 'write it as https://HOST/PATH, with %20 for a blank',
    });
  }
  if (checksum === undefined) return { kind: 'http', url };
  if (!isDigest(checksum)) throw badChecksum(checksum, 'write sha256: and the 64 hexadecimal digits of the file');
  return { kind: 'http', url, checksum };
}

/** The flag and the key of the address may both be there when they agree. */
function withFlags(git: GitSource, { checksum, keepGitDir }: RemoteFlags): GitSource {
  const kept = keepGitDir === undefined ? git : { ...git, keepGitDir };
  if (checksum === undefined) return kept;
  const commit = checksum.toLowerCase();
  if (!isCommitPrefix(commit)) throw badChecksum(checksum, 'of git it is a commit, or at least 7 digits of one');
  if (git.checksum !== undefined && git.checksum !== commit) {
    throw badChecksum(checksum, `the address says ${git.checksum}: leave one of them out`);
  }
  return { ...kept, checksum: commit };
}

function badChecksum(checksum: string, hint: string): OptionError {
  return new OptionError('OPTION_BAD_CHECKSUM', `invalid --checksum ${JSON.stringify(checksum)}`, { hint });
}
