import type { DiffId } from '../core/digest.ts';
import { StepError } from '../core/errors.ts';
import type { Layer } from '../core/image.ts';
import type { Tree } from '../core/tree.ts';
import type { FileOrigin } from '../plan/step.ts';
import type { LayerStack } from './layer-stack.ts';

/** Files that a step can read: a directory of this machine, or the layers of a stage or image. */
export type Origin =
  | { readonly kind: 'directory'; readonly tree: Tree; readonly isIgnored: (path: string) => boolean }
  | { readonly kind: 'layers'; readonly tree: Tree; readonly stack: LayerStack };

export type OpenOrigin = (origin: FileOrigin) => Promise<Origin>;
