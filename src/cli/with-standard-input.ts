import { usageError } from './cli-error.ts';
import type { CliHost } from './host.ts';
import type { InspectOptions } from './library.ts';

/** Takes the Dockerfile of `-f -`, or the build context `-`, from standard input. */
export async function withStandardInput<T extends InspectOptions>(
  options: T,
  file: string | undefined,
  host: CliHost,
): Promise<T> {
  if (options.context !== '-') return file === '-' ? { ...options, dockerfileText: await host.readStdin() } : options;
  if (file === '-') {
    throw usageError(
      'OPTION_CONFLICT',
      'the Dockerfile and the build context cannot both come from standard input',
      'a Dockerfile alone is read by `lamella build -`; one inside of an archive is named with -f',
    );
  }
  return { ...options, context: host.stdin() };
}
