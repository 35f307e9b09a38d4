import type { Bar } from '../bars/bar.ts';

/** Written by hand, beside the report: a heading for each phase of a workload, such as `## W1 cold`, that misses a bar. */
export const FLOORS_PAGE = 'performance-floors.md';

/** Headings of the page of floors. */
export type Explained = ReadonlySet<string>;

export function headingsOf(page: string): Explained {
  return new Set([...page.matchAll(/^## (.+?) *$/gm)].map(([, heading = '']) => heading));
}

/** A link to the heading that says why a bar is missed, where there is one. */
export function whyLink({ workload, phase }: Bar, explained: Explained): string {
  const heading = `${workload} ${phase}`;
  return explained.has(heading) ? `[why](${FLOORS_PAGE}#${anchorOf(heading)})` : '';
}

/** As GitHub makes it of letters, digits and spaces. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
