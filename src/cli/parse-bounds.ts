import type { ResourceBounds } from '../index.ts';
import type { Arguments } from './parse-arguments.ts';
import { parseMemorySize } from './parse-memory-size.ts';
import { badValue } from './values.ts';

/** What the options for the resources of RUN say together; `undefined` when none is given. */
export function parseBounds(args: Arguments): ResourceBounds | undefined {
  const bounds = {
    ...memoryBounds(args),
    ...integer(args, 'pids-limit', { least: 1 }, (pids) => ({ pids })),
    ...integer(args, 'cpu-quota', { least: 1000 }, (cpuQuota) => ({ cpuQuota })),
    ...integer(args, 'cpu-period', { least: 1000, most: 1_000_000 }, (cpuPeriod) => ({ cpuPeriod })),
    ...integer(args, 'cpu-shares', { least: 2, most: 262_144 }, (cpuShares) => ({ cpuShares })),
  };
  return Object.keys(bounds).length === 0 ? undefined : bounds;
}

/** As docker has it: swap is counted with the memory, which must be given with it. */
function memoryBounds(args: Arguments): ResourceBounds {
  const [memory, swap] = [args.last('memory'), args.last('memory-swap')];
  const memoryBytes = memory === undefined ? undefined : parseMemorySize('memory', memory);
  if (swap === undefined) return memoryBytes === undefined ? {} : { memoryBytes };
  if (memoryBytes === undefined) throw badValue('memory-swap', swap, 'it needs --memory', 'SIZE beside --memory SIZE');
  const memorySwapBytes = swap === '-1' ? -1 : parseMemorySize('memory-swap', swap);
  if (memorySwapBytes !== -1 && memorySwapBytes < memoryBytes) {
    throw badValue('memory-swap', swap, 'it counts memory and swap together', 'SIZE, not less than that of --memory');
  }
  return { memoryBytes, memorySwapBytes };
}

interface Range {
  readonly least: number;
  readonly most?: number;
}

/** 0 and -1 ask for no limit, as in docker. */
function integer(
  args: Arguments,
  option: string,
  { least, most = Number.MAX_SAFE_INTEGER }: Range,
  toBounds: (value: number) => ResourceBounds,
): ResourceBounds {
  const text = args.last(option);
  if (text === undefined || text === '0' || text === '-1') return {};
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return toBounds(value);
  const upTo = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  throw badValue(option, text, Number.isNaN(value) ? 'it is no whole number' : 'it is out of range', `N, ${upTo}`);
}
