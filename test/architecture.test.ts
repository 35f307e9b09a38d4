import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, sep } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { folderOf, isAllowed, readImportTable } from './support/import-table.ts';
import { REPOSITORY, readRepositoryFile, repositoryFiles } from './support/repository-files.ts';
import { findCycle, importSpecifiers, readSourceImports } from './support/source-imports.ts';

const sourceDir = join(REPOSITORY, 'src');
const sources = globSync('**/*.ts', { cwd: sourceDir }).map((file) => file.split(sep).join('/'));
const imports = readSourceImports(sourceDir, sources);
const table = readImportTable(readRepositoryFile('ARCHITECTURE.md'));

function written(edges: readonly { readonly from: string; readonly to: string }[]): string[] {
  return edges.map(({ from, to }) => `${from} imports ${to}`);
}

describe('the import table of ARCHITECTURE.md', () => {
  it('has a row for every folder of src', () => {
    expect(table.map(({ folder }) => folder)).toEqual(expect.arrayContaining([...new Set(sources.map(folderOf))]));
  });

  it('lets a folder import only what stands above it', () => {
    const order = table.map(({ folder }) => folder);
    for (const { folder, mayImport } of table) {
      for (const target of [...mayImport].filter((each) => each !== 'any')) {
        expect(order.slice(0, order.indexOf(folder)), `${folder} may import ${target}`).toContain(folderOf(target));
      }
    }
  });

  it('allows every import that there is', () => {
    expect(written(imports.filter(({ from, to }) => !isAllowed(table, from, to)))).toEqual([]);
  });
});

describe('the files of src', () => {
  it('have at most 300 lines', () => {
    const lines = (path: string): number => readRepositoryFile(`src/${path}`).split('\n').length - 1;
    expect(sources.filter((path) => lines(path) > 300)).toEqual([]);
  });
});

describe('imports within src', () => {
  it('name files that exist', () => {
    expect(written(imports.filter(({ to }) => !sources.includes(to)))).toEqual([]);
  });

  it('never run in a circle, types included', () => {
    expect(findCycle(imports)).toBeUndefined();
  });

  it('reach the library from the command line through its index alone', () => {
    const row = table.find(({ folder }) => folder === 'cli');
    const exceptions = [...(row?.mayImport ?? [])].filter((target) => target.endsWith('.ts'));
    const outside = imports.filter(({ from, to }) => folderOf(from) === 'cli' && folderOf(to) !== 'cli');
    expect(written(outside.filter(({ to }) => to !== 'index.ts' && !exceptions.includes(to)))).toEqual([]);
  });

  it('never name the sandbox host, which is started and not imported', () => {
    expect(written(imports.filter(({ from, to }) => folderOf(to) === 'hostd' && folderOf(from) !== 'hostd'))).toEqual(
      [],
    );
  });
});

describe('the reader of imports', () => {
  it('sees every way to import, and nothing in comments and strings', () => {
    const text = `
      import './effect.ts';
      import a, { b } from './value.ts';
      import type { C } from './type.ts';
      export * from './all.ts';
      export { d } from './named.ts';
      export type { E } from './exported-type.ts';
      type F = import('./type-expression.ts').F;
      const g = await import('./dynamic.ts');
      const h = await import(\`./\${name}.ts\`);
      // import './comment.ts';
      const i = "import './string.ts'" + \`import './template.ts'\`;
      export const j = 1;`;
    expect(importSpecifiers('text.ts', text)).toEqual([
      './effect.ts',
      './value.ts',
      './type.ts',
      './all.ts',
      './named.ts',
      './exported-type.ts',
      './type-expression.ts',
      './dynamic.ts',
      '<computed>',
    ]);
  });

  it('finds a circle of any length and says which way it goes', () => {
    const edges = ['a b', 'b c', 'c d', 'd b', 'a d'].map((edge) => edge.split(' '));
    const graph = edges.map(([from = '', to = '']) => ({ from, to }));
    expect(findCycle(graph)).toEqual(['b', 'c', 'd', 'b']);
    expect(findCycle(graph.slice(0, 3))).toBeUndefined();
  });
});

/** Written in pieces, so that this file is not among what it finds. */
function pieces(separator: string, ...parts: readonly string[]): string {
  return parts.join(separator);
}

function configuredRegistryHost(): string[] {
  const url = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8', cwd: homedir() }).trim();
  const host = new URL(url).host;
  return /^(localhost|127\.|\[)/.test(host) ? [] : [host];
}

describe('the files of the repository', () => {
  const files = repositoryFiles();
  const naming = (needle: string): string[] => files.filter((file) => readRepositoryFile(file).includes(needle));

  it('are found', () => {
    expect(files).toEqual(
      expect.arrayContaining(['package.json', 'ARCHITECTURE.md', '.gitignore', 'src/core/errors.ts']),
    );
    expect(files.some((file) => file.includes('node_modules'))).toBe(false);
  });

  test.each([
    ...configuredRegistryHost(),
    pieces('.', 'registry', 'npmjs', 'org'),
    pieces('.', 'registry', 'yarnpkg', 'com'),
    pieces('.', 'npm', 'pkg', 'github', 'com'),
  ])('name no package registry (%#)', (host) => {
    expect(naming(host)).toEqual([]);
  });

  test.each([pieces('.', 'docker', 'io'), pieces('.', 'hub', 'docker', 'com')])(
    "name the hosts of Docker's registry in one place (%#)",
    (host) => {
      expect(naming(host).filter((file) => file !== 'src/oci/registry/docker-hub.ts')).toEqual([]);
    },
  );

  test.each([
    pieces('/', '', 'work', ''),
    pieces('/', '', 'tmp', 'th', ''),
    ...[REPOSITORY, homedir()].filter((path) => path.split('/').length > 2),
  ])('name no path of the machine that they were written on (%#)', (path) => {
    expect(naming(path)).toEqual([]);
  });
});
