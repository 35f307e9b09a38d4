import { ContextError } from '../../core/errors.ts';
import { type GitSource, redactAddresses } from '../../core/git-url.ts';
import type { Git } from './git-program.ts';

/** What a ref stands for now. */
export interface ResolvedCommit {
  /** All hexadecimal digits. */
  readonly commit: string;
  /** Full name of the branch or tag; absent for a commit that was named itself. */
  readonly name?: string;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Asks the remote what a ref stands for; a commit that is named in full is known without.
 * @throws ContextError `CONTEXT_GIT_NO_REF`, `CONTEXT_GIT_CHECKSUM`, `CONTEXT_GIT_FAILED`; HostError `HOST_GIT_MISSING`
 */
export async function resolveCommit(git: Git, source: GitSource): Promise<ResolvedCommit> {
  const { ref = 'HEAD', checksum = '', fetchByCommit } = source;
  if (fetchByCommit === true && COMMIT.test(checksum)) return { commit: checksum };
  const asCommit = ref.toLowerCase();
  if (COMMIT.test(asCommit)) return checked(source, { commit: asCommit }, [asCommit]);
  const refs = await listRefs(git, source.remote, ref);
  const name = chooseName(ref, refs);
  const object = name === undefined ? undefined : refs.get(name);
  if (name === undefined || object === undefined) throw noRef(source.remote, ref);
  const commit = refs.get(`${name}^{}`) ?? object;
  return checked(source, { commit, ...(name !== 'HEAD' && { name }) }, [commit, object]);
}

async function listRefs(git: Git, remote: string, ref: string): Promise<Map<string, string>> {
  const doing = `list the refs of ${redactAddresses(remote)}`;
  const text = await git.run({ args: ['ls-remote', '--', remote, ref, `${ref}^{}`], doing, network: true });
  const lines = text.split('\n').map((line) => line.split('\t'));
  return new Map(lines.flatMap(([object = '', name]) => (name === undefined ? [] : [[name, object] as const])));
}

/** As git checkout does: a branch before a tag, and both before other refs of that name. */
function chooseName(ref: string, refs: ReadonlyMap<string, string>): string | undefined {
  const names = [`refs/heads/${ref}`, `refs/tags/${ref}`, ref, `refs/${ref}`];
  return (ref === 'HEAD' ? ['HEAD'] : names).find((name) => refs.has(name));
}

/** The checksum may also be that of an annotated tag's own object. */
function checked(
  { remote, checksum }: GitSource,
  resolved: ResolvedCommit,
  objects: readonly string[],
): ResolvedCommit {
  if (checksum === undefined || objects.some((object) => object.startsWith(checksum))) return resolved;
  throw new ContextError(
    'CONTEXT_GIT_CHECKSUM',
    `${redactAddresses(remote)}: the commit is ${resolved.commit}, not ${checksum}`,
    { hint: 'the ref has moved: check what changed, then give the new commit' },
  );
}

function noRef(remote: string, ref: string): ContextError {
  const what = ref === 'HEAD' ? 'default branch' : `branch, tag or ref ${JSON.stringify(ref)}`;
  return new ContextError('CONTEXT_GIT_NO_REF', `${redactAddresses(remote)} has no ${what}`, {
    hint: 'check the name; a commit is named with all its 40 digits',
  });
}
