import type { CliHost } from './host.ts';
import type { InspectOptions } from './library.ts';

/** Reads the Dockerfile of `-f -` from standard input. */
export async function withDockerfileText<T extends InspectOptions>(
  options: T,
  file: string | undefined,
  host: CliHost,
): Promise<T> {
  return file === '-' ? { ...options, dockerfileText: await host.readStdin() } : options;
}
