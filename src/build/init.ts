import { resolve } from 'node:path';
import { requireDirectory } from '../context/context-error.ts';
import { projectDockerfile } from '../npm/project-dockerfile.ts';
import { pinnedBase } from './project/open-project.ts';
import { readProjectText } from './project/project-text.ts';
import { readProject } from './project/read-project.ts';

export interface InitOptions {
  /** Folder of the project. Default `'.'`. */
  readonly context?: string;
  /** Name or folder of a workspace: the image has it and what it needs of the project. */
  readonly workspace?: string;
}

export interface ProjectImage {
  /** Text of the Dockerfile. */
  readonly dockerfile: string;
  /** The base as its name says it, without a digest: key of `lamella.lock`. */
  readonly base: string;
  /** Whether the base has a digest, from `lamella.lock` or its own name. */
  readonly isPinned: boolean;
}

/**
 * The Dockerfile of a Node project that has none, from its package.json, lockfile, `.nvmrc` and `lamella.lock`.
 * @throws StepError with a code that begins with `STEP_NPM_`; OptionError `OPTION_BAD_PROJECT_CONFIG`; ContextError
 * `CONTEXT_BAD_MANIFEST`, `CONTEXT_NOT_FOUND`
 */
export async function initProject({ context = '.', workspace }: InitOptions = {}): Promise<ProjectImage> {
  const folder = resolve(context);
  requireDirectory(folder);
  const project = await readProject((path) => readProjectText(folder, path), workspace, folder);
  const base = pinnedBase(project, project.digest);
  return {
    dockerfile: projectDockerfile({ ...project.facts, base }),
    base: project.base,
    isPinned: base.includes('@'),
  };
}
