import type { Workload } from './workload.ts';

/** Two stages that do not need each other, and a third that needs both. */
export const parallelStages: Workload = {
  id: 'W5',
  title: 'two stages of `sleep 2`, COPY --from of both',
  base: 'debian:bookworm-slim',
  runs: true,
  write(context, { registry, size }) {
    const from = `FROM ${registry}/debian:bookworm-slim`;
    const files = size(500);
    const stage = (name: string): string =>
      `${from} AS ${name}\nRUN sleep 2 && mkdir /out && perl -e '${writeFiles(name, files)}'\n`;
    context.file(
      'Dockerfile',
      `${stage('a')}${stage('b')}${from}\nCOPY --from=a /out /a\nCOPY --from=b /out /b\nCMD ["true"]\n`,
    );
  },
};

function writeFiles(name: string, count: number): string {
  return `for (1..${count}) { open my $file, ">", "/out/${name}$_"; print $file ("${name} line $_\\n" x 800); close $file }`;
}
