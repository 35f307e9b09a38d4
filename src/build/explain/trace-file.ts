import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CacheKey } from '../../cache/cache-key.ts';
import type { DiffId } from '../../core/digest.ts';
import { writeAtomicSync } from '../../io/atomic-file.ts';
import { type ScannedFile, scanFiles } from '../../io/scan-folder.ts';
import type { MissReason } from './miss-reason.ts';

/** What is built, wherever its results go: a context with its Dockerfile. */
export interface Project {
  /** A directory, or an address without password; `-` for a stream. */
  readonly context: string;
  /** As it was named; `-` for a text. */
  readonly dockerfile: string;
}

/** A step with layers, as the build left it. */
export interface TracedStep {
  readonly text: string;
  readonly keys: readonly CacheKey[];
  readonly diffIds: readonly DiffId[];
}

/** What a stage starts from. */
export interface TracedBase {
  readonly kind: 'scratch' | 'image' | 'stage' | 'context';
  /** The reference, or the name of the stage or context. */
  readonly name: string;
  /** Identity of its layers. */
  readonly chain: string;
  /** Of an image, as it was resolved. */
  readonly digest?: string;
}

export interface TracedStage {
  readonly platform: string;
  readonly name: string;
  readonly base: TracedBase;
  readonly steps: readonly TracedStep[];
}

/** How a step of the last build ended, as it is told to people. */
export interface ExplainedStep {
  readonly stage: string;
  readonly index: number;
  readonly total: number;
  readonly line: number;
  readonly text: string;
  readonly outcome: 'cached' | 'executed' | 'failed';
  readonly durationMs: number;
  /** Uncompressed bytes of the layers that it wrote. */
  readonly writtenBytes: number;
  /** Why it was carried out; none for a step from the cache. */
  readonly reasons: readonly MissReason[];
}

/** The last build of a project: what the next one is compared with, and what `lamella cache explain` tells. */
export interface Trace extends Project {
  readonly version: typeof VERSION;
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Digest of the image; absent when the build failed. */
  readonly digest?: string;
  /** Where it is noted that nothing changed since; see `findUnchanged`. */
  readonly unchanged?: string;
  readonly steps: readonly ExplainedStep[];
  readonly stages: readonly TracedStage[];
}

export const VERSION = 1;
const NAME_DIGITS = 16;

export function writeTrace(directory: string, trace: Trace): void {
  writeAtomicSync(pathOf(directory, trace), `${JSON.stringify(trace)}\n`);
}

/**
 * The trace of a project; else the newest one of a project whose folder and Dockerfile are named alike, as another
 * checkout of it is.
 */
export function findTrace(directory: string, project: Project): Trace | undefined {
  return readTrace(pathOf(directory, project)) ?? newest(directory, `${digestOf(namesOf(project))}-`);
}

/** All traces, the newest first. */
export function listTraces(directory: string): Trace[] {
  return filesIn(directory)
    .flatMap(({ path }) => readTrace(path) ?? [])
    .sort((a, b) => b.startedMs - a.startedMs);
}

/** A damaged or foreign file counts as none. */
export function readTrace(path: string): Trace | undefined {
  try {
    const trace = JSON.parse(readFileSync(path, 'utf8')) as Trace;
    return trace.version === VERSION && Array.isArray(trace.stages) && Array.isArray(trace.steps) ? trace : undefined;
  } catch {
    return undefined;
  }
}

function newest(directory: string, prefix: string): Trace | undefined {
  const [path] = filesIn(directory)
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ path: file }) => ({ file, timeMs: statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.timeMs - a.timeMs)
    .map(({ file }) => file);
  return path === undefined ? undefined : readTrace(path);
}

/** A folder that cannot be read has nothing to compare with. */
function filesIn(directory: string): ScannedFile[] {
  try {
    return [...scanFiles(directory)];
  } catch {
    return [];
  }
}

function pathOf(directory: string, project: Project): string {
  return join(directory, `${digestOf(namesOf(project))}-${digestOf([project.context, project.dockerfile])}.json`);
}

function namesOf({ context, dockerfile }: Project): readonly string[] {
  return [basename(context), basename(dockerfile)];
}

function digestOf(texts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, NAME_DIGITS);
}
