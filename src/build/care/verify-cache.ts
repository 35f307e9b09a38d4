import type { StoreOptions } from '../stored-images.ts';
import type { CheckedKind, Damage, FoundDamage } from './damage.ts';
import { type OpenCache, openCache } from './open-cache.ts';
import { verifyBlobs, verifyLayers, verifyRecords, verifyTocs } from './verify-content.ts';
import { verifyDirectories } from './verify-directories.ts';
import { verifyNames, verifyPulled } from './verify-images.ts';

export interface VerifyOptions extends StoreOptions {
  /** Takes away what is damaged, so that the next build makes it again. Default false. */
  readonly repair?: boolean;
  /** Leaves out the long part: layers are not unpacked, directories not read. Default false. */
  readonly quick?: boolean;
  readonly signal?: AbortSignal;
}

export interface VerifyReport {
  /** How many of each kind were looked at. */
  readonly checked: Readonly<Record<CheckedKind, number>>;
  readonly damage: readonly (Damage & { readonly repaired: boolean })[];
}

/**
 * Looks at everything that a cache holds: blobs have the bytes of their digests, records lead to layers, layers to blobs,
 * tables of contents say what their layer has, images and directories of layers are whole.
 * @throws HostError for what cannot be read
 */
export async function verifyCache(options: VerifyOptions = {}): Promise<VerifyReport> {
  const checked = { blob: 0, layer: 0, toc: 0, record: 0, image: 0, pulled: 0, directory: 0 };
  const damage: (Damage & { repaired: boolean })[] = [];
  const repaired = async (repair: FoundDamage['repair']): Promise<boolean> => {
    if (options.repair !== true || repair === undefined) return false;
    await repair();
    return true;
  };
  for (const [kind, findings] of checks(openCache(options), options)) {
    for await (const found of findings) {
      checked[kind]++;
      if (found === 'good') continue;
      const { repair, ...rest } = found;
      damage.push({ ...rest, repaired: await repaired(repair) });
    }
  }
  return { checked, damage };
}

type Findings = AsyncIterable<FoundDamage | 'good'> | Iterable<FoundDamage | 'good'>;

/** In this order, so that what one repair takes away shows in what leads there. */
function* checks(
  cache: OpenCache,
  { quick = false, signal }: VerifyOptions,
): Generator<readonly [CheckedKind, Findings], void> {
  yield ['blob', verifyBlobs(cache, signal)];
  yield ['layer', verifyLayers(cache, { thorough: !quick, signal })];
  yield ['toc', verifyTocs(cache)];
  yield ['record', verifyRecords(cache)];
  yield ['image', verifyNames(cache)];
  yield ['pulled', verifyPulled(cache)];
  if (!quick) yield ['directory', verifyDirectories(cache, signal)];
}
