import { createRandomText } from './random-text.ts';
import type { Workload } from './workload.ts';

/** COPY of many files of 1 to 8 KiB, three folders deep. */
export const smallFiles: Workload = {
  ...copyOf(20_000, { folders: 10, below: 20, smallest: 1024, spread: 7168 }),
  id: 'W1',
  title: 'COPY of 20,000 small files (about 95 MB)',
};

/** As many files as a large monorepo has, each small, so that the tree counts and not the bytes. */
export const manyFiles: Workload = {
  ...copyOf(100_000, { folders: 50, below: 40, smallest: 64, spread: 960 }),
  id: 'W6',
  title: 'COPY of 100,000 tiny files (about 55 MB), without buildah, which takes minutes',
  spares: ['buildah'],
};

interface Shape {
  readonly folders: number;
  /** Folders in each folder. */
  readonly below: number;
  readonly smallest: number;
  readonly spread: number;
}

function copyOf(count: number, shape: Shape): Pick<Workload, 'runs' | 'editedFile' | 'write'> {
  const path = (i: number): string =>
    `src/p${i % shape.folders}/m${Math.floor(i / shape.folders) % shape.below}/f${i}.txt`;
  return {
    runs: false,
    editedFile: path(0),
    write(context, { size }, random) {
      const text = createRandomText(random);
      for (let i = 0; i < size(count); i++) context.file(path(i), text(shape.smallest + random.below(shape.spread)));
      context.file('Dockerfile', 'FROM scratch\nCOPY src /app\n');
    },
  };
}
