import { baseName, treePath } from '../core/paths.ts';

/**
 * The programs of a package as npm links them: `bin` may be one path, whose name is the package's, a list, or names with
 * paths; none leads out of the package.
 */
export function normalizeBins(manifest: unknown): Map<string, string> {
  const { name, bin } = manifest as { readonly name?: unknown; readonly bin?: unknown };
  const bins = new Map<string, string>();
  for (const [key, value] of pairsOf(bin, name)) {
    const base = treePath(baseName(key.replaceAll(/[\\:]/g, '/')));
    const path = typeof value === 'string' ? treePath(value.replaceAll('\\', '/')) : '';
    if (base !== '' && path !== '') bins.set(base, path);
  }
  return bins;
}

function pairsOf(bin: unknown, name: unknown): (readonly [string, unknown])[] {
  if (typeof bin === 'string') return typeof name === 'string' ? [[name, bin]] : [];
  if (Array.isArray(bin)) return bin.map((path) => [baseName(String(path)), path] as const);
  return typeof bin === 'object' && bin !== null ? Object.entries(bin) : [];
}
