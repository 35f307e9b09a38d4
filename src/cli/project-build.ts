import { join } from 'node:path';
import { usageError } from './cli-error.ts';
import type { CommandContext } from './command.ts';
import type { BuildEvent, BuildOptions } from './library.ts';
import type { Arguments } from './parse-arguments.ts';

/** A build of a folder without a Dockerfile, whose package.json says enough. */
export interface ProjectBuild {
  readonly options: BuildOptions;
  /** To be told of every event. */
  readonly onEvent: (event: BuildEvent) => void;
  /** Pins the base that was used in `lamella.lock`, if it was not yet. */
  readonly pin: () => Promise<void>;
}

/** `undefined` for a folder with a Dockerfile, without a package.json, or where something else is asked for. */
export async function projectBuild(
  options: BuildOptions,
  { args, host, library }: CommandContext,
): Promise<ProjectBuild | undefined> {
  const { context = '.' } = options;
  const workspace = args.last('workspace');
  const isGiven = options.dockerfile !== undefined || options.dockerfileText !== undefined;
  if (typeof context !== 'string') return undefined;
  const has = async (name: string): Promise<boolean> => {
    return await host.readFile(join(context, name)).then(
      () => true,
      () => false,
    );
  };
  if (isGiven || (await has('Dockerfile')) || (await has('dockerfile')) || !(await has('package.json'))) {
    refuseWorkspace(args);
    return undefined;
  }
  const { initProject } = await library();
  const project = await initProject({ context, ...(workspace !== undefined && { workspace }) });
  let digest: string | undefined;
  const npm = { mode: 'native' as const, ...options.npm };
  return {
    options: { ...options, npm, dockerfileText: project.dockerfile },
    onEvent(event) {
      if (event.type === 'image-resolved') digest ??= event.digest;
    },
    async pin() {
      if (project.isPinned || digest === undefined) return;
      const text = JSON.stringify({ bases: { [project.base]: digest } }, undefined, 2);
      await host.writeFile(join(context, 'lamella.lock'), `${text}\n`);
      host.stderr.write(`lamella.lock pins ${project.base} to ${digest}: keep it with the sources\n`);
    },
  };
}

function refuseWorkspace(args: Arguments): void {
  if (args.last('workspace') === undefined) return;
  throw usageError(
    'OPTION_CONFLICT',
    '--workspace is for projects without a Dockerfile',
    'leave it out, or choose another file with -f',
  );
}
