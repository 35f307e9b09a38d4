import { ContentError, isBuilderError } from '../../core/errors.ts';
import type { ImageConfig } from '../../core/image.ts';
import { formatPlatform, type Platform } from '../../core/platform.ts';
import type { BaseImages } from '../base-images.ts';
import { LOCK_FILE } from './lock-file.ts';

/** A base that `lamella.lock` pins. */
export interface PinnedBase {
  /** As the project names it. */
  readonly base: string;
  /** With its digest, as the Dockerfile of the project has it. */
  readonly reference: string;
}

/**
 * The same images, but for a pinned base that its registry has no longer, or that is the image of another platform: the error
 * says where its digest stands, which nobody wrote by hand.
 */
export function tellingOfLock(images: BaseImages, pinned: PinnedBase): BaseImages {
  return {
    ...images,
    async fromReference(text, platform, use) {
      if (text !== pinned.reference) return await images.fromReference(text, platform, use);
      const image = await images.fromReference(text, platform, use).catch((error: unknown) => {
        throw withLockHint(error, pinned);
      });
      const { os, architecture } = image.config;
      if (os === platform.os && architecture === platform.architecture) return image;
      throw otherPlatform(image.config, platform, pinned);
    },
  };
}

function withLockHint(error: unknown, pinned: PinnedBase): unknown {
  const isGone = isBuilderError(error) && error.code === 'REGISTRY_NOT_FOUND';
  return isGone ? Object.assign(error, { hint: hintOf(pinned) }) : error;
}

function hintOf({ base }: PinnedBase): string {
  return `${LOCK_FILE} has this digest: remove the line of ${base} from it, and the next build pins what that is now`;
}

/** The digest is not that of an index. */
function otherPlatform({ os, architecture }: ImageConfig, wanted: Platform, pinned: PinnedBase): ContentError {
  const message = `${pinned.base} is pinned for ${os}/${architecture} alone, not for ${formatPlatform(wanted)}`;
  return new ContentError('CONTENT_PLATFORM_NOT_FOUND', message, { hint: hintOf(pinned) });
}
