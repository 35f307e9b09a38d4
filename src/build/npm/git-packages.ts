import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuilderError, isBuilderError } from '../../core/errors.ts';
import { parseGitRemote, redactAddresses } from '../../core/git-url.ts';
import { allAtRest } from '../../io/at-rest.ts';
import { createLimit } from '../../io/limit.ts';
import { type GitAddress, parseGitAddress } from '../../npm/git/git-address.ts';
import { makeSafe, type PackRules, packFolder } from '../../npm/git/pack-folder.ts';
import { bundlesPackages, preparationOf, readGitManifest } from '../../npm/git/preparation.ts';
import { npmError } from '../../npm/npm-error.ts';
import type { GitPackage } from '../../npm/npm-tree.ts';
import { createRepositories, type GitSession } from '../remote/repositories.ts';

interface ExamineOptions {
  /** Whether nothing is run that would prepare them. */
  readonly ignoresScripts: boolean;
}

/** Packages from git, each checked out once in a build. */
export interface GitPackages extends AsyncDisposable {
  /**
   * Fetches packages and looks at what npm would have to do with them.
   * @throws StepError `STEP_NPM_UNSUPPORTED_SOURCE`, `STEP_NPM_GIT_MISSING`, `STEP_NPM_GIT_SCRIPTS`
   */
  examine(candidates: readonly GitPackage[], options: ExamineOptions): Promise<void>;
  /** The tarball that npm would make of a commit, uncompressed. @throws as {@link GitPackages.examine} does */
  pack(candidate: GitPackage, rules: PackRules): Promise<Buffer>;
}

const PARALLEL = 4;

interface Checkouts extends AsyncDisposable {
  /** Where the files of a package's commit are, {@link makeSafe safe}. */
  folderOf(candidate: GitPackage): Promise<string>;
}

/** In the workspace, each made once; they go when they are given back. */
function createCheckouts(session: GitSession): Checkouts {
  // Other people's lockfiles name hosts, too: a secret for every host is not for them.
  const repositories = createRepositories(session, { secrets: 'named' });
  const limit = createLimit(PARALLEL);
  const root = join(session.workspace.path, `npm-git-${randomUUID()}`);
  const checkouts = new Map<string, Promise<string>>();
  let folders = 0;

  async function checkOut(candidate: GitPackage): Promise<string> {
    const address = addressOf(candidate);
    let failure: unknown;
    for (const remote of address.remotes) {
      const folder = join(root, String(folders++));
      try {
        const source = { ...parseGitRemote(remote), ref: address.commit, subdir: '', submodules: !address.isHosted };
        await (await repositories.resolve(source)).checkOutInto(folder);
        makeSafe(folder, address.isHosted ? 'all' : 'leading out');
        return folder;
      } catch (error) {
        session.signal.throwIfAborted();
        failure ??= error;
      }
    }
    throw isBuilderError(failure) ? missing(candidate, failure) : failure;
  }

  return {
    folderOf(candidate) {
      const { resolved } = candidate.source;
      const known = checkouts.get(resolved) ?? limit.run(() => checkOut(candidate));
      checkouts.set(resolved, known);
      return known;
    },
    async [Symbol.asyncDispose]() {
      await Promise.allSettled([...checkouts.values(), repositories.close()]);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export function createGitPackages(session: GitSession): GitPackages {
  const checkouts = createCheckouts(session);
  return {
    async examine(candidates, options) {
      await allAtRest(candidates.map(async (each) => examineFolder(await checkouts.folderOf(each), each, options)));
    },
    pack: async (candidate, rules) => await packFolder(await checkouts.folderOf(candidate), rules),
    [Symbol.asyncDispose]: () => checkouts[Symbol.asyncDispose](),
  };
}

function addressOf(candidate: GitPackage): GitAddress {
  const address = parseGitAddress(candidate.source.resolved);
  if (address !== undefined) return address;
  throw unsupported(candidate, 'the lockfile names no commit that can be fetched by http(s), ssh or git');
}

function examineFolder(folder: string, candidate: GitPackage, { ignoresScripts }: ExamineOptions): void {
  const manifest = readGitManifest(folder);
  if (manifest === undefined) throw unsupported(candidate, 'it has no package.json that can be read');
  if (manifest.patchedDependencies !== undefined) throw unsupported(candidate, 'it has patchedDependencies');
  const inArchive = addressOf(candidate).isHosted ? archiveDifference(folder) : undefined;
  if (inArchive !== undefined) throw unsupported(candidate, inArchive);
  const preparation = preparationOf(manifest);
  // npm up to 11 installs what it bundles, even where no script may run.
  if (preparation.length > 0 && !(ignoresScripts && !bundlesPackages(manifest)))
    throw unprepared(candidate, preparation);
}

/** Why an archive that a host makes has other files than a checkout. */
function archiveDifference(folder: string): string | undefined {
  if (existsSync(join(folder, '.gitmodules'))) return 'it has submodules, which archives of its host leave out';
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const attributes = names.filter((name) => basename(name) === '.gitattributes');
  const isOther = attributes.some((name) => readFileSync(join(folder, name), 'utf8').includes('export-'));
  return isOther ? 'its .gitattributes change what archives of its host have' : undefined;
}

function labelOf({ name, version, source }: GitPackage): string {
  return `${name}@${version} (${redactAddresses(source.resolved)})`;
}

function unsupported(candidate: GitPackage, why: string): Error {
  const hint = 'depend on a published version, or install with the npm of a container';
  return npmError('STEP_NPM_UNSUPPORTED_SOURCE', `${labelOf(candidate)} comes from git, and ${why}`, hint);
}

function unprepared(candidate: GitPackage, preparation: readonly string[]): Error {
  return npmError(
    'STEP_NPM_GIT_SCRIPTS',
    `${labelOf(candidate)} comes from git, and npm would prepare it first: ${preparation.join(', ')}`,
    'go on in one of three ways: --npm-scripts ignore packs it as it is; --npm-scripts sandbox has the npm of the image do it; ' +
      'or depend on a published version',
  );
}

function missing(candidate: GitPackage, cause: BuilderError): Error {
  const isAccess = cause.code === 'CONTEXT_GIT_FAILED';
  const hint = isAccess
    ? 'check the address and the network; a private repository takes a token as the secret GIT_AUTH_TOKEN.HOST, with its host, or --ssh default'
    : (cause.hint ?? 'check the address');
  return npmError('STEP_NPM_GIT_MISSING', `${labelOf(candidate)} cannot be had: ${cause.message}`, hint, cause);
}
