import { accessSync, constants, statSync } from 'node:fs';
import { OptionError } from '../core/errors.ts';
import { errnoText } from '../io/host-error.ts';
import { refuseMissingContexts } from './named-contexts.ts';
import type { BuildOptions, Secret } from './options.ts';
import { agentPaths } from './ssh/agent-paths.ts';

/**
 * Looks at every path that an option names before anything is done, whether a step will use it or not: a mistyped one would
 * otherwise show late, or never where a mount is not required. Nothing is read.
 * @throws OptionError `OPTION_BAD_SECRET`, `OPTION_BAD_SSH_KEY`, `OPTION_NO_SSH_AGENT`; what `refuseMissingContexts` throws
 */
export function refuseMissingPaths({ secrets, ssh, buildContexts }: BuildOptions): void {
  for (const secret of secrets ?? []) refuseMissingSecret(secret);
  for (const access of ssh ?? []) agentPaths(access);
  refuseMissingContexts(buildContexts ?? {});
}

function refuseMissingSecret({ id, file }: Secret): void {
  if (file === undefined) return;
  const bad = (why: string, cause?: unknown): OptionError =>
    new OptionError(
      'OPTION_BAD_SECRET',
      `cannot read the secret ${JSON.stringify(id)} from ${JSON.stringify(file)}: ${why}`,
      {
        hint: `give a file that you may read (--secret id=${id},src=FILE) or a variable that is set (--secret id=${id},env=NAME)`,
        cause,
      },
    );
  try {
    if (statSync(file).isDirectory()) throw bad('it is a directory');
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw cause instanceof OptionError ? cause : bad(errnoText(cause), cause);
  }
}
