import { checkDockerfile, type Finding } from '../../src/checks/check-dockerfile.ts';
import type { CheckRequest } from '../../src/checks/scope.ts';
import { compileIgnore } from '../../src/core/ignore.ts';
import { parsePlatform } from '../../src/core/platform.ts';
import type { Tree, TreeNode } from '../../src/core/tree.ts';
import { parse } from '../../src/parser/index.ts';
import { scratchConfig } from '../../src/plan/base-config.ts';
import { LINUX } from './plan.ts';

export interface CheckTextOptions extends Partial<CheckRequest> {
  /** Lines of the ignore file. */
  readonly ignored?: readonly string[];
}

/** A request about a text; every base image is known, bare, and for linux/amd64, but `arm-only`. */
export function checkRequest(text: string, { ignored, ...options }: CheckTextOptions = {}): CheckRequest {
  return {
    dockerfile: parse(text),
    platform: LINUX,
    buildPlatform: LINUX,
    baseConfig: (reference) => scratchConfig(reference === 'arm-only' ? parsePlatform('linux/arm64') : LINUX),
    ...(ignored && { ignore: { patterns: ignored, matcher: compileIgnore(ignored) } }),
    ...options,
  };
}

export function checkText(text: string, options: CheckTextOptions = {}): readonly Finding[] {
  return checkDockerfile(checkRequest(text, options)).findings;
}

/** Files (and `name -> target` links) of a context. */
export function contextOf(...paths: readonly string[]): Tree {
  const base = { mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };
  const nodes = new Map<string, TreeNode>();
  for (const path of paths) {
    const [name = '', link] = path.split(' -> ');
    nodes.set(name, link === undefined ? { ...base, type: 'file' } : { ...base, type: 'symlink', link });
    for (let at = name.lastIndexOf('/'); at > 0; at = name.lastIndexOf('/', at - 1)) {
      nodes.set(name.slice(0, at), { ...base, type: 'directory', mode: 0o755 });
    }
  }
  return {
    lookup: (path) => nodes.get(path),
    list: (path) =>
      [...nodes.keys()]
        .filter((name) => name.slice(0, Math.max(name.lastIndexOf('/'), 0)) === path)
        .map((name) => name.slice(name.lastIndexOf('/') + 1))
        .sort(),
  };
}
