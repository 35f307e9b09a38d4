import type { CacheKey } from '../../cache/cache-key.ts';
import type { CacheRecords } from '../../cache/records.ts';
import type { BuildEvent, StepInfo } from '../events.ts';
import { compareRecords, type NewParts } from './compare-records.ts';
import type { MissReason } from './miss-reason.ts';
import { compareStage, findStage, type MadeStep, type StageHistory } from './stage-history.ts';
import { createStepReport } from './step-report.ts';
import {
  type ExplainedStep,
  findTrace,
  type Project,
  type Trace,
  type TracedBase,
  type TracedStage,
  type TracedStep,
  VERSION,
  writeTrace,
} from './trace-file.ts';

/** A step whose result is not in the cache. */
export interface Miss extends NewParts {
  readonly key: CacheKey;
  /** Which of several layers of the step. */
  readonly part?: number | undefined;
  /** The record of this very key is there, but not its layer. */
  readonly isRecorded: boolean;
}

export interface StageBegin {
  readonly platform: string;
  readonly name: string;
  readonly isNamed: boolean;
  readonly base: TracedBase;
  /** Of the steps that make layers. */
  readonly texts: readonly string[];
}

/** The steps of a stage, by their position among those that make layers. */
export interface StageTrace {
  begin(position: number, info: StepInfo): void;
  end(position: number, info: StepInfo, layers: readonly Pick<MadeLayer, 'key' | 'layer'>[]): void;
}

interface MadeLayer {
  readonly key: CacheKey;
  readonly layer: { readonly diffId: TracedStep['diffIds'][number] };
}

/**
 * What a build leaves for the next one to be compared with, and the comparison with the one before. Nothing is read
 * before the first miss.
 */
export interface BuildTrace {
  stage(begin: StageBegin): StageTrace;
  reasonsFor(info: StepInfo, miss: Miss): MissReason[];
  event(event: BuildEvent): void;
  /** How a step ended, as far as it was told. */
  stepReport(info: StepInfo): ExplainedStep | undefined;
  /** What this build found behind a reference. */
  digestOf(reference: string): string | undefined;
  /** Keeps the trace; what goes wrong with it is no failure of the build. */
  save(unchanged: string | undefined): void;
}

interface RunningStage {
  readonly begin: StageBegin;
  readonly made: Map<number, MadeStep>;
  history: StageHistory | undefined;
}

interface Place {
  readonly stage: RunningStage;
  readonly position: number;
}

export interface TraceRequest {
  readonly directory: string;
  readonly project: Project;
  readonly records: Pick<CacheRecords, 'recall'>;
}

export function createBuildTrace({ directory, project, records }: TraceRequest): BuildTrace {
  const startedMs = Date.now();
  const earlier = createEarlier(directory, project);
  const stages: RunningStage[] = [];
  const places = new Map<number, Place>();
  const report = createStepReport();
  const digests = new Map<string, string>();
  return {
    stage(begin) {
      const stage: RunningStage = { begin, made: new Map(), history: undefined };
      stages.push(stage);
      return {
        begin: (position, { id }) => places.set(id, { stage, position }),
        end(position, { index, total, text }, layers) {
          const keys = layers.map(({ key }) => key);
          const diffIds = layers.map(({ layer }) => layer.diffId);
          stage.made.set(position, { text, keys, diffIds, named: { index, total, text } });
        },
      };
    },
    reasonsFor: ({ id }, miss) => reasonsOf(miss, places.get(id), { earlier, records }),
    event(event) {
      if (event.type === 'image-resolved') digests.set(event.reference, event.digest);
      else report.event(event);
    },
    stepReport: ({ id }) => report.step(id),
    digestOf: (reference) => digests.get(reference),
    save(unchanged) {
      if (stages.length === 0) return;
      try {
        const traced = { stages: tracedStages(stages, earlier), ...(unchanged !== undefined && { unchanged }) };
        writeTrace(directory, { version: VERSION, ...project, startedMs, ...report.summary(), ...traced });
      } catch {
        // The next build has nothing to compare with.
      }
    },
  };
}

/** The build before, read when it is asked for first. */
interface Earlier {
  trace(): Trace | undefined;
  historyOf(stage: RunningStage): StageHistory | undefined;
}

function createEarlier(directory: string, project: Project): Earlier {
  let found: Trace | 'none' | undefined;

  function trace(): Trace | undefined {
    found ??= findTrace(directory, project) ?? 'none';
    return found === 'none' ? undefined : found;
  }

  return {
    trace,
    historyOf(stage) {
      const { begin } = stage;
      const before = findStage(trace()?.stages ?? [], begin);
      stage.history ??= before && compareStage(before, begin.base, begin.texts);
      return stage.history;
    },
  };
}

function reasonsOf(
  miss: Miss,
  place: Place | undefined,
  { earlier, records }: { readonly earlier: Earlier; readonly records: TraceRequest['records'] },
): MissReason[] {
  if (earlier.trace() === undefined) return [{ kind: 'first-build' }];
  const history = place && earlier.historyOf(place.stage);
  if (place === undefined || history === undefined) return [{ kind: 'new-step' }];
  const { stage, position } = place;
  const key = keyOf(history.counterpart(position), miss.part);
  if (key === undefined) return [{ kind: 'new-step' }];
  if (key === miss.key) return [gone(miss)];
  const record = records.recall(key);
  if (record === undefined) return [{ kind: 'evicted', what: 'earlier-record' }];
  const reasons = compareRecords(record, miss).map((difference) =>
    difference.kind === 'below' ? history.reasonBelow(position, stage.made) : difference,
  );
  return reasons.length > 0 ? reasons : [gone(miss)];
}

/** An installation makes several layers, each with a key. */
function keyOf(step: TracedStep | undefined, part: number | undefined): CacheKey | undefined {
  return part === undefined ? step?.keys.at(-1) : step?.keys[part];
}

function gone({ isRecorded }: Miss): MissReason {
  return { kind: 'evicted', what: isRecorded ? 'layer' : 'record' };
}

/** Stages that this build did not need: another target, or another platform, may come again. */
const MOST_OTHER_STAGES = 50;

function stageId({ platform, name }: TracedStage): string {
  return `${platform} ${name}`;
}

/** Those of this build, then others of the build before. */
function tracedStages(stages: readonly RunningStage[], earlier: Earlier): TracedStage[] {
  const traced = stages.map((stage) => toTraced(stage, earlier.historyOf(stage)));
  const names = new Set(traced.map(stageId));
  const others = (earlier.trace()?.stages ?? []).filter((stage) => !names.has(stageId(stage)));
  return [...traced, ...others.slice(0, MOST_OTHER_STAGES)];
}

/** Steps that were not reached stay what they were. */
function toTraced({ begin, made }: RunningStage, history: StageHistory | undefined): TracedStage {
  const steps = begin.texts.flatMap((_, position): TracedStep[] => {
    const step = made.get(position) ?? history?.counterpart(position);
    return step === undefined ? [] : [{ text: step.text, keys: step.keys, diffIds: step.diffIds }];
  });
  const { platform, name, base } = begin;
  return { platform, name, base, steps };
}
