import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type BuilderError, isBuilderError } from '../../core/errors.ts';
import { joinPath, treePath } from '../../core/paths.ts';
import { environment } from '../../io/host.ts';
import type { NpmCommand } from '../../npm/command.ts';
import { type Installation, planInstallation } from '../../npm/installation.ts';
import type { LayerPlace } from '../../npm/layer-entries.ts';
import { isGit } from '../../npm/npm-tree.ts';
import { parseNpmrc } from '../../npm/npmrc.ts';
import { readProjectFiles } from '../../npm/project-files.ts';
import type { InstallScripts } from '../../npm/scripts.ts';
import { type InstallSettings, type SettingLayers, toInstallSettings } from '../../npm/settings.ts';
import { libcOf, toNpmTarget } from '../../npm/target.ts';
import type { RunStep } from '../../plan/step.ts';
import { lookupUser, type UserIdentity } from '../../rootfs/accounts.ts';
import { isDirectoryNode } from '../../rootfs/file-tree.ts';
import type { Settings } from '../defaults.ts';
import { readSecret } from '../secrets.ts';
import type { StepContext } from '../steps/context.ts';
import { accountTexts } from '../tree-files.ts';
import { decideScripts, refuseScriptsOfLockfile, type ScriptQuestion } from './decide-scripts.ts';
import type { GitPackages } from './git-packages.ts';
import { placeInStage } from './place.ts';
import type { Refusal } from './plans.ts';
import { differenceOfNpm, nodeVersionOf, npmVersionOf, packRulesOf } from './stage-npm.ts';
import { openStageProject, type StageProject } from './stage-project.ts';

/** Everything that the layers of an installation are made from. */
export interface StageInstallation {
  readonly project: StageProject;
  readonly installation: Installation;
  readonly place: LayerPlace;
  /** Settings of the stage, in the order in which they count. */
  readonly settings: SettingLayers;
  /** What must run afterwards; empty unless scripts are asked for. */
  readonly scripts: InstallScripts;
  /** Folders of the project with a package.json of their own. */
  readonly folders: readonly string[];
  /** Programs that packages turned out to have, by location: filled as they are unpacked. */
  readonly seen: Map<string, ReadonlySet<string>>;
  /** Where those of its packages come from that are from git. */
  readonly git: GitPackages;
}

const GIT_ERRORS = ['STEP_NPM_UNSUPPORTED_SOURCE', 'STEP_NPM_GIT_MISSING', 'STEP_NPM_GIT_SCRIPTS'];

/** Errors after which running the command would say or do something better. */
const LEFT_TO_NPM = new Set([
  'STEP_NPM_NO_MANIFEST',
  'STEP_NPM_NO_LOCKFILE',
  'STEP_NPM_FOREIGN_LOCKFILE',
  'STEP_NPM_BAD_LOCKFILE',
  'STEP_NPM_OUT_OF_SYNC',
  'STEP_NPM_ENGINE',
  'STEP_NPM_UNKNOWN_WORKSPACE',
  'STEP_NPM_NO_INTEGRITY',
  ...GIT_ERRORS,
]);

/**
 * Plans the installation of a RUN from the files of its stage.
 * @throws StepError `STEP_NPM_PLATFORM`; what reading the stage throws
 */
export async function prepareInstallation(
  step: RunStep,
  command: NpmCommand,
  { context, git }: InstallationContext,
): Promise<StageInstallation | Refusal> {
  const { settings } = context.session;
  const prepared = await prepare(step, command, { context, git }).catch((error) => leaveToNpm(error, settings));
  const { scripts } = context.session.settings.npm;
  if (scripts === 'refuse' && 'refused' in prepared && !command.settings.has('ignore-scripts')) {
    await refuseScriptsOfNpm(await openStageProject(step, context), prepared);
  }
  return prepared;
}

function leaveToNpm(error: unknown, settings: Settings): Refusal {
  if (!isBuilderError(error) || !LEFT_TO_NPM.has(error.code) || isForPeople(error, settings)) throw error;
  const { code, message } = error;
  return { refused: message, ...(code === 'STEP_NPM_GIT_MISSING' && { passing: error }) };
}

/**
 * What is wrong with a package from git is not left to npm where that would run scripts that nobody allowed, nor where nobody
 * wrote the command: npm would say less.
 */
function isForPeople({ code }: BuilderError, { npm, offline }: Settings): boolean {
  if (!GIT_ERRORS.includes(code)) return false;
  if (npm.scripts === 'refuse') return true;
  return code !== 'STEP_NPM_GIT_SCRIPTS' && (!npm.asInImage || (offline && code === 'STEP_NPM_GIT_MISSING'));
}

/** What npm is left to do must run no scripts that nobody allowed. */
async function refuseScriptsOfNpm({ read }: StageProject, { refused }: Refusal): Promise<void> {
  const files = await readProjectFiles(async (path) => (await read(path))?.toString()).catch(() => undefined);
  if (files !== undefined) refuseScriptsOfLockfile(files.lockfile, refused);
}

/** What an installation is planned with. */
export interface InstallationContext {
  readonly context: StepContext;
  readonly git: GitPackages;
}

