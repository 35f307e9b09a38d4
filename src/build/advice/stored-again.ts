import type { TocEntry } from '../../core/toc.ts';
import type { Tree } from '../../core/tree.ts';
import type { ExplainedStep } from '../explain/trace-file.ts';
import type { LayerLibrary } from '../layer-library.ts';
import type { LayerStack } from '../layer-stack.ts';
import type { StepLayer } from '../step-result.ts';
import type { Advice } from './advice.ts';
import { countOf, formatMegabytes, MANY_BYTES } from './cost.ts';

interface RunLayers {
  readonly layers: readonly StepLayer[];
  readonly below: LayerStack;
  readonly report: Pick<ExplainedStep, 'text' | 'writtenBytes'>;
  readonly library: Pick<LayerLibrary, 'toc'>;
}

/** A layer most of whose bytes are files that the layers below have with the same content: a chown, a chmod, a touch. */
export async function adviseOnStoredAgain({ layers, below, report, library }: RunLayers): Promise<Advice[]> {
  if (report.writtenBytes < MANY_BYTES) return [];
  const tree = await below.tree();
  const tocs = await Promise.all(layers.map(({ layer }) => library.toc(layer)));
  const again = tocs.flatMap(({ entries }) => storedAgain(entries, tree));
  const bytes = again.reduce((sum, { size }) => sum + size, 0);
  if (bytes < MANY_BYTES || bytes < report.writtenBytes / 2) return [];
  const what = `${countOf(again.length, 'file')} of ${formatMegabytes(bytes)}`;
  return [
    {
      code: 'LayerStoredAgain',
      message: `${report.text} stores ${what} again that the layers below have with the same content (${changesOf(again)})`,
      hint: 'give files their owner and mode where they come from: COPY --chown and --chmod, or in the RUN that makes them',
    },
  ];
}

interface StoredAgain {
  readonly size: number;
  readonly isOwnerChanged: boolean;
  readonly isModeChanged: boolean;
}

function storedAgain(entries: readonly TocEntry[], below: Tree): StoredAgain[] {
  return entries.flatMap((entry): StoredAgain[] => {
    if (entry.type !== 'file' || entry.size === 0) return [];
    const before = below.lookup(entry.path);
    if (before?.type !== 'file' || before.digest === undefined || before.digest !== entry.digest) return [];
    const isOwnerChanged = before.uid !== entry.uid || before.gid !== entry.gid;
    return [{ size: entry.size, isOwnerChanged, isModeChanged: before.mode !== entry.mode }];
  });
}

function changesOf(files: readonly StoredAgain[]): string {
  const changes = [
    ...(files.some(({ isOwnerChanged }) => isOwnerChanged) ? ['owner'] : []),
    ...(files.some(({ isModeChanged }) => isModeChanged) ? ['mode'] : []),
  ];
  return changes.length === 0 ? 'written anew' : `another ${changes.join(' and ')}`;
}
