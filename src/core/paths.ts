/**
 * Lexically cleans a slash-separated path as Go's `path.Clean` does: no empty or `.` components, `..` resolved where it
 * can be, `''` gives `.`.
 */
export function cleanPath(path: string): string {
  const rooted = path.startsWith('/');
  const out: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') out.push(part);
    else if (out.length > 0 && out.at(-1) !== '..') out.pop();
    else if (!rooted) out.push('..');
  }
  return rooted ? `/${out.join('/')}` : out.join('/') || '.';
}

/** A path inside a root as trees and layers name it: cleaned as if absolute, then relative; `''` is the root. */
export function treePath(path: string): string {
  return cleanPath(`/${path}`).slice(1);
}

export function joinPath(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`;
}

/** Directory part of a tree path; `''` for a top-level name. */
export function parentPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Byte-wise comparison of UTF-8, which is the order of OCI layers and of Go's sort; never the locale's. */
export function compareBytes(a: string, b: string): number {
  return compareUnits(a, b, compareUnit);
}

function compareUnits(a: string, b: string, compare: (x: number, y: number) => number): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return compare(x, y);
  }
  return a.length - b.length;
}

/** UTF-16 surrogates sort below U+E000..U+FFFF, in UTF-8 above them. */
function compareUnit(x: number, y: number): number {
  return isSurrogate(x) === isSurrogate(y) ? x - y : isSurrogate(x) ? 1 : -1;
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff;
}

/**
 * Order of a depth-first walk with names in byte order, which is the order of entries in a layer: a directory comes
 * before what is in it, and all that is in it before its next sibling (`a`, `a/b`, `a.txt`).
 */
export function compareTreePaths(a: string, b: string): number {
  return compareUnits(a, b, compareTreeUnit);
}

const SLASH = 0x2f;

/** A slash ends a name, and a name comes before all that are longer. */
function compareTreeUnit(x: number, y: number): number {
  if (x === SLASH) return -1;
  return y === SLASH ? 1 : compareUnit(x, y);
}
