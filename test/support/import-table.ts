/** A row of the import table in ARCHITECTURE.md. Folders without `src/`; `src/index.ts` is `index`. */
export interface ImportRow {
  readonly rank: number;
  readonly folder: string;
  /** Folders that it may import, or single modules (`build/up-to-date.ts`); `any`: all of lower rank. */
  readonly mayImport: ReadonlySet<string>;
}

/** Reads the table with the columns rank, folder, …, may import. */
export function readImportTable(markdown: string): ImportRow[] {
  return markdown
    .split('\n')
    .filter((line) => /^\|\s*\d+\s*\|/.test(line))
    .map((line) => {
      const cells = line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim());
      const targets = (cells.at(-1) ?? '').split(',').map((target) => target.trim().replaceAll('`', ''));
      return {
        rank: Number(cells[0]),
        folder: (cells[1] ?? '').replace(/^`src\/|`$|\.ts`$/g, ''),
        mayImport: new Set(targets.filter((target) => target !== 'nothing')),
      };
    });
}

/** The folder that a source file belongs to in the table. */
export function folderOf(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : file.replace(/\.ts$/, '');
}

export function isAllowed(rows: readonly ImportRow[], from: string, to: string): boolean {
  const row = rows.find(({ folder }) => folder === folderOf(from));
  if (row === undefined) return false;
  const target = folderOf(to);
  if (target === row.folder || row.mayImport.has(target) || row.mayImport.has(to)) return true;
  return row.mayImport.has('any') && rows.some(({ folder, rank }) => folder === target && rank < row.rank);
}
