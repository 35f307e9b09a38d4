import { openDirectoryContext } from '../context/directory-context.ts';
import { readContextIgnore } from '../context/ignore-file.ts';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { Platform } from '../core/platform.ts';
import type { Tree } from '../core/tree.ts';
import type { FileOrigin } from '../plan/step.ts';
import type { BaseImages } from './base-images.ts';
import type { LayerStack } from './layer-stack.ts';
import { findContext, type NamedContext, type NamedContexts } from './named-contexts.ts';
import type { BuiltStage } from './stages.ts';

/** Files that a step can read: a directory of this machine, or the layers of a stage or image. */
export interface Origin {
  readonly tree: Tree;
  /** The layers that hold the contents; `undefined` for a directory. */
  readonly stack?: LayerStack;
  /** Whether the ignore file hides a path of a directory. */
  readonly isIgnored?: (path: string) => boolean;
}

export interface OriginParts {
  readonly contextDir: string;
  /** Of the main context: it may stand beside the Dockerfile. */
  readonly ignore: IgnoreMatcher | undefined;
  readonly contexts: NamedContexts;
  readonly images: BaseImages;
  readonly emptyStack: LayerStack;
}

/** Opens what steps read from; directories once in a build, so that each file is looked at once. */
export interface Origins {
  open(origin: FileOrigin, scope: OriginScope): Promise<Origin>;
  /** A `--build-context` that stands for a base. */
  openContext(name: string, platform: Platform): Promise<Origin & { readonly config?: BuiltStage['config'] }>;
}

export interface OriginScope {
  readonly platform: Platform;
  readonly stage: (index: number) => Promise<BuiltStage>;
}

export function createOrigins({ contextDir, ignore, contexts, images, emptyStack }: OriginParts): Origins {
  const directories = new Map<string, Origin>();

  function directory(path: string, open: () => Origin): Origin {
    const known = directories.get(path) ?? open();
    directories.set(path, known);
    return known;
  }

  async function openContext(name: string, platform: Platform): Promise<Origin & { config?: BuiltStage['config'] }> {
    const context = findContext(contexts, name);
    if (context === undefined) throw new TypeError(`no build context ${name}`);
    return await openNamed(context, platform);
  }

  async function openNamed(context: NamedContext, platform: Platform) {
    if (context.kind === 'directory') {
      return directory(context.path, () => openDirectory(context.path, readContextIgnore(context.path)?.matcher));
    }
    const image =
      context.kind === 'layout'
        ? await images.fromLayout(context.address, platform)
        : await images.fromReference(context.reference, platform);
    return { tree: await image.stack.tree(), ...image };
  }

  return {
    openContext,
    async open(origin, { platform, stage }) {
      switch (origin.kind) {
        case 'context':
          return directory(contextDir, () => openDirectory(contextDir, ignore));
        case 'stage':
          return await ofStack((await stage(origin.index)).stack);
        case 'image':
          return await ofStack((await images.fromReference(origin.reference, platform)).stack);
        case 'named-context':
          return await openContext(origin.name, platform);
        case 'scratch':
          return await ofStack(emptyStack);
      }
    },
  };
}

function openDirectory(path: string, ignore: IgnoreMatcher | undefined): Origin {
  const tree = openDirectoryContext(path, ignore === undefined ? {} : { ignore });
  return { tree, ...(ignore !== undefined && { isIgnored: (file: string) => ignore.ignores(file) }) };
}

async function ofStack(stack: LayerStack): Promise<Origin> {
  return { tree: await stack.tree(), stack };
}
