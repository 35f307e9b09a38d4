import { quoteForShell } from './format.ts';
import type { BuildOptions, BuildResult } from './library.ts';

/** The last lines of a build: where the image is, and the commands that bring it elsewhere. */
export function nextSteps(result: BuildResult, options: BuildOptions, argv: readonly string[]): string {
  const { digest } = result.index ?? result.image.descriptor;
  const { tags = [] } = options;
  if (result.outputs.length > 0) return '';
  const stay =
    tags.length === 0
      ? [`${digest} is in the local store without a name; -t NAME gives it one`]
      : [`${tags.join(', ')} is in the local store: ${digest}`];
  const commands = [
    ['load into docker', `${command(options, argv)} --load`],
    ['write an archive', `${command(options, argv)} -o type=oci,dest=${fileName(options)}.oci.tar`],
    ['push', `${command(options, argv)} ${pushOptions(options)}`],
  ];
  return [...stay, ...commands.map(([what, how]) => `  ${`${what}:`.padEnd(17)} ${how}`), ''].join('\n');
}

/**
 * The same build again. Values of `--build-arg` may be confidential, and this ends up in logs: with one, `…` stands for
 * the options.
 */
function command({ buildArgs = {} }: BuildOptions, argv: readonly string[]): string {
  const words = Object.keys(buildArgs).length > 0 ? ['…'] : argv.map(quoteForShell);
  return ['lamella', 'build', ...words].join(' ');
}

/** Last component of the first tag, as a file name. */
function fileName({ tags = [] }: BuildOptions): string {
  const [tag = 'image'] = tags;
  return tag.split('/').at(-1)?.split(/[:@]/)[0] || 'image';
}

function pushOptions({ tags = [] }: BuildOptions): string {
  const named = tags.some((tag) => /^(?:localhost|[^/]*[.:][^/]*)\//.test(tag));
  return named ? '--push' : `-t registry.example.com/${fileName({ tags })} --push`;
}
