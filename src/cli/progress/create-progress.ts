import type { ProgressStyle } from '../build-request.ts';
import type { CliHost } from '../host.ts';
import { jsonProgress } from './json.ts';
import { PlainProgress } from './plain.ts';
import type { Progress } from './progress.ts';
import { TtyProgress } from './tty.ts';

export function createProgress(style: ProgressStyle, host: CliHost): Progress {
  switch (style) {
    case 'tty':
      return new TtyProgress(host);
    case 'plain':
      return new PlainProgress(host);
    case 'json':
      return jsonProgress(host.stderr);
    case 'quiet':
      return { event: () => {}, close: () => {} };
  }
}
