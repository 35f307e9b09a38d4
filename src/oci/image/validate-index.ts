import type { Descriptor } from '../../core/image.ts';
import { MediaType } from '../../core/media-types.ts';
import { formatPlatform, samePlatform } from '../../core/platform.ts';
import type { ContentReader } from '../../core/ports.ts';
import { imageCandidates } from '../choose-manifest.ts';
import { readDocument } from '../graph.ts';
import { platformOfConfig } from '../named-image.ts';
import { checkIndexDocument } from './document-rules.ts';
import { objectIn } from './json.ts';
import { readImage } from './read-image.ts';
import { validateImage } from './validate.ts';

/**
 * Reads an index with all its images again and says in sentences what breaks the image specification (image-index.md):
 * as `validateImage` does for each image, and that each has a platform of its own, which its configuration has, too.
 */
export async function validateIndex(reader: ContentReader, descriptor: Descriptor): Promise<string[]> {
  const { document, bytes } = await readDocument(reader, descriptor);
  if (document.kind !== 'index') return ['the descriptor names a manifest, not an index'];
  const problems: string[] = [];
  checkIndexDocument(objectIn(Buffer.from(bytes).toString()), (problem) => problems.push(problem));
  if (document.mediaType !== descriptor.mediaType) problems.push(`media type of the index is "${document.mediaType}"`);
  if (descriptor.mediaType !== MediaType.ociIndex)
    problems.push(`media type of the descriptor is "${descriptor.mediaType}"`);
  const seen = new Set<string>();
  for (const manifest of imageCandidates(document.manifests)) {
    const name = manifest.platform === undefined ? manifest.digest : formatPlatform(manifest.platform);
    if (seen.has(name)) problems.push(`${name} stands there twice`);
    seen.add(name);
    const found = [...(await validateImage(reader, manifest)), ...(await checkPlatform(reader, manifest))];
    problems.push(...found.map((problem) => `${name}: ${problem}`));
  }
  return problems;
}

async function checkPlatform(reader: ContentReader, manifest: Descriptor): Promise<string[]> {
  if (manifest.platform === undefined) return ['it has no platform'];
  const { config } = await readImage(reader, manifest);
  const own = platformOfConfig(config);
  return samePlatform(own, manifest.platform) ? [] : [`the configuration is for ${formatPlatform(own)}`];
}
