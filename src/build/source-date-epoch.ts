import { scratchConfig } from '../plan/base-config.ts';
import { evaluateStage } from '../plan/evaluate-stage.ts';
import type { BuildGraph, Stage } from '../plan/graph.ts';
import type { EvaluateOptions } from '../plan/instruction-context.ts';
import type { RemoteSource } from '../plan/remote-source.ts';
import { badEpoch, parseEpoch } from './epoch.ts';
import type { MainContext } from './main-context.ts';
import { findContext, type NamedContexts } from './named-contexts.ts';
import { fetchContext } from './remote/fetched-context.ts';
import type { Session } from './session.ts';

const NAME = 'SOURCE_DATE_EPOCH';
export interface EpochParts {
  readonly graph: BuildGraph;
  readonly context: MainContext;
  readonly contexts: NamedContexts;
}

/**
 * The session with the time that a global ARG gives as its default, or that the build argument names: a fetched
 * context's, or that of a stage with one remote source (reference, section 20). Its build argument is then the number.
 * @throws OptionError `OPTION_BAD_EPOCH` for a name of something that has no time
 */
export async function withSourceDateEpoch(session: Session, parts: EpochParts): Promise<Session> {
  const { sourceDateEpoch, epochSource } = session.settings;
  const text = epochSource ?? parts.graph.globalArgs.get(NAME) ?? '';
  if (text === '' || text === String(sourceDateEpoch)) return session;
  const seconds = parseEpoch(text) ?? (await timeOf(text, session, parts));
  if (seconds === undefined) throw badEpoch(text);
  const buildArgs = { ...session.settings.buildArgs, [NAME]: String(seconds) };
  return { ...session, settings: { ...session.settings, buildArgs, sourceDateEpoch: seconds } };
}

async function timeOf(name: string, session: Session, parts: EpochParts): Promise<number | undefined> {
  const { graph, context, contexts } = parts;
  if (name === 'context') return context.kind === 'directory' ? undefined : await context.time();
  const named = findContext(contexts, name);
  if (named !== undefined) {
    return named.kind === 'fetched' ? await (await fetchContext(session, named.address)).time() : undefined;
  }
  const stage = graph.stages.findLast((each) => each.name === name.toLowerCase());
  const source = stage && onlySource(stage, graph, session);
  return source && (await (await session.remotes().resolve(source)).time());
}

/** The one remote source of a stage that has nothing else. */
function onlySource(stage: Stage, graph: BuildGraph, { settings }: Session): RemoteSource | undefined {
  if (stage.base.kind !== 'scratch') return undefined;
  if (!stage.instructions.every(({ kind }) => kind === 'ARG' || kind === 'ADD')) return undefined;
  const { buildArgs, timestamps } = settings;
  const options: EvaluateOptions = { buildArgs, network: 'default', allow: [], timestamps };
  const { steps } = evaluateStage({ graph, stage, base: { config: scratchConfig(settings.platform) }, options });
  const sources = steps.flatMap((step) => (step.kind === 'add' ? [...step.remotes.values()] : []));
  return sources.length === 1 ? sources[0] : undefined;
}
