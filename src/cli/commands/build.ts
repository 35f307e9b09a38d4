import { BUILD_OPTIONS } from '../build-option-table.ts';
import { progressStyleOf, toBuildOptions } from '../build-request.ts';
import { CliError } from '../cli-error.ts';
import type { Command, CommandContext } from '../command.ts';
import type { CliHost } from '../host.ts';
import type { BuildOptions, BuildResult, ShellTerminal } from '../library.ts';
import { nextSteps } from '../next-steps.ts';
import type { Arguments } from '../parse-arguments.ts';
import { createProgress } from '../progress/create-progress.ts';
import { pausable } from '../progress/pausable.ts';
import { notReproducible } from '../reproducibility.ts';
import { terminalForShell } from '../terminal-for-shell.ts';
import { withStandardInput } from '../with-standard-input.ts';

export const buildCommand: Command = {
  usage: 'lamella build [OPTION…] [CONTEXT]',
  details: [
    'Builds the Dockerfile of CONTEXT: a directory (this one when it is left out), the address of a git repository or of a tar archive, or - for an archive, or a Dockerfile alone, on standard input. Without -o the image stays in the local store under its tags; the last lines say how to export, load or push it.',
    'A directory with a package.json and no Dockerfile is built by what `lamella init` prints: dependencies from the lockfile without running npm, sources without tests and secrets, an ordinary user. The digest of its base is kept in lamella.lock.',
    'The options are those of `docker buildx build`, with the same meaning. Progress goes to stderr; stdout stays empty, but for the digest with -q.',
    'Outputs: type=oci,dest=FILE is an archive with an OCI layout, type=oci-layout,dest=DIR (or type=oci,tar=false) the same as a directory, type=docker,dest=FILE what `docker load` reads, type=local,dest=DIR and type=tar,dest=FILE the root file system, type=registry pushes every tag, type=docker-daemon, podman and containerd load it there. compression=gzip|zstd|uncompressed, compression-level and force-compression may follow.',
  ],
  options: BUILD_OPTIONS,
  examples: [
    { command: 'lamella build -t app .', does: 'build into the local store' },
    {
      command: 'lamella build -t app --load .',
      does: 'hand it to docker',
    },
    { command: 'lamella build -t registry.example.com/app:1 --push .', does: 'build and push' },
    { command: 'lamella build -o type=oci-layout,dest=image .', does: 'write an OCI layout directory' },
    { command: 'lamella build --secret id=npmrc,src=.npmrc --target test .', does: 'build one stage, with a secret' },
  ],
  run,
};

async function run(context: CommandContext): Promise<void> {
  const method = context.args.on('check') ? 'check' : context.args.last('call');
  if (method === 'check') return await (await import('./check.ts')).runCheck(context);
  if (method === 'outline') return await (await import('./outline.ts')).runOutline(context, false);
  await buildImage(context);
}

async function buildImage(context: CommandContext): Promise<void> {
  const { args, argv, host, library } = context;
  const style = progressStyleOf(args, host.stderr, host.env);
  const terminal = args.last('on-error') === 'shell' ? terminalForShell(host, takesInput(args)) : undefined;
  const options = await withStandardInput(toBuildOptions(args, host.env), args.last('file'), host);
  const build = args.on('check-reproducible') ? twice(library) : onDemand(library, host);
  const result = await runBuild({ build, options, style, terminal, context });
  await writeResultFiles(host, result, { iidfile: args.last('iidfile'), metadataFile: args.last('metadata-file') });
  if (args.on('quiet')) host.stdout.write(`${descriptorOf(result).digest}\n`);
  else if (style !== 'json' && style !== 'quiet') host.stderr.write(nextSteps(result, options, argv));
}

function takesInput(args: Arguments): boolean {
  return args.last('file') === '-' || args.positionals.includes('-');
}

type Build = (options: BuildOptions) => Promise<BuildResult>;

/** What did not change since it was built is found without the library. */
function onDemand(library: CommandContext['library'], host: CliHost): Build {
  return async (options) => (await host.findUnchanged(options)) ?? (await (await library()).build(options));
}

/** Two builds that have to give the same image. */
function twice(library: CommandContext['library']): Build {
  return async (options) => {
    const { checkReproducible } = await library();
    const { first, difference } = await checkReproducible(options);
    if (difference !== undefined) throw notReproducible(difference);
    return first;
  };
}

async function runBuild(request: {
  readonly build: Build;
  readonly options: BuildOptions;
  readonly style: ReturnType<typeof progressStyleOf>;
  /** For a shell where a step fails. */
  readonly terminal: ShellTerminal | undefined;
  readonly context: CommandContext;
}): Promise<BuildResult> {
  const { build, options, style, terminal, context } = request;
  const { args, host, signal } = context;
  const progress = pausable(await createProgress(style, host, args.on('explain')));
  const onError = terminal && (await import('../shell-on-error.ts')).shellOnError({ ...context, terminal, progress });
  try {
    return await build({ ...options, signal, onEvent: progress.event, ...(onError && { onError }) });
  } finally {
    progress.close();
  }
}

/** Of the index, where there is one. */
function descriptorOf({ index, image }: BuildResult): BuildResult['image']['descriptor'] {
  return index ?? image.descriptor;
}

/** The keys are those that buildx writes. */
async function writeResultFiles(
  host: CliHost,
  result: BuildResult,
  files: { readonly iidfile: string | undefined; readonly metadataFile: string | undefined },
): Promise<void> {
  const descriptor = descriptorOf(result);
  const { names } = result;
  if (files.iidfile !== undefined) await writeFile(host, files.iidfile, descriptor.digest);
  if (files.metadataFile === undefined) return;
  const metadata = {
    ...(result.index === undefined && { 'containerimage.config.digest': result.image.configDescriptor.digest }),
    'containerimage.descriptor': descriptor,
    'containerimage.digest': descriptor.digest,
    ...(names.length > 0 && { 'image.name': names.join(',') }),
  };
  await writeFile(host, files.metadataFile, `${JSON.stringify(metadata, undefined, 2)}\n`);
}

async function writeFile(host: CliHost, path: string, content: string): Promise<void> {
  try {
    await host.writeFile(path, content);
  } catch (cause) {
    throw new CliError('host', 'HOST_WRITE_FAILED', `cannot write ${path}`, {
      cause,
      hint: 'the image is built; give a path that can be written',
    });
  }
}
