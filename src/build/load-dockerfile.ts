import { dockerfilePaths } from '../context/dockerfile.ts';
import { type ContextIgnore, ignorePaths } from '../context/ignore-file.ts';
import { decodeText } from '../context/utf8.ts';
import { redactAddresses } from '../core/git-url.ts';
import type { Dockerfile } from '../parser/dockerfile.ts';
import { parse } from '../parser/index.ts';
import { readAll } from '../store/read.ts';
import { startHostByText } from './early-host.ts';
import { dockerfileOf, ignoreOf, type MainContext } from './main-context.ts';
import type { BuildOptions } from './options.ts';
import { type OpenedProject, openProject } from './project/open-project.ts';
import type { Session } from './session.ts';

export interface LoadedDockerfile {
  readonly parsed: Dockerfile;
  /** Where it was read from, in the context or on this machine; its ignore file may stand beside it. */
  readonly path?: string;
}

type DockerfileOptions = Pick<BuildOptions, 'dockerfile' | 'dockerfileText'>;

/** @throws ContextError as {@link dockerfileOf} does; ParseError */
export function loadDockerfile(
  { dockerfile, dockerfileText }: DockerfileOptions,
  context: MainContext,
  onText: (text: string) => void = () => {},
): LoadedDockerfile {
  const { text, name, path } =
    dockerfileText === undefined
      ? dockerfileOf(context, dockerfile)
      : { text: dockerfileText, name: 'Dockerfile', path: undefined };
  onText(text);
  return { parsed: parse(text, { name }), ...(path !== undefined && { path }) };
}

export interface OpenedDockerfile {
  readonly dockerfile: LoadedDockerfile;
  readonly ignore: ContextIgnore | undefined;
  /** Whose Dockerfile was made of its package.json. */
  readonly project: OpenedProject | undefined;
}

/**
 * Reads the Dockerfile of a build, or makes that of a project without one, and reads the ignore file.
 * @throws ContextError as {@link loadDockerfile} and {@link ignoreOf} do, `CONTEXT_DOWNLOAD_FAILED`; ParseError; what
 * {@link openProject} throws
 */
export async function openDockerfile(session: Session, context: MainContext): Promise<OpenedDockerfile> {
  const { options, inputs } = session;
  const project = await openProject(session, context);
  const given = project === undefined ? await withFetchedText(session, options) : { dockerfileText: project.text };
  const isFile = context.kind === 'directory' && given.dockerfileText === undefined;
  if (isFile) dockerfilePaths(context.path, given.dockerfile).forEach(inputs.file);
  const dockerfile = loadDockerfile(given, context, (text) => {
    if (project === undefined) startHostByText(session, text);
  });
  if (context.kind === 'directory') ignorePaths(context.path, dockerfile.path).forEach(inputs.file);
  return { dockerfile, ignore: ignoreOf(context, dockerfile.path), project };
}

/** The text of a Dockerfile that is named by an address; other options pass unchanged. */
async function withFetchedText(session: Session, options: DockerfileOptions): Promise<DockerfileOptions> {
  const { dockerfile } = options;
  if (dockerfile === undefined || !/^https?:\/\//i.test(dockerfile)) return options;
  const download = await session.remotes().downloads.fetch(dockerfile, { isOwn: true });
  const bytes = await readAll(session.store, download);
  return { dockerfileText: decodeText(bytes, redactAddresses(dockerfile)) };
}
