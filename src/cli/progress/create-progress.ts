import type { ProgressStyle } from '../build-request.ts';
import type { CliHost } from '../host.ts';
import type { Progress } from './progress.ts';

/**
 * Loads the style that is wanted, and no other.
 * @param explain whether people want to read why steps are carried out; programs always do
 */
export async function createProgress(style: ProgressStyle, host: CliHost, explain: boolean = false): Promise<Progress> {
  const progress = await load(style, host);
  if (explain || style === 'json') return progress;
  return {
    event: (event) => event.type !== 'cache-miss' && progress.event(event),
    show: (isShown) => progress.show?.(isShown),
    close: () => progress.close(),
  };
}

async function load(style: ProgressStyle, host: CliHost): Promise<Progress> {
  switch (style) {
    case 'tty':
      return new (await import('./tty.ts')).TtyProgress(host);
    case 'plain':
      return new (await import('./plain.ts')).PlainProgress(host);
    case 'json':
      return (await import('./json.ts')).jsonProgress(host.stderr);
    case 'quiet':
      return { event: () => {}, close: () => {} };
  }
}
