import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../core/digest.ts';
import type { Descriptor } from '../core/image.ts';
import { formatPlatform, type Platform } from '../core/platform.ts';
import { formatReference, type Reference } from '../core/reference.ts';
import { writeAtomicSync } from '../io/atomic-file.ts';
import { scanFiles } from '../io/scan-folder.ts';
import { touchFile } from '../io/touch.ts';

/** What a reference named when it was last pulled. */
export interface PulledImage {
  /** Digest that the tag named: of an index where there is one. */
  readonly resolved: Digest;
  /** Of the manifest for the platform. */
  readonly manifest: Descriptor;
}

/** With the name that it was pulled by. */
export interface ScannedPulledImage extends PulledImage {
  readonly reference: string;
}

/** Remembers which images are in the store, so that an unchanged tag costs one small question, or none. */
export interface PulledImages {
  /** Every file, with the image that it names; `undefined` for a damaged one. */
  scan(): Iterable<{ readonly path: string; readonly image: ScannedPulledImage | undefined }>;
  find(reference: Reference, platform: Platform): PulledImage | undefined;
  remember(reference: Reference, platform: Platform, image: PulledImage): void;
}

export function createPulledImages(directory: string): PulledImages {
  const pathOf = (reference: Reference, platform: Platform): string => {
    const name = `${formatReference(reference)} ${formatPlatform(platform)}`;
    return join(directory, `${createHash('sha256').update(name).digest('hex')}.json`);
  };
  return {
    *scan() {
      for (const { path } of scanFiles(directory)) yield { path, image: readPulled(path) };
    },
    find(reference, platform) {
      const path = pathOf(reference, platform);
      touchFile(path);
      return readPulled(path);
    },
    remember(reference, platform, image) {
      const record = {
        version: 1,
        reference: formatReference(reference),
        platform: formatPlatform(platform),
        ...image,
      };
      writeAtomicSync(pathOf(reference, platform), `${JSON.stringify(record)}\n`);
    },
  };
}

function readPulled(path: string): ScannedPulledImage | undefined {
  try {
    const record = JSON.parse(readFileSync(path, 'utf8')) as ScannedPulledImage & { readonly version: number };
    return record.version === 1 ? record : undefined;
  } catch {
    return undefined;
  }
}
