import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { redactAddresses } from '../../core/git-url.ts';
import { defaultCacheDir } from '../../io/host.ts';
import { cacheFolders } from '../cache-folders.ts';
import { contextAddress } from '../context-address.ts';
import type { StoreOptions } from '../stored-images.ts';
import { formatReasons } from './format-reasons.ts';
import { dockerfileName } from './project.ts';
import { type ExplainedStep, listTraces, type Project, type Trace } from './trace-file.ts';

export interface ExplainOptions extends StoreOptions {
  /** Directory or address. Default: the working directory, or what was built last when it was never built. */
  readonly context?: string;
  /** Default: the one that was built last. */
  readonly dockerfile?: string;
}

/** A build that was carried out, with the reason of every step that was not in the cache. */
export interface BuildExplanation extends Project {
  /** Milliseconds since 1970. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** Of the image; absent when the build failed. */
  readonly digest?: string;
  /** When the same was asked for last, and nothing had changed; milliseconds since 1970. */
  readonly unchangedMs?: number;
  /** In the order in which they began; `why` is their reasons for people. */
  readonly steps: readonly (ExplainedStep & { readonly why: string })[];
}

/** Explains the last build of a project; `undefined` when none is known. */
export async function explainLastBuild(options: ExplainOptions = {}): Promise<BuildExplanation | undefined> {
  const { traces } = cacheFolders(resolve(options.cacheDir ?? defaultCacheDir()));
  const known = listTraces(traces);
  const { context } = options;
  if (context !== undefined) return explained(known.find((trace) => isOf(trace, { ...options, context })));
  return explained(known.find((trace) => isOf(trace, { ...options, context: '.' })) ?? anyOf(known, options));
}

/** A path of a Dockerfile is below some context; without a context it must be named in full. */
function anyOf(known: readonly Trace[], { dockerfile }: ExplainOptions): Trace | undefined {
  return dockerfile === undefined ? known[0] : known.find((trace) => trace.dockerfile === resolve(dockerfile));
}

function isOf(
  trace: Trace,
  { context, dockerfile }: { readonly context: string; readonly dockerfile?: string },
): boolean {
  const isFolder = contextAddress(context) === undefined;
  const folder = isFolder && context !== '-' ? resolve(context) : undefined;
  if (trace.context !== (folder ?? redactAddresses(context))) return false;
  return dockerfile === undefined || trace.dockerfile === dockerfileName(dockerfile, folder);
}

function explained(trace: Trace | undefined): BuildExplanation | undefined {
  if (trace === undefined) return undefined;
  const { context, dockerfile, startedMs, durationMs, digest, steps } = trace;
  const unchangedMs = laterUse(trace);
  return {
    context,
    dockerfile,
    startedMs,
    durationMs,
    ...(digest !== undefined && { digest }),
    ...(unchangedMs !== undefined && { unchangedMs }),
    steps: steps.map((step) => ({ ...step, why: formatReasons(step.reasons) })),
  };
}

/** The record of an unchanged build is made by the build itself, and touched by each that finds it. */
function laterUse({ unchanged, startedMs, durationMs }: Trace): number | undefined {
  const usedMs = unchanged === undefined ? undefined : statSync(unchanged, { throwIfNoEntry: false })?.mtimeMs;
  return usedMs !== undefined && usedMs > startedMs + durationMs + 1 ? Math.floor(usedMs) : undefined;
}
