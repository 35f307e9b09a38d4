import { lstatSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { encodeTarHeader, tarPadding } from '../../io/tar-header.ts';
import { TAR_END } from '../../io/tar-writer.ts';
import { loadArborist } from '../arborist.ts';
import { normalizeBins } from '../bins.ts';

/** Whose rules say which files of a folder are packed: npm 12 reads `files` otherwise than npm 10 and 11 do. */
export type PackRules = 'npm 10' | 'npm 12';

/**
 * Makes the tarball of a folder, uncompressed, as npm does: with the files that its rules name. Nothing is run. The folder must
 * be {@link makeSafe safe}.
 */
export async function packFolder(folder: string, rules: PackRules): Promise<Buffer> {
  const Arborist = await loadArborist();
  const tree = await new Arborist({ path: folder }).loadActual();
  const packlist = await loadPacklist(rules);
  const listed = await packlist(tree, { path: folder });
  const programs = new Set(normalizeBins(tree.package).values());
  const parts: Uint8Array[] = [];
  for (const path of listed) {
    // What Arborist found above the folder is not of the package.
    if (!path.split('/').includes('..')) parts.push(...packFile(folder, path, programs));
  }
  return Buffer.concat([...parts, TAR_END]);
}

async function loadPacklist(rules: PackRules): Promise<typeof import('npm-packlist')['default']> {
  return (await (rules === 'npm 12' ? import('npm-packlist') : import('npm-packlist-10'))).default;
}

/** Modes are those of git, whatever the umask of this process. */
function packFile(folder: string, path: string, programs: ReadonlySet<string>): Uint8Array[] {
  const file = join(folder, path);
  const content = readFileSync(file);
  // npm compares with programs what is left of a path without its first folder.
  const isProgram = programs.has(path.replace(/^[^/]*\//, ''));
  const mode = isProgram || (statSync(file).mode & 0o100) !== 0 ? 0o755 : 0o644;
  const size = content.length;
  const header = encodeTarHeader({ path: `package/${path}`, type: 'file', mode, uid: 0, gid: 0, mtime: 0, size });
  return [header, content, Buffer.alloc(tarPadding(size))];
}

/**
 * Removes what git keeps for itself at the top of a checkout, and links: those that lead out of it, or `all` of them. What
 * reads the folder afterwards meets nothing of this machine.
 */
export function makeSafe(folder: string, links: 'leading out' | 'all'): void {
  rmSync(join(folder, '.git'), { recursive: true, force: true });
  const root = realpathSync(folder);
  for (const link of [...linksBelow(root)]) if (links === 'all' || !leadsInto(root, link)) rmSync(link);
}

function* linksBelow(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) yield path;
    else if (stat.isDirectory()) yield* linksBelow(path);
  }
}

function leadsInto(root: string, link: string): boolean {
  try {
    return `${realpathSync(link)}/`.startsWith(`${root}/`);
  } catch {
    return false;
  }
}
