import { join } from 'node:path';
import { dockerfilePaths, hasDockerfile } from '../../context/dockerfile.ts';
import type { Digest } from '../../core/digest.ts';
import { isBuilderError, OptionError } from '../../core/errors.ts';
import { formatReference } from '../../core/reference.ts';
import { projectDockerfile } from '../../npm/project-dockerfile.ts';
import { normalizeReference } from '../../oci/registry/docker-hub.ts';
import type { Settings } from '../defaults.ts';
import type { MainContext } from '../main-context.ts';
import type { BuildOptions } from '../options.ts';
import type { Session } from '../session.ts';
import { LOCK_FILE, pinBase } from './lock-file.ts';
import type { PinnedBase } from './pinned-images.ts';
import { readProjectText } from './project-text.ts';
import { type Project, readProject } from './read-project.ts';

/** A folder without a Dockerfile whose package.json says enough. */
export interface OpenedProject {
  /** Text of the Dockerfile that stands for it. */
  readonly text: string;
  /** How its `npm ci` is done: natively, unless the caller wants something else. */
  readonly npm: Settings['npm'];
  readonly pinned: PinnedBase | undefined;
}

/**
 * Reads the project that a build is of, and pins its base in `lamella.lock` when that does not name it yet. `undefined` where
 * there is a Dockerfile, or no package.json.
 * @throws OptionError `OPTION_CONTRADICTION` for a workspace of what is no such project; what {@link readProject} throws
 */
export async function openProject(session: Session, context: MainContext): Promise<OpenedProject | undefined> {
  const { options, inputs, settings } = session;
  const folder = context.kind === 'directory' ? context.path : undefined;
  const read = (path: string): string | undefined => {
    inputs.file(join(folder ?? '', path));
    return readProjectText(folder ?? '', path);
  };
  if (folder === undefined || isGivenDockerfile(folder, session) || read('package.json') === undefined) {
    refuseWorkspace(options);
    return undefined;
  }
  const project = await readProject(read, options.workspace);
  const base = pinnedBase(project, project.digest ?? (await pinNow(session, folder, project)));
  const scripts = options.npm?.scripts ?? project.config.scripts ?? 'refuse';
  return {
    text: projectDockerfile({ ...project.facts, ignoresScripts: scripts === 'ignore', base }),
    npm: { ...settings.npm, mode: options.npm?.mode ?? 'native', scripts, asInImage: false },
    pinned: base === project.base ? undefined : { base: project.base, reference: base },
  };
}

export function pinnedBase({ base }: Project, digest: string | undefined): string {
  return digest === undefined || base.includes('@') ? base : `${base}@${digest}`;
}

function isGivenDockerfile(folder: string, { options, inputs }: Session): boolean {
  if (options.dockerfile !== undefined || options.dockerfileText !== undefined) return true;
  dockerfilePaths(folder).forEach(inputs.file);
  return hasDockerfile(folder);
}

function refuseWorkspace({ workspace }: BuildOptions): void {
  if (workspace === undefined) return;
  throw new OptionError('OPTION_CONTRADICTION', 'a workspace is chosen of a project without a Dockerfile', {
    hint: 'leave out --workspace, or move the Dockerfile away to build from package.json alone',
  });
}

/**
 * Asks the registry for the base and keeps its digest, that of the index where it is for several platforms. An image of
 * this machine is not pinned, nor one that a named context replaces; what no registry tells now, the build will complain of
 * when it needs it.
 */
async function pinNow(session: Session, folder: string, { base }: Project): Promise<Digest | undefined> {
  if (base === 'scratch' || session.options.buildContexts?.[base] !== undefined) return undefined;
  const reference = normalizeReference(base);
  const isAsked = reference.digest === undefined && !session.settings.offline && session.settings.pull !== 'never';
  const isLocal = session.settings.pull !== 'always' && session.names.find(formatReference(reference)) !== undefined;
  if (!isAsked || isLocal) return undefined;
  try {
    const { digest } = await session.registry().resolve(reference);
    pinBase(folder, base, digest);
    session.emit({ type: 'base-pinned', reference: base, digest, file: join(folder, LOCK_FILE) });
    return digest;
  } catch (error) {
    session.signal.throwIfAborted();
    session.inputs.unknown();
    return notPinned(error, session);
  }
}

function notPinned(error: unknown, { emit }: Session): undefined {
  if (!isBuilderError(error)) throw error;
  const { code, message, hint } = error;
  emit({
    type: 'warning',
    diagnostic: {
      severity: 'warning',
      code,
      message: `the base is not pinned in ${LOCK_FILE}: ${message}`,
      ...(hint !== undefined && { hint }),
    },
  });
  return undefined;
}
