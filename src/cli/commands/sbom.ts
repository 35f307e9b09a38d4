import type { Command, CommandContext } from '../command.ts';
import { directoryOf } from '../common-arguments.ts';
import type { SbomOptions } from '../library.ts';
import { DEBUG_OPTION, FULL, HELP_OPTION } from '../option-row.ts';
import { packageVersion } from '../package-version.ts';

export const sbomCommand: Command = {
  usage: 'lamella sbom [OPTION…] [DIRECTORY]',
  details: [
    'Prints the bill of materials of what the package-lock.json of DIRECTORY installs: every package with its version, licence, package URL and the digests of its tarball, and what depends on what. Nothing is fetched or installed, and the same lockfile gives the same document.',
  ],
  options: [
    {
      name: 'format',
      value: 'FORMAT',
      choices: ['cyclonedx', 'spdx'],
      help: 'CycloneDX 1.6 or SPDX 2.3, both as JSON',
      fallback: 'cyclonedx',
      support: FULL,
    },
    {
      name: 'platform',
      value: 'OS/ARCH',
      help: 'Platform whose optional packages count',
      fallback: 'linux on the architecture of this machine',
      support: FULL,
    },
    {
      name: 'libc',
      value: 'NAME',
      choices: ['glibc', 'musl'],
      help: 'C library of the target',
      fallback: 'glibc',
      support: FULL,
    },
    {
      name: 'omit',
      value: 'TYPE',
      repeatable: true,
      choices: ['dev', 'optional', 'peer'],
      help: 'Dependencies that are left out',
      support: FULL,
    },
    {
      name: 'workspace',
      value: 'NAME',
      repeatable: true,
      help: 'Workspace that alone counts, with what it needs',
      support: FULL,
    },
    DEBUG_OPTION,
    HELP_OPTION,
  ],
  examples: [
    { command: 'lamella sbom --omit dev . > bom.json', does: 'what the running application has' },
    { command: 'lamella sbom --format spdx --platform linux/arm64 .', does: 'for another platform, as SPDX' },
  ],
  run,
};

async function run({ args, host, library }: CommandContext): Promise<void> {
  const context = directoryOf(args);
  const platform = args.last('platform');
  const { sbom } = await library();
  const document = await sbom({
    context,
    format: (args.last('format') ?? 'cyclonedx') as NonNullable<SbomOptions['format']>,
    libc: (args.last('libc') ?? 'glibc') as NonNullable<SbomOptions['libc']>,
    omit: args.all('omit') as NonNullable<SbomOptions['omit']>,
    workspaces: args.all('workspace'),
    toolVersion: packageVersion(),
    ...(platform !== undefined && { platform }),
  });
  host.stdout.write(`${JSON.stringify(document, undefined, 2)}\n`);
}
