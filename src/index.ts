export { build } from './build/build.ts';
export type { BuildEvent, StepInfo } from './build/events.ts';
export type { BuildOptions, Output, RegistryOptions, Secret } from './build/options.ts';
export { dockerArchive, ociArchive, ociLayout, registry } from './build/outputs.ts';
export type { BuildResult } from './build/result.ts';
export { listImages, removeImage, type StoredImage, type StoreOptions } from './build/stored-images.ts';
export type { CacheKey } from './cache/cache-key.ts';
export type { ChainId, DiffId, Digest } from './core/digest.ts';
export {
  BuilderError,
  ContentError,
  ContextError,
  type Diagnostic,
  type ErrorFamily,
  HostError,
  isBuilderError,
  LayerError,
  OptionError,
  ParseError,
  PlanError,
  RegistryError,
  StepError,
} from './core/errors.ts';
export type { Descriptor, HistoryItem, Image, ImageConfig, Layer, RuntimeConfig } from './core/image.ts';
export type { Compression } from './core/media-types.ts';
export type { Platform } from './core/platform.ts';
export type { IsolationMethod, NetworkMode } from './core/sandbox.ts';
export type { Position, SourceSpan, SourceText } from './core/span.ts';
export type { Dockerfile } from './parser/dockerfile.ts';
export { parse, print, toDump, toParseJson } from './parser/index.ts';
export type { Instruction, InstructionKind } from './parser/instruction.ts';
