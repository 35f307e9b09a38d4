import { createRandomText } from './random-text.ts';
import type { Workload } from './workload.ts';

const FILES_PER_FOLDER = 50;
const FOLDERS = 40;

const CHANGES = [
  'rm -rf /data/d1 /data/d2 /data/d3 /usr/share/doc',
  'rm /data/d4/f0*',
  'for file in /data/d5/* /data/d6/* /data/d7/* /data/d8/*; do echo changed >> "$file"; done',
  'chmod 700 /data/d9',
  'ln -s d10 /data/link',
];

/** RUN steps on a real distribution: one writes 100 MB, one removes, changes and links. */
export const debianBase: Workload = {
  id: 'W3',
  title: 'Debian base, RUN steps that write 100 MB, change and delete',
  base: 'debian:bookworm-slim',
  runs: true,
  editedFile: 'src/d0/f0.txt',
  write(context, { registry, size }, random) {
    const text = createRandomText(random);
    for (let i = 0; i < 200; i++) context.file(`src/d${i % 8}/f${i}.txt`, text(4096));
    const filesPerFolder = size(FILES_PER_FOLDER);
    context.file(
      'Dockerfile',
      `FROM ${registry}/debian:bookworm-slim
ENV APP_HOME=/data LEVEL=3
RUN perl -e '${writeFiles(filesPerFolder)}'
RUN ${CHANGES.join(' && ')}
COPY src /srv
LABEL org.example.name=w3 org.example.version=1
CMD ["/bin/bash"]
`,
    );
  },
};

/** Perl is in Debian's smallest image. The numbers are those of the C standard's example of `rand`. */
function writeFiles(filesPerFolder: number): string {
  return [
    'my $s = 7; mkdir "/data";',
    `for my $d (0..${FOLDERS - 1}) { mkdir "/data/d$d"; for my $f (0..${filesPerFolder - 1}) {`,
    'open my $file, ">", "/data/d$d/f$f" or die; my $text = "";',
    'while (length($text) < 51200) {',
    '$s = ($s * 1103515245 + 12345) & 0x7fffffff; $text .= sprintf("%x line %d\\n", $s, $s % 97); }',
    'print $file substr($text, 0, 51200); close $file; } }',
  ].join(' ');
}
