import { parseCsvLine } from '../parser/csv.ts';

/**
 * The `from` of a `--mount` while its other values may still hold variables; `from` itself never does, so stages are
 * known before any value is (reference, section 6). `undefined` too where {@link parseMount} will refuse it.
 */
export function mountFrom(mount: string): string | undefined {
  const field = parseCsvLine(mount)?.findLast((candidate) => /^from=/i.test(candidate));
  const from = field?.slice('from='.length);
  return from === undefined || from === '' || /\$./s.test(from) ? undefined : from;
}
