import { writeFileSync } from 'node:fs';
import { type CheckReport, checkDockerfile } from '../checks/check-dockerfile.ts';
import { type FixedDockerfile, fixDockerfile } from '../checks/fix-dockerfile.ts';
import type { CheckRequest } from '../checks/scope.ts';
import { openDirectoryContext } from '../context/directory-context.ts';
import { readContextIgnore } from '../context/ignore-file.ts';
import { HostError } from '../core/errors.ts';
import { print } from '../parser/print.ts';
import type { BuildGraph } from '../plan/graph.ts';
import { type Outline, outlineDockerfile } from '../plan/outline.ts';
import { type PlanOptions, planBuild } from '../plan/plan-build.ts';
import { resolveSettings } from './defaults.ts';
import { type LoadedDockerfile, loadDockerfile } from './load-dockerfile.ts';
import { requireDirectoryContext } from './main-context.ts';
import { contextLookup, parseNamedContexts } from './named-contexts.ts';
import { refuseMissingPaths } from './named-paths.ts';
import type { BuildOptions } from './options.ts';

/** What of a build's options says what is built. */
export type InspectOptions = Pick<
  BuildOptions,
  'context' | 'dockerfile' | 'dockerfileText' | 'ignoreSyntax' | 'target' | 'buildArgs' | 'buildContexts' | 'platform'
>;

export interface CheckOptions extends InspectOptions {
  /** Makes every broken rule an error. Default false. */
  readonly error?: boolean;
}

/**
 * Finds all that is wrong or doubtful in a Dockerfile, and what it wants of the context that is not there. Nothing is
 * built, no registry is asked.
 *
 * @throws ContextError for a context or Dockerfile that cannot be read; PlanError for a target that there is none;
 * OptionError for options that contradict each other
 *
 * @example
 * ```ts
 * for (const { code, message, span } of check({ context: '.' }).findings) console.log(span.start.line, code, message);
 * ```
 */
export function check(options: CheckOptions = {}): CheckReport {
  const given = inspected(options);
  return withPath(checkDockerfile(checkRequest(given, options)), given);
}

/**
 * As {@link check}, after mending in the Dockerfile what can be mended without changing what it builds. The file is
 * written only when something was mended; a text that was given is not.
 * @throws HostError `HOST_WRITE_FAILED`, and as {@link check} does
 */
export function fix(options: CheckOptions = {}): FixedDockerfile {
  const given = inspected(options);
  const { loaded } = given;
  const result = fixDockerfile(checkRequest(given, options));
  if (loaded.path !== undefined && result.fixed.length > 0) write(loaded.path, print(result.dockerfile));
  return { ...result, report: withPath(result.report, given) };
}

/**
 * Lists what a Dockerfile offers: stages, arguments, secrets and mounts.
 * @throws ParseError, PlanError, ContextError, OptionError
 */
export function outline(options: InspectOptions = {}): Outline {
  const { loaded, planning } = inspected(options);
  return outlineDockerfile(loaded.parsed, planning);
}

/**
 * Gives the stages of a Dockerfile, what each is built on, and which of them the target needs.
 * @throws ParseError, PlanError, ContextError, OptionError
 */
export function plan(options: InspectOptions = {}): BuildGraph {
  const { loaded, planning } = inspected(options);
  return planBuild(loaded.parsed, planning);
}

interface Inspected {
  readonly contextDir: string;
  readonly loaded: LoadedDockerfile;
  readonly planning: PlanOptions;
}

function inspected(options: InspectOptions): Inspected {
  requireDirectoryContext(options);
  const { contextDir, buildArgs, ignoreSyntax, platform, buildPlatform } = resolveSettings(options);
  refuseMissingPaths(options);
  const contexts = parseNamedContexts(options.buildContexts ?? {}, platform);
  return {
    contextDir,
    loaded: loadDockerfile(options, { kind: 'directory', path: contextDir }),
    planning: {
      buildArgs,
      ignoreSyntax,
      platform,
      buildPlatform,
      lookupContext: contextLookup(contexts),
      ...(options.target !== undefined && { target: options.target }),
    },
  };
}

function withPath(report: CheckReport, { loaded: { path } }: Inspected): CheckReport {
  return path === undefined ? report : { ...report, path };
}

function checkRequest({ contextDir, loaded, planning }: Inspected, { error = false }: CheckOptions): CheckRequest {
  const ignore = readContextIgnore(contextDir, loaded.path);
  const context = openDirectoryContext(contextDir, ignore === undefined ? {} : { ignore: ignore.matcher });
  return { dockerfile: loaded.parsed, ...planning, error, context, ...(ignore && { ignore }) };
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (cause) {
    throw new HostError('HOST_WRITE_FAILED', `cannot write ${JSON.stringify(path)}`, {
      hint: 'give yourself the right to write it, or check without --fix',
      cause,
    });
  }
}
