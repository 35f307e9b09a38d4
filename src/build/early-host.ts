import type { CacheRecords } from '../cache/records.ts';
import type { Stage } from '../plan/graph.ts';
import type { Settings } from './defaults.ts';
import type { Session } from './session.ts';

/** What of a session tells whether a RUN will be carried out. */
export interface EarlyHostSession extends Pick<Session, 'shared'> {
  readonly settings: Pick<Settings, 'noCache' | 'npm'>;
  readonly records: Pick<CacheRecords, 'isEmpty'>;
  sandboxHost(): Promise<unknown>;
}

/**
 * Starts the sandbox host while the base of a stage is fetched, where a RUN is certain to be carried out: without the cache,
 * or with an empty one, as on most machines for CI. Why it cannot be started is told by the step that needs it. Tells
 * whether it is certain.
 */
export function startHostEarly(session: EarlyHostSession, { instructions }: Pick<Stage, 'instructions'>): boolean {
  if (!instructions.some(({ kind }) => kind === 'RUN') || !isWithoutCache(session)) return false;
  session.sandboxHost().catch(() => {});
  return true;
}

/**
 * The same while a Dockerfile is still being parsed, as far as its text tells: by that, one of a single stage has a command.
 * A line that only looks like one starts a process for nothing.
 */
export function startHostByText(session: EarlyHostSession, text: string): void {
  if (!isWithoutCache(session)) return;
  if (countLines(text, /^[ \t]*FROM\s/gim) !== 1 || countLines(text, /^[ \t]*RUN\s/gim) === 0) return;
  session.sandboxHost().catch(() => {});
}

function countLines(text: string, line: RegExp): number {
  return text.match(line)?.length ?? 0;
}

/** Nobody can have the result of a command. */
function isWithoutCache(session: EarlyHostSession): boolean {
  const { settings, records } = session;
  if (!settings.noCache && !records.isEmpty()) return false;
  return session.shared()?.hasSources !== true && settings.npm.mode !== 'native';
}
