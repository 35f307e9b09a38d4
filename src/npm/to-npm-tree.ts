import { compareBytes } from '../core/paths.ts';
import type { ScriptVerdict } from './allow-scripts.ts';
import { type ArboristNode, nodesOf } from './arborist.ts';
import { normalizeBins } from './bins.ts';
import { npmError } from './npm-error.ts';
import type { NpmPackage, NpmTree, PackageSource } from './npm-tree.ts';

/** Order in which npm lets packages claim names of programs. */
const COLLATOR = new Intl.Collator('en');

/** Makes plain data of a tree of Arborist's, of which everything that is not to be installed is gone. */
export function toNpmTree(
  root: ArboristNode,
  known: Pick<NpmTree, 'hiddenLockfile' | 'isWhole'>,
  verdictOf: ScriptVerdict,
): NpmTree {
  const nodes = nodesOf(root).filter((node) => node !== root && node.location.split('/').includes('node_modules'));
  nodes.sort((a, b) => a.depth - b.depth || COLLATOR.compare(a.location, b.location));
  return {
    name: root.package.name ?? '',
    version: root.package.version ?? '',
    ...licenseOf(root),
    packages: nodes.map((node) => toPackage(node, verdictOf)),
    dependencies: dependenciesOf(root),
    ...known,
  };
}

function toPackage(node: ArboristNode, verdictOf: ScriptVerdict): NpmPackage {
  const { location, packageName, version } = node;
  const asking = [...node.edgesIn].map(({ from }) => from as ArboristNode | null);
  return {
    location,
    name: packageName ?? node.name,
    version: version ?? '',
    source: sourceOf(node),
    bins: normalizeBins(node.package),
    ...scriptsOf(node, verdictOf),
    isDirect: asking.some((from) => from?.isProjectRoot === true || from?.isWorkspace === true),
    isDev: node.dev,
    isOptional: node.optional,
    ...licenseOf(node),
    dependencies: dependenciesOf(node.isLink ? (node.target as ArboristNode) : node),
  };
}

function scriptsOf(
  node: ArboristNode,
  verdictOf: ScriptVerdict,
): Pick<NpmPackage, 'hasInstallScript' | 'mayRunScripts'> {
  const hasInstallScript = !node.isLink && !node.inBundle && node.hasInstallScript === true;
  const mayRunScripts = hasInstallScript ? verdictOf(node) : undefined;
  return { hasInstallScript, ...(mayRunScripts !== undefined && { mayRunScripts }) };
}

function dependenciesOf(node: ArboristNode): string[] {
  const locations = [...node.edgesOut.values()].flatMap((edge) => (edge.to === null ? [] : [edge.to.location]));
  return [...new Set(locations)].sort(compareBytes);
}

function licenseOf({ package: manifest }: ArboristNode): { license?: string } {
  const { license } = manifest as { license?: unknown };
  if (typeof license === 'string') return { license };
  const type = typeof license === 'object' && license !== null && 'type' in license ? license.type : undefined;
  return typeof type === 'string' ? { license: type } : {};
}

function sourceOf(node: ArboristNode): PackageSource {
  if (node.isLink) return { kind: 'link', target: node.target.location };
  const bundler = outermostBundler(node);
  if (bundler !== undefined) return { kind: 'bundled', bundler };
  const { integrity, resolved, pkgid } = node;
  if (typeof resolved === 'string' && /^git[+:]/.test(resolved)) return { kind: 'git', resolved };
  if (!integrity) {
    throw npmError(
      'STEP_NPM_NO_INTEGRITY',
      `package-lock.json has no integrity for ${pkgid} at ${node.location}`,
      'make the lockfile anew with `npm install`; without it the content cannot be verified',
    );
  }
  return { kind: 'tarball', integrity, ...(resolved && { resolved: projectRelative(resolved, node) }) };
}

function outermostBundler(node: ArboristNode): string | undefined {
  const bundler = node.getBundler() as ArboristNode | null;
  if (bundler === null || bundler.isProjectRoot) return undefined;
  return outermostBundler(bundler) ?? bundler.location;
}

/** Arborist makes the paths of tarballs absolute. */
function projectRelative(resolved: string, node: ArboristNode): string {
  const prefix = `file:${node.root.realpath}/`;
  return resolved.startsWith(prefix) ? `file:${resolved.slice(prefix.length)}` : resolved;
}
