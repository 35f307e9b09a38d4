import { OptionError } from '../core/errors.ts';
import type { SourceSpan } from '../core/span.ts';
import { type CheckOptions, checkOptionProblems, parseCheckOptions } from '../parser/check-options.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { type BuildArgs, buildArg } from '../plan/build-args.ts';
import type { RuleInfo } from './rule.ts';
import { instructionAt } from './scope.ts';

/** What the writer of a Dockerfile wants to hear (reference, section 2). */
export interface RuleFilter {
  /** `error=true`: whatever is reported fails the build. */
  readonly error: boolean;
  /** Whether what breaks the rule is reported, at a place of the file or, without one, in a trigger of a base image. */
  reports(rule: Pick<RuleInfo, 'name' | 'experimental'>, span?: SourceSpan): boolean;
}

const BUILD_ARG = 'BUILDKIT_DOCKERFILE_CHECK';

/**
 * Reads the `check` directive, in whose place a build argument may stand, and the comments above instructions.
 * @throws OptionError `OPTION_BAD_CHECK` for the build argument; the directive is the parser's to check
 */
export function createRuleFilter(dockerfile: Dockerfile, buildArgs: BuildArgs = {}): RuleFilter {
  const options = parseCheckOptions(givenOptions(buildArgs) ?? dockerfile.directives.check?.text ?? '');
  return {
    error: options.error,
    reports: ({ name, experimental }, span) =>
      (!experimental || includes(options.experimental, name)) &&
      !includes(options.skip, name) &&
      !commentOptions(dockerfile, span).some(({ skip }) => includes(skip, name)),
  };
}

function givenOptions(buildArgs: BuildArgs): string | undefined {
  const text = buildArg(buildArgs, BUILD_ARG);
  if (text === undefined) return undefined;
  const [problem] = checkOptionProblems(text);
  if (problem === undefined) return text;
  throw new OptionError('OPTION_BAD_CHECK', `build argument ${BUILD_ARG}: ${problem.message}`, { hint: problem.hint });
}

/** `# check=skip=Rule` above the instruction; the value ends at the first blank. */
function commentOptions(dockerfile: Dockerfile, span: SourceSpan | undefined): readonly CheckOptions[] {
  const comments = (span && instructionAt(dockerfile, span)?.comments) ?? [];
  return comments.flatMap((comment) => {
    const [, value] = /^check\s*=\s*(\S+)/i.exec(comment) ?? [];
    return value === undefined ? [] : [parseCheckOptions(value)];
  });
}

function includes(names: readonly string[] | 'all', name: string): boolean {
  return names === 'all' || names.includes(name);
}
