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
  const { settings, records } = session;
  if (!instructions.some(({ kind }) => kind === 'RUN')) return false;
  if (!settings.noCache && !records.isEmpty()) return false;
  if (session.shared()?.hasSources === true || settings.npm.mode === 'native') return false;
  session.sandboxHost().catch(() => {});
  return true;
}
