export { applyLabels, scratchConfig, withPlatform } from './base-config.ts';
export { type EvaluatedStage, evaluateStage, type StageOrigin, type StageRequest } from './evaluate-stage.ts';
export { formatGraph } from './format-graph.ts';
export type { BuildGraph, Stage, StageBase, Variables } from './graph.ts';
export type { EvaluateOptions } from './instruction-context.ts';
export { type SourceKind, sourceKind } from './instructions/remote-source.ts';
export { type PlanOptions, planBuild } from './plan-build.ts';
export {
  type AddStep,
  type CopyStep,
  type FileOrigin,
  type InlineFile,
  isEmptyLayer,
  type MetadataStep,
  type RunMount,
  type RunStep,
  type Step,
  stepOrigins,
  type WorkdirStep,
} from './step.ts';
export type { WarningListener } from './warning.ts';
