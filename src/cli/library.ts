import type { BuildOptions } from '../build/options.ts';
import type { BuildResult } from '../build/result.ts';
import type { BuilderError } from '../core/errors.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';

export type { BuildEvent, StepInfo } from '../build/events.ts';
export type { BuildOptions, Output, Secret } from '../build/options.ts';
export type { BuildResult } from '../build/result.ts';
export type { BuilderError, Diagnostic, ErrorFamily } from '../core/errors.ts';
export type { SourceSpan, SourceText } from '../core/span.ts';

export interface StoredImage {
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  readonly created?: string;
  readonly platform: string;
}

/** What the command line needs of the library. */
export interface Library {
  readonly build: (options: BuildOptions) => Promise<BuildResult>;
  readonly parse: (text: string, name?: string) => Dockerfile;
  readonly toParseJson: (file: Dockerfile) => unknown;
  readonly toDump: (file: Dockerfile) => string;
  readonly listImages: (options: { cacheDir?: string }) => Promise<readonly StoredImage[]>;
  readonly removeImage: (name: string, options: { cacheDir?: string }) => Promise<unknown>;
  readonly isBuilderError: (value: unknown) => value is BuilderError;
}
