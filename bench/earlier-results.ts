import { existsSync, readFileSync } from 'node:fs';
import type { Results, WorkloadResults } from './report/results.ts';
import { WORKLOADS } from './workloads/workloads.ts';

export function readResults(file: string): Results {
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

/** Results of an earlier run that can stand beside those of this one: what was measured at another scale cannot. */
export function readEarlier(file: string | undefined, scale: number): Results | undefined {
  if (file === undefined || !existsSync(file)) return undefined;
  const earlier = readResults(file);
  return earlier.scale === scale ? earlier : undefined;
}

/** Adds what an earlier run measured and this one did not, in the order of the report. */
export function withEarlier(results: Results, earlier: Results | undefined): Results {
  if (earlier === undefined) return results;
  const workloads = new Map([...earlier.workloads, ...results.workloads].map((each) => [each.id, each]));
  const order = WORKLOADS.map(({ id }) => id);
  const builders = new Map([...earlier.builders, ...results.builders].map((each) => [each.name, each]));
  return {
    ...results,
    builders: [...builders.values()],
    workloads: [...workloads.values()].toSorted((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
    micro: results.micro.length > 0 ? results.micro : earlier.micro,
  };
}

/** What is still to be measured of what was asked for. */
export function leftToDo(only: readonly string[], earlier: Results | undefined): readonly string[] {
  const done = earlier?.workloads.filter(isWhole).map(({ id }) => id) ?? [];
  const hasMicro = earlier !== undefined && earlier.micro.length > 0;
  return only.filter((id) => !done.includes(id) && !(id === 'micro' && hasMicro));
}

function isWhole({ runs }: WorkloadResults): boolean {
  return runs.every(({ failure }) => failure === undefined);
}
