import { buildah } from './buildah.ts';
import { buildctl } from './buildctl.ts';
import type { Builder, BuilderName } from './builder.ts';
import { docker } from './docker.ts';
import { kaniko } from './kaniko.ts';
import { lamella, lamellaUnshare } from './lamella.ts';
import type { Tools } from './tools.ts';

type Opener = (tools: Tools) => Builder | undefined | Promise<Builder | undefined>;

/** Every builder that there may be, in the order of the report. */
const OPENERS: Readonly<Record<BuilderName, Opener>> = {
  lamella,
  'lamella unshare': lamellaUnshare,
  buildah,
  docker,
  buildctl,
  kaniko,
};

export const BUILDER_NAMES: readonly BuilderName[] = Object.keys(OPENERS) as BuilderName[];

/** Opens those of `names` that this machine has. */
export async function openBuilders(names: readonly BuilderName[], tools: Tools): Promise<Builder[]> {
  const builders: Builder[] = [];
  for (const name of names) {
    const builder = await OPENERS[name](tools);
    if (builder !== undefined) builders.push(builder);
  }
  return builders;
}
