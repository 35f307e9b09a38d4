export type { Annotation, AnnotationLevel } from './build/annotations.ts';
export { build } from './build/build.ts';
export type { Damage } from './build/care/damage.ts';
export type { CacheItem, ItemKind } from './build/care/item.ts';
export { listCache } from './build/care/list-cache.ts';
export { type PruneOptions, type PruneReport, pruneCache } from './build/care/prune-cache.ts';
export { type VerifyOptions, type VerifyReport, verifyCache } from './build/care/verify-cache.ts';
export { checkReproducible, type ReproducibilityReport } from './build/check-reproducible.ts';
export {
  type CopyResult,
  copyImage,
  type ImageOptions,
  type InspectedImage,
  inspectImage,
} from './build/copy-image.ts';
export { type ExamineOptions, examineHost } from './build/doctor/examine-host.ts';
export type {
  BoundsReport,
  HostCheck,
  HostReport,
  IsolatedNetworkReport,
  MachineReport,
  MethodReport,
  SnapshotterReport,
} from './build/doctor/host-report.ts';
export type { BuildEvent, StepInfo, TransferSum } from './build/events.ts';
export { type BuildExplanation, type ExplainOptions, explainLastBuild } from './build/explain/explain-build.ts';
export type { MissReason, NamedStep, PathChange } from './build/explain/miss-reason.ts';
export type { ExplainedStep, Project } from './build/explain/trace-file.ts';
export { type EnterOptions, enterKeptRun, listKeptRuns } from './build/failed/enter-kept-run.ts';
export type { FailedRun } from './build/failed/failure-listener.ts';
export type { KeptRun } from './build/failed/kept-runs.ts';
export type { Change, ImageDifference } from './build/image-difference.ts';
export { type InitOptions, initProject, type ProjectImage } from './build/init.ts';
export { type CheckOptions, check, fix, type InspectOptions, outline, plan } from './build/inspect.ts';
export { type KeptIn, type LoginOptions, login, logout } from './build/login.ts';
export type {
  BuildOptions,
  NpmOptions,
  Output,
  RegistryOptions,
  Secret,
  SharedCacheSource,
  SharedCacheTarget,
} from './build/options.ts';
export { dockerArchive, ociArchive, ociLayout, registry } from './build/outputs.ts';
export type { BuildResult } from './build/result.ts';
export { type SbomOptions, sbom } from './build/sbom.ts';
export type { SharedPruneLimits } from './build/shared/choose-steps.ts';
export {
  pruneSharedCache,
  type SharedPruneOptions,
  type SharedPruneReport,
} from './build/shared/prune-shared-cache.ts';
export { listImages, removeImage, type StoredImage, type StoreOptions } from './build/stored-images.ts';
export type { CacheKey } from './cache/cache-key.ts';
export { type CheckReport, type Finding, lintViolation } from './checks/check-dockerfile.ts';
export { type CheckJson, type FindingJson, toCheckJson } from './checks/check-json.ts';
export { CHECK_RULES } from './checks/check-rules.ts';
export type { FixedDockerfile } from './checks/fix-dockerfile.ts';
export type { Rule, RuleInfo } from './checks/rule.ts';
export { type SarifLog, type SarifOptions, toSarif } from './checks/sarif.ts';
export type { Fix, TextEdit } from './checks/text-edit.ts';
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
export type { IsolationMethod, NetworkMode, ResourceBounds, ResourceLimit } from './core/sandbox.ts';
export type { Position, SourceSpan, SourceText } from './core/span.ts';
export type { ShellTerminal, TerminalSize } from './core/terminal.ts';
export type { Dockerfile } from './parser/dockerfile.ts';
export {
  type ArgDefault,
  insertAfter,
  insertBefore,
  parse,
  print,
  removeInstruction,
  replaceInstruction,
  type StageSelector,
  setArgDefault,
  setBase,
  toDump,
  toParseJson,
} from './parser/index.ts';
export type { Instruction, InstructionKind } from './parser/instruction.ts';
export { formatGraph } from './plan/format-graph.ts';
export { formatOutline } from './plan/format-outline.ts';
export type { BuildGraph, Stage, StageBase } from './plan/graph.ts';
export { formatGraphDot, type GraphJson, toGraphJson } from './plan/graph-formats.ts';
export type { Outline, OutlineArg, OutlineStage } from './plan/outline.ts';
