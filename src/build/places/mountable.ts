import type { BlobRepositories } from '../../cache/blob-repositories.ts';
import type { Reference } from '../../core/reference.ts';
import type { PushOptions } from '../../oci/push.ts';

type Repository = Pick<Reference, 'registry' | 'repository'>;

/**
 * For a push: blobs that were seen in another repository of the same registry, such as those of a base image, are mounted
 * from there; what is in the repository now is remembered. `source` is a repository of the registry that has all of them.
 */
export function mountable(
  repositories: BlobRepositories,
  target: Repository,
  source?: string,
): Required<Pick<PushOptions, 'mountFrom' | 'onBlob'>> {
  const { registry, repository } = target;
  return {
    mountFrom: ({ digest }) => source ?? repositories.list(digest, registry).find((seen) => seen !== repository),
    onBlob: ({ digest }) => repositories.add(digest, { registry, repository }),
  };
}
