import { type GlobToken, parseGlob } from './glob.ts';

/** A pattern of .dockerignore without its `!` (reference, section 13). */
export interface IgnorePattern {
  /** Whether the pattern matches this very path; parent directories are the caller's business. */
  matches(path: string): boolean;
  /** False when no path below the directory can match; what matches the directory itself does not count. */
  mayMatchBelow(directory: string): boolean;
}

/** `**`; `slash` when a `/` followed it. */
interface DoubleStar {
  readonly kind: 'doublestar';
  readonly slash: boolean;
}

type Part = GlobToken | DoubleStar;

/**
 * Compiles a pattern: `filepath.Match` plus `**` for any number of directories.
 * @throws PlanError `PLAN_BAD_PATTERN`
 */
export function compileIgnorePattern(pattern: string): IgnorePattern {
  const parts = toParts(parseGlob(pattern));
  return { matches: compileMatches(parts), mayMatchBelow: compileMayMatchBelow(parts) };
}

/** Joins two stars to a `**`, which takes the slash behind it along. */
function toParts(tokens: readonly GlobToken[]): Part[] {
  const parts: Part[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.kind !== 'star' || tokens[i + 1]?.kind !== 'star') {
      parts.push(token);
      continue;
    }
    const slash = isSlash(tokens[i + 2]);
    parts.push({ kind: 'doublestar', slash });
    i += slash ? 2 : 1;
  }
  return parts;
}

function compileMatches(parts: readonly Part[]): (path: string) => boolean {
  return compileSimple(parts) ?? compileExpression(parts);
}

/** The common shapes: `name`, `name/**`, `**` + `/name`, and `**name`, which alone also matches the end of a name. */
function compileSimple(parts: readonly Part[]): ((path: string) => boolean) | undefined {
  const literal = literalText(parts);
  if (literal !== undefined) return (path) => path === literal;
  const [first] = parts;
  const suffix = literalText(parts.slice(1));
  if (first?.kind === 'doublestar' && suffix !== undefined) {
    if (suffix === '' || !first.slash) return (path) => path.endsWith(suffix);
    return (path) => path === suffix || path.endsWith(`/${suffix}`);
  }
  const prefix = literalText(parts.slice(0, -1));
  return parts.at(-1)?.kind === 'doublestar' && prefix !== undefined ? (path) => path.startsWith(prefix) : undefined;
}

/** Most paths fail already at the literal beginning or end of a pattern. */
function compileExpression(parts: readonly Part[]): (path: string) => boolean {
  const isSpecial = (part: Part): boolean => part.kind !== 'literal';
  const head = literalText(parts.slice(0, parts.findIndex(isSpecial))) ?? '';
  const tail = literalText(parts.slice(parts.findLastIndex(isSpecial) + 1)) ?? '';
  const expression = new RegExp(`^${regularExpression(parts)}$`, 'su');
  return (path) => path.startsWith(head) && path.endsWith(tail) && expression.test(path);
}

function literalText(parts: readonly Part[]): string | undefined {
  let text = '';
  for (const part of parts) {
    if (part.kind !== 'literal') return undefined;
    text += part.text;
  }
  return text;
}

function regularExpression(parts: readonly Part[]): string {
  return parts.map((part, index) => expressionOf(part, index === parts.length - 1)).join('');
}

function expressionOf(part: Part, last: boolean): string {
  switch (part.kind) {
    case 'literal':
      return codePoint(part.text.codePointAt(0) ?? 0);
    case 'any':
      return '[^/]';
    case 'star':
      return '[^/]*';
    case 'doublestar':
      return last ? '.*' : '(?:.*/)?';
    case 'class': {
      const ranges = part.ranges.filter(([first, end]) => first <= end);
      return `[${part.negated ? '^' : ''}${ranges.map(([first, end]) => `${codePoint(first)}-${codePoint(end)}`).join('')}]`;
    }
  }
}

function codePoint(value: number): string {
  return `\\u{${value.toString(16)}}`;
}

/** Compares component by component, up to the first one that can match more than one directory. */
function compileMayMatchBelow(parts: readonly Part[]): (directory: string) => boolean {
  const components = splitComponents(parts);
  const deepAt = components.findIndex((component) => component.some(isDeep));
  const fixed = components.slice(0, deepAt < 0 ? components.length : deepAt);
  const expressions = fixed.map((component) => new RegExp(`^${regularExpression(component)}$`, 'su'));
  return (directory) => {
    const names = directory.split('/');
    if (names.some((name, index) => expressions[index]?.test(name) === false)) return false;
    return deepAt >= 0 || expressions.length > names.length;
  };
}

function splitComponents(parts: readonly Part[]): Part[][] {
  const components: Part[][] = [[]];
  for (const part of parts) {
    if (isSlash(part)) components.push([]);
    else components.at(-1)?.push(part);
  }
  return components;
}

/** A class may match `/`. */
function isDeep(part: Part): boolean {
  return part.kind === 'doublestar' || part.kind === 'class';
}

function isSlash(part: Part | undefined): boolean {
  return part?.kind === 'literal' && part.text === '/';
}
