import { badPattern } from './glob.ts';
import { compileIgnorePattern, type IgnorePattern } from './ignore-pattern.ts';
import { cleanPath, parentPath } from './paths.ts';

/** The patterns of a .dockerignore file or of `--exclude`, compiled. Paths are those of a tree. */
export interface IgnoreMatcher {
  /** The last pattern that matches the path or one of its parent directories decides; the root is never ignored. */
  ignores(path: string): boolean;
  /** False when nothing below an ignored directory can be kept, so that a walk need not enter it. */
  mayKeepBelow(directory: string): boolean;
}

interface Rule extends IgnorePattern {
  /** Written with `!`: keeps what it matches. */
  readonly keeps: boolean;
}

/**
 * Reads the text of a .dockerignore file (reference, section 13): patterns in their order, cleaned, without comments
 * and blank lines.
 */
export function readIgnoreFile(text: string): string[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter((line) => !line.startsWith('#'))
    .map(cleanPattern)
    .filter((pattern) => pattern !== '');
}

function cleanPattern(line: string): string {
  const text = line.trim();
  if (!text.startsWith('!')) return cleanGlob(text);
  return `!${cleanGlob(text.slice(1).trim())}`;
}

function cleanGlob(glob: string): string {
  return glob === '' ? '' : cleanPath(glob).replace(/^\/(?=.)/, '');
}

/**
 * Compiles patterns once for many paths. What the patterns say of a directory is remembered for what is below it, so a
 * path costs at most one comparison for each pattern.
 * @throws PlanError `PLAN_BAD_PATTERN`
 */
export function compileIgnore(lines: readonly string[]): IgnoreMatcher {
  return new RuleList(lines.map(cleanPattern).filter((pattern) => pattern !== ''));
}

class RuleList implements IgnoreMatcher {
  readonly #rules: readonly Rule[];
  /** By directory: for each rule whether it matches the directory or a parent; `undefined` when none does. */
  readonly #matched = new Map<string, readonly boolean[] | undefined>([['', undefined]]);

  constructor(patterns: readonly string[]) {
    this.#rules = patterns.map(toRule);
  }

  ignores(path: string): boolean {
    if (path === '' || this.#rules.length === 0) return false;
    const inherited = this.#matchedBy(parentPath(path));
    let ignored = false;
    this.#rules.forEach((rule, index) => {
      if (rule.keeps === ignored && (inherited?.[index] || rule.matches(path))) ignored = !ignored;
    });
    return ignored;
  }

  mayKeepBelow(directory: string): boolean {
    return this.#rules.some((rule) => rule.keeps && rule.mayMatchBelow(directory));
  }

  #matchedBy(directory: string): readonly boolean[] | undefined {
    if (this.#matched.has(directory)) return this.#matched.get(directory);
    const inherited = this.#matchedBy(parentPath(directory));
    const own = this.#rules.map((rule, index) => inherited?.[index] === true || rule.matches(directory));
    const matched = own.includes(true) ? own : undefined;
    this.#matched.set(directory, matched);
    return matched;
  }
}

function toRule(pattern: string): Rule {
  const keeps = pattern.startsWith('!');
  const glob = keeps ? pattern.slice(1) : pattern;
  if (glob === '') throw badPattern(pattern, 'there is nothing after the !');
  return { keeps, ...compileIgnorePattern(glob) };
}
