import assert from 'node:assert/strict';
import { openDirectoryContext } from '../context/directory-context.ts';
import { ignorePaths, readContextIgnore } from '../context/ignore-file.ts';
import { visibleTree } from '../context/visible-tree.ts';
import { ContextError } from '../core/errors.ts';
import type { IgnoreMatcher } from '../core/ignore.ts';
import type { Platform } from '../core/platform.ts';
import type { Tree } from '../core/tree.ts';
import type { FileOrigin } from '../plan/step.ts';
import type { BaseImage, BaseImages, ImageUse } from './base-images.ts';
import type { ContextAddress } from './context-address.ts';
import type { LayerStack } from './layer-stack.ts';
import type { MainContext } from './main-context.ts';
import { findContext, type NamedContext, type NamedContexts } from './named-contexts.ts';
import { type FetchedContext, fetchContext } from './remote/fetched-context.ts';
import type { Session } from './session.ts';
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
  readonly session: Session;
  readonly context: MainContext;
  /** Of the main context: it may stand beside the Dockerfile. */
  readonly ignore: IgnoreMatcher | undefined;
  readonly contexts: NamedContexts;
  readonly images: BaseImages;
  readonly emptyStack: LayerStack;
}

/** Opens what steps read from; directories once in a build, so that each file is looked at once. */
export interface Origins {
  open(origin: FileOrigin, scope: OriginScope): Promise<Origin>;
  openBase(name: string, platform: Platform, use: ImageUse): Promise<NamedBase>;
}

export interface OriginScope {
  readonly platform: Platform;
  readonly stage: OtherStages;
}

export function createOrigins(parts: OriginParts): Origins {
  const { session, context, ignore, contexts, images, emptyStack } = parts;
  const { inputs } = session;
  const directories = new Map<string, Origin>();
  const fetched = new Map<string, Promise<Origin>>();
  let main: Origin | undefined;

  function mainContext(): Origin {
    main ??=
      context.kind === 'directory'
        ? openDirectory(context.path, ignore, inputs)
        : withIgnore(visible(context, ignore), ignore);
    return main;
  }

  function filesOf(name: string, named: FileContext): Promise<Origin> {
    if (named.kind === 'directory') return Promise.resolve(directory(named.path));
    const known = fetched.get(named.address.address) ?? fetchFiles(session, name, named.address);
    fetched.set(named.address.address, known);
    return known;
  }

  function directory(path: string): Origin {
    const known = directories.get(path);
    if (known !== undefined) return known;
    ignorePaths(path).forEach(inputs.file);
    const opened = openDirectory(path, readContextIgnore(path)?.matcher, inputs);
    directories.set(path, opened);
    return opened;
  }

  function contextOf(name: string): OutsideContext {
    const named = findContext(contexts, name);
    assert(named !== undefined && named.kind !== 'target', `no build context ${name}`);
    return named;
  }

  function imageOf(
    named: Exclude<OutsideContext, FileContext>,
    platform: Platform,
    use?: ImageUse,
  ): Promise<BaseImage> {
    return named.kind === 'layout'
      ? images.fromLayout(named.address, platform)
      : images.fromReference(named.reference, platform, use);
  }

  return {
    async openBase(name, platform, use) {
      const named = contextOf(name);
      if (isFileContext(named)) return { kind: 'directory', tree: await (await filesOf(name, named)).tree() };
      return { kind: 'image', image: await imageOf(named, platform, use) };
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
          const named = contextOf(origin.name);
          if (isFileContext(named)) return await filesOf(origin.name, named);
          return ofStack((await imageOf(named, platform)).stack);
        }
        case 'scratch':
          return ofStack(emptyStack);
      }
    },
  };
}

/** The planner has made stages of the others. */
type OutsideContext = Exclude<NamedContext, { kind: 'target' }>;
type FileContext = Extract<NamedContext, { kind: 'directory' | 'fetched' }>;

function isFileContext(named: OutsideContext): named is FileContext {
  return named.kind === 'directory' || named.kind === 'fetched';
}

const NO_FILES: Tree = { lookup: () => undefined, list: () => [] };

function visible(context: FetchedContext, ignore: IgnoreMatcher | undefined): Tree {
  if (context.kind === 'dockerfile') return NO_FILES;
  return ignore === undefined ? context.tree : visibleTree(context.tree, ignore);
}

/** Ignore files are those of directories of this machine (reference, section 13). */
async function fetchFiles(session: Session, name: string, address: ContextAddress): Promise<Origin> {
  const context = await fetchContext(session, address);
  if (context.kind === 'files') return withIgnore(context.tree, undefined);
  throw new ContextError('CONTEXT_BAD_ARCHIVE', `the build context ${name} is no archive: ${context.name}`, {
    hint: 'give the address of a tar archive, plain or compressed with gzip, bzip2, xz or zstd, or of a git repository',
  });
}

function openDirectory(path: string, ignore: IgnoreMatcher | undefined, inputs: BuildInputs): Origin {
  const tree = openDirectoryContext(path, ignore === undefined ? {} : { ignore });
  inputs.context(tree);
  return withIgnore(tree, ignore);
}

function withIgnore(tree: Tree, ignore: IgnoreMatcher | undefined): Origin {
  return {
    tree: () => Promise.resolve(tree),
    ...(ignore !== undefined && { isIgnored: (file: string) => ignore.ignores(file) }),
  };
}

/** The tree of a stack is made when somebody asks for it. */
function ofStack(stack: LayerStack): Origin {
  return { tree: () => stack.tree(), stack };
}
