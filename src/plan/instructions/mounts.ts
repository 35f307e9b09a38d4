import { PlanError } from '../../core/errors.ts';
import { cleanPath } from '../../core/paths.ts';
import { type MountSpec, parseMount } from '../../parser/index.ts';
import type { Word } from '../../parser/instruction.ts';
import { buildArg } from '../build-args.ts';
import { type InstructionContext, placeOf, stageExpander } from '../instruction-context.ts';
import { locateErrors, type Place } from '../located.ts';
import { originScope } from '../origin-scope.ts';
import { resolveOrigin } from '../origins.ts';
import type { StageState } from '../stage-state.ts';
import type { FileOrigin, RunMount } from '../step.ts';
import { resolveImagePath } from '../working-directory.ts';

/** The mounts of RUN in their order, expanded and with every default (reference, section 10). */
export function evaluateMounts(
  words: readonly Word[],
  state: StageState,
  context: InstructionContext,
): readonly RunMount[] {
  const mounts: RunMount[] = [];
  for (const word of words) {
    const place = placeOf(context, word);
    const sshCount = mounts.filter(({ type }) => type === 'ssh').length;
    mounts.push(
      locateErrors(place, () => toRunMount(readMount(word, state, context), { sshCount, place, state, context })),
    );
  }
  return mounts;
}

function readMount(word: Word, state: StageState, context: InstructionContext): MountSpec {
  const expander = stageExpander(state, context);
  return parseMount(word.text, (text) => expander.word({ text, span: word.span }));
}

interface MountSite {
  /** ssh mounts before this one: their sockets are numbered. */
  readonly sshCount: number;
  readonly place: Place;
  readonly state: StageState;
  readonly context: InstructionContext;
}

function toRunMount(spec: MountSpec, site: MountSite): RunMount {
  switch (spec.type) {
    case 'bind':
      return {
        type: 'bind',
        from: originOf(spec.from, site) ?? { kind: 'context' },
        source: spec.source ?? '/',
        target: targetOf(spec.target, site),
        readOnly: spec.readOnly,
      };
    case 'cache':
      return toCacheMount(spec, site);
    case 'tmpfs':
      return { ...spec, target: targetOf(spec.target, site) };
    case 'secret': {
      const { target, ...rest } = spec;
      return { ...rest, ...(target !== undefined && { target: targetOf(target, site) }) };
    }
    case 'ssh':
      return { ...spec, target: targetOf(spec.target ?? `/run/buildkit/ssh_agent.${site.sshCount}`, site) };
  }
}

function toCacheMount(spec: MountSpec & { readonly type: 'cache' }, site: MountSite): RunMount {
  const { from: name, ...rest } = spec;
  const from = originOf(name, site);
  const id = spec.id ?? cleanPath(spec.target ?? '');
  const namespace = buildArg(site.context.options.buildArgs, 'BUILDKIT_CACHE_MOUNT_NS');
  return {
    ...rest,
    id: namespace ? `${namespace}/${id}` : id,
    ...(from && { from }),
    source: spec.source ?? '/',
    target: targetOf(spec.target, site),
  };
}

function originOf(from: string | undefined, { place, context }: MountSite): FileOrigin | undefined {
  return from === undefined ? undefined : resolveOrigin({ from, numbers: false, place }, originScope(context));
}

/** Relative to the working directory, which is also what a missing target means. */
function targetOf(written: string | undefined, { state }: MountSite): string {
  const target = resolveImagePath(written ?? '', state);
  if (target !== '/') return target;
  throw new PlanError('PLAN_BAD_MOUNT_TARGET', `invalid mount target ${JSON.stringify(target)}`, {
    hint: 'mount on a directory below the root: name one with target=',
  });
}
