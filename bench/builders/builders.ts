import type { AbsentBuilder } from '../report/results.ts';
import { buildah } from './buildah.ts';
import { buildctl } from './buildctl.ts';
import type { Builder, BuilderName } from './builder.ts';
import { docker } from './docker.ts';
import { kaniko } from './kaniko.ts';
import { lamella, lamellaNative, lamellaUnshare } from './lamella.ts';
import type { Tools } from './tools.ts';

type Opener = (tools: Tools) => Builder | undefined | Promise<Builder | undefined>;

/** Every builder that there may be, in the order of the report. */
const OPENERS: Readonly<Record<BuilderName, Opener>> = {
  lamella,
  'lamella unshare': lamellaUnshare,
  'lamella native': lamellaNative,
  buildah,
  docker,
  buildctl,
  kaniko,
};

export const BUILDER_NAMES: readonly BuilderName[] = Object.keys(OPENERS) as BuilderName[];

export interface OpenBuilders {
  readonly builders: readonly Builder[];
  readonly absent: readonly AbsentBuilder[];
}

/** Opens those of `names` that this machine has; one that cannot be opened does not end the others. */
export async function openBuilders(names: readonly BuilderName[], tools: Tools): Promise<OpenBuilders> {
  const builders: Builder[] = [];
  const absent: AbsentBuilder[] = [];
  for (const name of names) {
    try {
      const builder = await OPENERS[name](tools);
      if (builder !== undefined) builders.push(builder);
    } catch (error) {
      absent.push({ name, failure: String(error) });
    }
  }
  return { builders, absent };
}
