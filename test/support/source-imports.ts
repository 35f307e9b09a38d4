import { readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { parseSync } from 'oxc-parser';

/** An import of one file of the project by another, types included; both relative to the source folder. */
export interface SourceImport {
  readonly from: string;
  readonly to: string;
}

/** Every relative import of the given files: import and export declarations, `import()` and types of `import()`. */
export function readSourceImports(sourceDir: string, files: readonly string[]): SourceImport[] {
  return files.flatMap((from) => {
    const path = join(sourceDir, from);
    return importSpecifiers(path, readFileSync(path, 'utf8'))
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => ({
        from,
        to: relative(sourceDir, join(dirname(path), specifier))
          .split(sep)
          .join('/'),
      }));
  });
}

/** Module specifiers in the order of the text. An `import()` of something computed counts as `<computed>`. */
export function importSpecifiers(name: string, text: string): string[] {
  const { program, errors } = parseSync(name, text);
  if (errors.length > 0) throw new Error(`${name}: ${errors.map((error) => error.message).join('; ')}`);
  const found: string[] = [];
  visit(program, (node) => {
    const source = IMPORTING.has(String(node.type)) ? node.source : undefined;
    if (isNode(source)) found.push(typeof source.value === 'string' ? source.value : '<computed>');
  });
  return found;
}

const IMPORTING = new Set([
  'ImportDeclaration',
  'ExportNamedDeclaration',
  'ExportAllDeclaration',
  'ImportExpression',
  'TSImportType',
]);

type SyntaxNode = Readonly<Record<string, unknown>>;

function visit(value: unknown, see: (node: SyntaxNode) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  else if (isNode(value)) {
    see(value);
    for (const child of Object.values(value)) visit(child, see);
  }
}

function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A circle of imports, its first file repeated at the end; `undefined` when there is none. */
export function findCycle(imports: readonly SourceImport[]): string[] | undefined {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const follow = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const { to } of targets.get(file) ?? []) {
      const cycle = follow(to, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of targets.keys()) {
    const cycle = follow(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