async function prepare(
  step: RunStep,
  command: NpmCommand,
  { context, git }: InstallationContext,
): Promise<StageInstallation | Refusal> {
  const { session, stack, platform } = context;
  const project = await openStageProject(step, context);
  const user = lookupUser(await accountTexts(session, stack), step.user);
  const env = await environmentOf(step, command, context);
  const files = await readProjectFiles(async (path) => (await project.read(path))?.toString());
  const settings = await settingLayers({ project, user, env, command, npmrc: files.npmrc, step, context });
  const install = toInstallSettings(settings, env('NODE_ENV') === 'production');
  const folders = [...files.manifests.keys()];
  const placed = placeInStage({ project, user, command, folders });
  const refused = refusalOf(step, install, project) ?? ('refused' in placed ? placed.refused : undefined);
  if (refused !== undefined || 'refused' in placed) return { refused: refused ?? '' };
  const node = await nodeVersionOf(project, env('NODE_VERSION'));
  if (install.engineStrict && node === undefined) return { refused: UNKNOWN_NODE };
  const npm = session.settings.npm.asInImage ? await npmVersionOf(project) : undefined;
  const installation = await planInstallation(files, {
    ...install,
    target: toNpmTarget(platform, libcOf(project.tree)),
    engines: { node },
    scratch: join(session.workspace.path, `npm-${randomUUID()}`),
    layerCount: session.settings.npm.layers,
    packRules: packRulesOf(npm),
  });
  const { tree } = installation;
  const difference = differenceOfNpm(npm, tree, install.allowGit);
  if (difference !== undefined) return { refused: difference };
  const question = { tree, packageJson: files.packageJson, policy: session.settings.npm.scripts };
  const scripts = await decideWithGit({ ...question, ignored: install.ignoreScripts }, git);
  if ('refused' in scripts) return scripts;
  return { project, installation, place: placed, settings, scripts, folders, seen: new Map(), git };
}

/** @throws what {@link decideScripts} and {@link GitPackages.examine} throw */
async function decideWithGit(question: ScriptQuestion, git: GitPackages): Promise<InstallScripts | Refusal> {
  const { tree, policy, ignored } = question;
  await git.examine(tree.packages.filter(isGit), { ignoresScripts: ignored || policy === 'ignore' });
  return decideScripts(question);
}

const UNKNOWN_NODE = 'engine-strict is set, and nothing says which Node the image has';

type Variables = (name: string) => string | undefined;

/** The command's own variables, those of secrets, then the stage's. */
async function environmentOf(step: RunStep, command: NpmCommand, { session }: StepContext): Promise<Variables> {
  const variables = new Map(step.env.map((variable) => split(variable)));
  for (const mount of step.mounts) {
    if (mount.type !== 'secret' || mount.env === undefined) continue;
    const secret = await readSecret(session.options.secrets ?? [], mount.id);
    if (secret !== undefined) variables.set(mount.env, secret.toString());
  }
  for (const [name, value] of command.env) variables.set(name, value);
  return (name) => variables.get(name);
}

function split(variable: string): readonly [string, string] {
  const at = variable.indexOf('=');
  return [variable.slice(0, at), variable.slice(at + 1)];
}

interface SettingSources {
  readonly project: StageProject;
  readonly user: UserIdentity;
  readonly env: Variables;
  readonly command: NpmCommand;
  /** Text of the project's `.npmrc`. */
  readonly npmrc: string;
  readonly step: RunStep;
  readonly context: StepContext;
}

async function settingLayers(sources: SettingSources): Promise<SettingLayers> {
  const { project, user, env, command, npmrc, step, context } = sources;
  const fromEnv = new Map(
    step.env.map(split).flatMap(([name, value]) => {
      const key = /^npm_config_(.+)$/i.exec(name)?.[1];
      return key === undefined ? [] : [[key.toLowerCase().replaceAll('_', '-'), env(name) ?? value] as const];
    }),
  );
  const read = async (path: string): Promise<string> => (await project.readAnywhere(path))?.toString() ?? '';
  const texts = [npmrc, await read(joinPath(treePath(user.home), '.npmrc')), await read('usr/local/etc/npmrc')];
  const secrets = await secretNpmrcs(step, context);
  return [
    command.settings,
    fromEnv,
    ...[...texts, ...secrets].map((text) => parseNpmrc(text, (name) => env(name) ?? environment(name))),
  ];
}

/** Settings, mostly credentials, that are mounted for the command alone. */
async function secretNpmrcs({ mounts }: RunStep, { session }: StepContext): Promise<string[]> {
  const texts: string[] = [];
  for (const mount of mounts) {
    if (mount.type !== 'secret' || !mount.target?.endsWith('npmrc')) continue;
    texts.push((await readSecret(session.options.secrets ?? [], mount.id))?.toString() ?? '');
  }
  return texts;
}

function refusalOf(step: RunStep, install: InstallSettings, { folder, tree }: StageProject): string | undefined {
  if (install.unsupported.length > 0) return `its settings have ${install.unsupported.join(', ')}`;
  const major = Number.parseInt(/^NODE_VERSION=v?(\d+)/m.exec(step.env.join('\n'))?.[1] ?? '', 10);
  if (major < 16) return `npm of Node ${major} lays its tree out otherwise`;
  const covering = step.mounts.find(
    (mount) => mount.type !== 'secret' && mount.type !== 'ssh' && coversModules(treePath(mount.target), folder ?? ''),
  );
  if (covering !== undefined) return 'a mount covers node_modules';
  if (folder === undefined || !isDirectoryNode(tree.lookup(folder))) return 'WORKDIR is not a directory';
  return undefined;
}

/** A mount over a single file of the project, such as package.json, does not. */
function coversModules(target: string, folder: string): boolean {
  const modules = joinPath(folder, 'node_modules');
  return modules === target || modules.startsWith(`${target}/`) || target.startsWith(`${modules}/`) || target === '';
}
