import type { ReadText } from './project-text.ts';

/** The commit that is checked out, as git keeps it in `.git` of the project. */
export function readRevision(read: ReadText): { readonly revision?: string } {
  const head = read('.git/HEAD')?.trim() ?? '';
  const ref = /^ref: (.+)$/.exec(head)?.[1];
  if (ref === undefined) return /^[0-9a-f]{40,64}$/.test(head) ? { revision: head } : {};
  const revision = read(`.git/${ref}`)?.trim() ?? packedRevision(read('.git/packed-refs'), ref);
  return revision === undefined ? {} : { revision };
}

function packedRevision(text: string | undefined, ref: string): string | undefined {
  return text
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`))
    ?.split(' ')[0];
}
