import type { HistoryItem, ImageConfig } from '../../core/image.ts';

/** Number of history items that stand for a layer. */
export function countLayers(history: readonly HistoryItem[]): number {
  return history.filter((item) => item.empty_layer !== true).length;
}

/**
 * Gives a configuration one layer-making history item for each layer, as readers expect who pair them. Tools leave out
 * history in part or whole (image-spec calls it optional): missing items are appended, surplus ones, from the end, are
 * said to be empty.
 */
export function completeHistory(config: ImageConfig): ImageConfig {
  const history = config.history ?? [];
  const missing = config.rootfs.diff_ids.length - countLayers(history);
  if (missing === 0) return config;
  return { ...config, history: missing > 0 ? pad(history, missing) : markEmpty(history, -missing) };
}

function pad(history: readonly HistoryItem[], count: number): HistoryItem[] {
  const items = Array.from({ length: count }, (): HistoryItem => ({ comment: 'layer without history' }));
  return [...history, ...items];
}

function markEmpty(history: readonly HistoryItem[], surplus: number): HistoryItem[] {
  let left = surplus;
  const reversed = history.toReversed().map((item) => {
    if (item.empty_layer === true || left === 0) return item;
    left--;
    return { ...item, empty_layer: true };
  });
  return reversed.reverse();
}
