import { tableOf } from '../../layers/toc-codec.ts';
import { ROOT_ROW, type TocTable } from '../../layers/toc-table.ts';
import type { AddStep, CopyStep } from '../../plan/step.ts';
import type { MissReason } from '../explain/miss-reason.ts';
import type { ExplainedStep } from '../explain/trace-file.ts';
import type { LayerLibrary } from '../layer-library.ts';
import type { StepLayer } from '../step-result.ts';
import type { Advice } from './advice.ts';
import { countOf, formatMegabytes } from './cost.ts';

/** Folders that hardly any image needs from its context: what tools fetch, keep or make anew. */
const FOLDERS: readonly string[] = [
  ...['node_modules', '.npm', '.yarn', '.pnpm-store', '.next', '.nuxt', '.turbo', '.parcel-cache', '.nyc_output'],
  ...['.git', '.hg', '.svn', '.cache', 'coverage', 'dist', '.idea', '.vscode', '.terraform', '.gradle'],
  ...['.venv', 'venv', '__pycache__', '.tox', '.mypy_cache', '.pytest_cache', '.ruff_cache'],
];

/** What changes without anybody editing anything. */
const VOLATILE =
  /(?:^|\/)(?:(\.git|\.hg|\.svn|\.cache|\.turbo|\.nyc_output|coverage|__pycache__|\.pytest_cache|\.mypy_cache|\.idea|\.vscode|logs)(?:\/|$)|(\.DS_Store|Thumbs\.db|\.eslintcache)$|[^/]+(\.log|\.swp|\.pid|\.tsbuildinfo)$)/;

const MANY_BYTES_OF_CONTEXT = 10_000_000;
const MOST_NAMES = 3;

interface CopiedLayers {
  readonly layers: readonly StepLayer[];
  readonly report: Pick<ExplainedStep, 'text' | 'reasons' | 'writtenBytes'>;
  readonly library: Pick<LayerLibrary, 'toc'>;
}

/** Files of the context that an ignore file should keep away: large folders, and what alone changed. */
export async function adviseOnContext(
  step: Pick<CopyStep | AddStep, 'sources' | 'destination'>,
  { layers, report, library }: CopiedLayers,
): Promise<Advice[]> {
  const volatile = adviseOnVolatile(report);
  if (report.writtenBytes < MANY_BYTES_OF_CONTEXT) return volatile;
  const tocs = await Promise.all(layers.map(({ layer }) => library.toc(layer)));
  return [...volatile, ...adviseOnFolders(tocs.map(tableOf), report.text, wanted(step))];
}

/** Whoever names a folder wants it. */
function wanted({ sources, destination }: Pick<CopyStep | AddStep, 'sources' | 'destination'>): ReadonlySet<string> {
  return new Set([...sources, destination].flatMap((path) => path.split('/')));
}

function adviseOnFolders(tables: readonly TocTable[], text: string, named: ReadonlySet<string>): Advice[] {
  const names = new Set(FOLDERS.filter((name) => !named.has(name)));
  const folders = foldersOf(tables, names);
  const large = folders.filter(({ bytes }) => bytes >= MANY_BYTES_OF_CONTEXT).sort((a, b) => b.bytes - a.bytes);
  if (large.length === 0) return [];
  const what = large.map(({ name, files, bytes }) => `${name} (${countOf(files, 'file')}, ${formatMegabytes(bytes)})`);
  const patterns = large.map(({ name }) => `**/${name}`).join(' and ');
  return [
    {
      code: 'ContextNotIgnored',
      message: `${text} copies ${what.join(', ')} out of the context`,
      hint: `if the image does not need ${large.length === 1 ? 'it' : 'them'}, add ${patterns} to .dockerignore`,
    },
  ];
}

interface Folder {
  readonly name: string;
  files: number;
  bytes: number;
}

/** What lies in folders of these names; the outermost counts. */
function foldersOf(tables: readonly TocTable[], names: ReadonlySet<string>): Folder[] {
  const folders = new Map<string, Folder>();
  for (const table of tables) {
    const nameOf = outermost(table, names);
    for (let row = 0; row < table.head.count; row++) {
      const name = table.type(row) === 'file' ? nameOf(table.parent(row)) : undefined;
      if (name === undefined) continue;
      const folder = folders.get(name) ?? { name, files: 0, bytes: 0 };
      folder.files++;
      folder.bytes += table.size(row);
      folders.set(name, folder);
    }
  }
  return [...folders.values()];
}

/** Tells of the row of a directory which of the names is the outermost in its path. */
function outermost(table: TocTable, names: ReadonlySet<string>): (directory: number) => string | undefined {
  const found = new Map<number, string | undefined>([[ROOT_ROW, undefined]]);
  return function nameOf(directory: number): string | undefined {
    if (found.has(directory)) return found.get(directory);
    const own = table.name(directory);
    const name = nameOf(table.parent(directory)) ?? (names.has(own) ? own : undefined);
    found.set(directory, name);
    return name;
  };
}

function adviseOnVolatile({ text, reasons }: Pick<ExplainedStep, 'text' | 'reasons'>): Advice[] {
  const [reason, ...others] = reasons;
  if (reason?.kind !== 'files' || others.length > 0 || !isAllVolatile(reason)) return [];
  const paths = reason.changes.map(({ path }) => path);
  const shown = paths.slice(0, MOST_NAMES);
  const more = paths.length > shown.length ? [`${paths.length - shown.length} more`] : [];
  return [
    {
      code: 'VolatileFiles',
      message: `${text} was carried out again for no more than ${[...shown, ...more].join(', ')}`,
      hint: `if the image does not need ${paths.length === 1 ? 'it' : 'them'}, add ${patternsOf(paths).join(' and ')} to .dockerignore`,
    },
  ];
}

function isAllVolatile({ total, changes }: Extract<MissReason, { readonly kind: 'files' }>): boolean {
  return total > 0 && total === changes.length && changes.every(({ path }) => VOLATILE.test(path));
}

function patternsOf(paths: readonly string[]): string[] {
  const patterns = paths.flatMap((path) => {
    const [, folder, file, ending] = VOLATILE.exec(path) ?? [];
    return folder ?? file ?? (ending === undefined ? [] : `*${ending}`);
  });
  return [...new Set(patterns)].map((pattern) => `**/${pattern}`);
}
