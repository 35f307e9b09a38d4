import assert from 'node:assert/strict';
import { openDirectoryContext } from '../context/directory-context.ts';
import { ignorePaths, readContextIgnore } from '../context/ignore-file.ts';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { Platform } from '../core/platform.ts';
import type { Tree } from '../core/tree.ts';
import type { FileOrigin } from '../plan/step.ts';
import type { BaseImage, BaseImages } from './base-images.ts';
import type { LayerStack } from './layer-stack.ts';
import { findContext, type NamedContext, type NamedContexts } from './named-contexts.ts';
import type { OtherStages } from './stages.ts';
import type { BuildInputs } from './unchanged/build-inputs.ts';

/** Files that a step can read: a directory of this machine, or the layers of a stage or image. */
export interface Origin {
  tree(): Promise<Tree>;
  /** The layers that hold the contents; `undefined` for a directory. */
  readonly stack?: LayerStack;
  /** Whether the ignore file hides a path of a directory. */
  readonly isIgnored?: (path: string) => boolean;
}

/** What a `--build-context` that stands for a base gives: an image, or a directory's files without a configuration. */
export type NamedBase =
  | { readonly kind: 'image'; readonly image: BaseImage }
  | { readonly kind: 'directory'; readonly tree: Tree };

export interface OriginParts {
  readonly contextDir: string;
  /** Of the main context: it may stand beside the Dockerfile. */
  readonly ignore: IgnoreMatcher | undefined;
  readonly contexts: NamedContexts;
  readonly images: BaseImages;
  readonly emptyStack: LayerStack;
  readonly inputs: BuildInputs;
}

/** Opens what steps read from; directories once in a build, so that each file is looked at once. */
export interface Origins {
  open(origin: FileOrigin, scope: OriginScope): Promise<Origin>;
  openBase(name: string, platform: Platform): Promise<NamedBase>;
}

export interface OriginScope {
  readonly platform: Platform;
  readonly stage: OtherStages;
}

export function createOrigins(parts: OriginParts): Origins {
  const { contextDir, ignore, contexts, images, emptyStack, inputs } = parts;
  const directories = new Map<string, Origin>();
  let main: Origin | undefined;

  function mainContext(): Origin {
    main ??= openDirectory(contextDir, ignore, inputs);
    return main;
  }

  function directory(path: string): Origin {
    const known = directories.get(path);
    if (known !== undefined) return known;
    ignorePaths(path).forEach(inputs.file);
    const opened = openDirectory(path, readContextIgnore(path)?.matcher, inputs);
    directories.set(path, opened);
    return opened;
  }

  function contextOf(name: string): NamedContext {
    const context = findContext(contexts, name);
    assert(context !== undefined, `no build context ${name}`);
    return context;
  }

  function imageOf(context: Exclude<NamedContext, { kind: 'directory' }>, platform: Platform): Promise<BaseImage> {
    return context.kind === 'layout'
      ? images.fromLayout(context.address, platform)
      : images.fromReference(context.reference, platform);
  }

  return {
    async openBase(name, platform) {
      const context = contextOf(name);
      if (context.kind === 'directory') return { kind: 'directory', tree: await directory(context.path).tree() };
      return { kind: 'image', image: await imageOf(context, platform) };
    },
    async open(origin, { platform, stage }) {
      switch (origin.kind) {
        case 'context':
          return mainContext();
        case 'stage':
          return ofStack((await stage(origin.index)).stack);
        case 'image':
          return ofStack((await images.fromReference(origin.reference, platform)).stack);
        case 'named-context': {
          const context = contextOf(origin.name);
          if (context.kind === 'directory') return directory(context.path);
          return ofStack((await imageOf(context, platform)).stack);
        }
        case 'scratch':
          return ofStack(emptyStack);
      }
    },
  };
}

function openDirectory(path: string, ignore: IgnoreMatcher | undefined, inputs: BuildInputs): Origin {
  const tree = openDirectoryContext(path, ignore === undefined ? {} : { ignore });
  inputs.context(tree);
  return {
    tree: () => Promise.resolve(tree),
    ...(ignore !== undefined && { isIgnored: (file: string) => ignore.ignores(file) }),
  };
}

/** The tree of a stack is made when somebody asks for it. */
function ofStack(stack: LayerStack): Origin {
  return { tree: () => stack.tree(), stack };
}
