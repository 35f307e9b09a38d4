import type { CliHost } from './host.ts';
import type { FailedRun, Library, ShellTerminal } from './library.ts';
import { createPaint } from './paint.ts';
import type { PausableProgress } from './progress/pausable.ts';
import { renderError } from './render-error.ts';

export interface ShellSurroundings {
  readonly host: CliHost;
  readonly terminal: ShellTerminal;
  readonly progress: PausableProgress;
  readonly library: () => Promise<Library>;
  readonly signal: AbortSignal;
}

/** Says what failed and opens a shell there. Whatever becomes of the shell, the build ends with the step's error. */
export function shellOnError(surroundings: ShellSurroundings): (failed: FailedRun) => Promise<void> {
  const { host, terminal, progress, library, signal } = surroundings;
  const tell = async (error: unknown): Promise<void> => {
    const { isBuilderError } = await library();
    host.stderr.write(renderError(error, { paint: createPaint(host.stderr, host.env), debug: false, isBuilderError }));
  };
  return async (failed) => {
    progress.pause();
    try {
      await tell(failed.error);
      host.stderr.write(
        '\nThis is a shell in the root that the step left; leave it (exit, Ctrl-D) to end the build.\n',
      );
      await failed.openShell(terminal);
    } catch (error) {
      if (signal.aborted) throw error;
      await tell(error);
    } finally {
      progress.resume();
    }
  };
}
