/** From here on somebody wants to know. */
export const MUCH_TIME_MS = 5000;
export const MANY_BYTES = 50_000_000;

/** As `12.3 s` and `45.0 MB`. */
export function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

export function formatMegabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

export function countOf(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
