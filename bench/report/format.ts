/** Three digits that count: `0.213 s`, `1.52 s`, `36.4 s`. */
export function formatSeconds(seconds: number): string {
  return `${threeDigits(seconds)} s`;
}

export function formatMegabytes(bytes: number): string {
  return `${threeDigits(bytes / 1e6)} MB`;
}

/** `1.52 s (2.10)`: wall time and CPU time. */
export function formatTimes({ wallSeconds, cpuSeconds }: { wallSeconds: number; cpuSeconds: number }): string {
  return `${formatSeconds(wallSeconds)} (${threeDigits(cpuSeconds)})`;
}

export function formatRatio(ratio: number): string {
  return `${threeDigits(ratio)} ×`;
}

function threeDigits(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  if (value >= 9.995) return value.toFixed(1);
  return value.toFixed(value >= 0.9995 ? 2 : 3);
}
