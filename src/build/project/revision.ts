import { isBuilderError } from '../../core/errors.ts';
import type { ReadText } from './project-text.ts';

const COMMIT = /^[0-9a-f]{40,64}$/;
/** git-check-ref-format(1), as far as it keeps a name from being another path. */
const REF = /^ref: (refs\/(?!.*\.\.)[^\u0000-\u0020\u007f]+)$/;

/** The commit that is checked out, as git keeps it in `.git` of the project; a `.git` that lies elsewhere tells nothing. */
export function readRevision(read: ReadText): { readonly revision?: string } {
  try {
    const revision = revisionOf(read);
    return revision !== undefined && COMMIT.test(revision) ? { revision } : {};
  } catch (error) {
    if (isBuilderError(error) && error.code === 'CONTEXT_LINK_OUTSIDE') return {};
    throw error;
  }
}

function revisionOf(read: ReadText): string | undefined {
  const head = read('.git/HEAD')?.trim() ?? '';
  const ref = REF.exec(head)?.[1];
  if (ref === undefined) return head;
  return read(`.git/${ref}`)?.trim() ?? packedRevision(read('.git/packed-refs'), ref);
}

function packedRevision(text: string | undefined, ref: string): string | undefined {
  return text
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`))
    ?.split(' ')[0];
}
