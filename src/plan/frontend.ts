import { PlanError } from '../core/errors.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { type BuildArgs, buildArg } from './build-args.ts';

export interface FrontendOptions {
  readonly buildArgs?: BuildArgs;
  /** Reads the file as a Dockerfile whatever `# syntax=` names. Default false. */
  readonly ignoreSyntax?: boolean;
}

/** The build argument that stands above the directive. */
const OVERRIDE = 'BUILDKIT_SYNTAX';
/** Any release of the Dockerfile frontend, from any registry: this package speaks its language. */
const DOCKERFILE_FRONTEND = /^(?:[^/]*[.:][^/]*\/|localhost\/)?docker\/dockerfile/;

/**
 * The error for a file that is written for another frontend than the Dockerfile's (reference, section 2). It comes
 * before all mistakes: such a file may be in another language altogether.
 */
export function foreignFrontend(
  { directives, source }: Pick<Dockerfile, 'directives' | 'source'>,
  { buildArgs = {}, ignoreSyntax = false }: FrontendOptions,
): PlanError | undefined {
  const override = buildArg(buildArgs, OVERRIDE) || undefined;
  const reference = firstWord(override ?? directives.syntax?.text ?? '');
  if (ignoreSyntax || reference === '' || DOCKERFILE_FRONTEND.test(reference)) return undefined;
  const place = override === undefined && directives.syntax ? { span: directives.syntax.span, source } : {};
  return new PlanError('PLAN_FOREIGN_FRONTEND', `the frontend ${JSON.stringify(reference)} is not the Dockerfile's`, {
    hint: 'frontend images are not run; if the file is a Dockerfile all the same, build it with --ignore-syntax (option ignoreSyntax)',
    ...place,
  });
}

function firstWord(text: string): string {
  return text.trim().split(' ')[0] ?? '';
}
