import type { SourceText } from '../core/span.ts';
import type { ArgInstruction } from '../parser/instruction.ts';
import { type BuildArgs, buildArg } from './build-args.ts';
import { createExpander } from './expander.ts';
import type { Variables } from './graph.ts';

export interface GlobalScopeRequest {
  readonly automatic: ReadonlyMap<string, string>;
  /** The ARG instructions above the first FROM. */
  readonly declarations: readonly ArgInstruction[];
  readonly buildArgs: BuildArgs;
  readonly source: SourceText;
  readonly escape: '\\' | '`';
}

/** Variables of FROM lines (reference, section 7): automatic ARGs, declared ones, build arguments over both. */
export function evaluateGlobalArgs(request: GlobalScopeRequest): Variables {
  const variables = new Map<string, string | undefined>();
  for (const [name, value] of request.automatic) variables.set(name, buildArg(request.buildArgs, name) ?? value);
  // The expander reads the map as it grows: a later ARG sees the earlier ones.
  const expander = createExpander({ ...request, lookup: (name) => variables.get(name) });
  for (const { name: word, value } of request.declarations.flatMap(({ args }) => args)) {
    const name = expander.word(word);
    const given = buildArg(request.buildArgs, name) ?? (value && expander.word(value));
    variables.set(name, given ?? variables.get(name));
  }
  return variables;
}
