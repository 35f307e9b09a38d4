const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const MAX_NANOSECONDS = 2 ** 63;

/** A duration as Go writes it, `1h2m3.5s`, in nanoseconds; `undefined` when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, sign = '', body = ''] = /^([-+]?)(.*)$/s.exec(text) ?? [];
  if (body === '0') return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0;
  for (const [, amount, unit] of body.matchAll(/([\d.]+)([^\d.]+)/g))
    total += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  const nanoseconds = Math.floor(total);
  if (nanoseconds >= MAX_NANOSECONDS) return undefined;
  return sign === '-' ? 0 - nanoseconds : nanoseconds;
}
