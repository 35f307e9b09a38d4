import type { GoldenBuild, GoldenCase, GoldenRefusal } from './golden-case.ts';

const FORMS = [
  { form: '<<NAME', word: '<<EOF' },
  { form: '<<-NAME', word: '<<-EOF' },
  { form: "<<'NAME'", word: "<<'EOF'" },
] as const;

const REFUSED: readonly GoldenRefusal[] = ['RUN', 'COPY', 'ADD'].flatMap((kind) =>
  FORMS.map(({ form, word }) => ({
    covers: [`${kind} ${form}`],
    about: '5: nothing ends it',
    dockerfile: ['FROM scratch', `${kind} ${word}${kind === 'RUN' ? '' : ' /f'}`, 'text', ' EOF'],
    refused: 'PARSE_UNTERMINATED_HEREDOC',
    line: 2,
  })),
);

const FILES: readonly GoldenBuild[] = ['COPY', 'ADD'].flatMap((kind): GoldenBuild[] => [
  {
    covers: [`${kind} <<NAME`],
    about: '5: variables and escapes only, whatever the quotes',
    dockerfile: ['FROM scratch', 'ARG A=1', `${kind} <<EOF /f`, `# a=$A "\${B:-two}" '$A'`, '\\$A \\\\ \\x', '', 'EOF'],
    paths: { '/f': 'file 0644 0:0 # a=1 "two" \'1\'\n$A \\ x\n\n' },
    history: ['ARG A=1 (empty)', `${kind} <<EOF /f # buildkit`],
  },
  {
    covers: [`${kind} <<NAME`, `${kind} --chown`, `${kind} --chmod`],
    about: '5: several, with a path, one after another; the last of a name wins',
    dockerfile: [
      'FROM scratch',
      `${kind} --chown=1:2 --chmod=600 <<a f <<b <<a /d/`,
      'one',
      'a',
      'two',
      'b',
      'three',
      'a',
    ],
    files: { f: 'f' },
    paths: {
      '/d': 'dir 0600 1:2',
      '/d/a': 'file 0600 1:2 three\n',
      '/d/b': 'file 0600 1:2 two\n',
      '/d/f': 'file 0600 1:2 f',
    },
  },
  {
    covers: [`${kind} <<-NAME`],
    about: '5: tabs at the start of lines and of the end go away, blanks do not',
    dockerfile: ['FROM scratch', `${kind} <<-EOF /f`, '\t\tone\ttwo', '\t  three', '\tEOF'],
    paths: { '/f': 'file 0644 0:0 one\ttwo\n  three\n' },
  },
  {
    covers: [`${kind} <<-NAME`, `${kind} <<'NAME'`],
    about: '5: tabs go away where nothing is expanded, too',
    dockerfile: ['FROM scratch', `${kind} <<-"EOF" /f`, '\t$A', 'EOF'],
    paths: { '/f': 'file 0644 0:0 $A\n' },
  },
  {
    covers: [`${kind} <<'NAME'`],
    about: '5: nothing is expanded when any part of the name is quoted',
    dockerfile: ['FROM scratch', 'ENV A=1', `${kind} <<E"O"F <<'x y' /d/`, '$A \\$A', 'EOF', '\\', 'x y'],
    paths: {
      '/d': 'dir 0755 0:0',
      '/d/EOF': 'file 0644 0:0 $A \\$A\n',
      '/d/x y': 'file 0644 0:0 \\\n',
    },
  },
]);

const RUNS: readonly GoldenCase[] = [
  {
    covers: ['RUN <<NAME'],
    about: '5: the body is the shell’s text; variables are the shell’s',
    dockerfile: ['FROM BUSYBOX', 'ARG A=1', 'RUN <<EOF', 'B=2', 'echo "$A $B" \\', '  more > /o', 'EOF'],
    paths: { '/o': 'file 0644 0:0 1 2 more\n' },
    history: ['ARG A=1 (empty)', 'RUN |1 A=1 /bin/sh -c B=2\necho "$A $B" \\\n  more > /o\n # buildkit'],
  },
  {
    covers: ['RUN <<NAME'],
    about: '5: with a command, the shell reads the body itself',
    dockerfile: ['FROM BUSYBOX', 'ENV A=1', 'RUN cat > /o <<EOF && cat <<TWO >> /o', '$A', 'EOF', 'two', 'TWO'],
    paths: { '/o': 'file 0644 0:0 1\ntwo\n' },
  },
  {
    covers: ['RUN <<NAME'],
    about: '5: a script with its own interpreter is run as a file',
    dockerfile: ['FROM BUSYBOX', 'RUN <<SCRIPT', '#!/bin/awk -f', 'BEGIN { print ENVIRON["HOME"] > "/o" }', 'SCRIPT'],
    paths: { '/o': 'file 0644 0:0 /root\n' },
  },
  {
    covers: ['RUN <<-NAME'],
    about: '5: tabs go away from a script',
    dockerfile: ['FROM BUSYBOX', 'RUN <<-EOF', "\techo 'a", "\tb' > /o", '\tEOF'],
    paths: { '/o': 'file 0644 0:0 a\nb\n' },
  },
  {
    covers: ['RUN <<-NAME'],
    about: '5: with a command, by the shell',
    dockerfile: ['FROM BUSYBOX', 'RUN cat <<-EOF > /o', '\t\ta', 'EOF'],
    paths: { '/o': 'file 0644 0:0 a\n' },
  },
  {
    covers: ["RUN <<'NAME'"],
    about: '5: with a command, the shell expands nothing either',
    dockerfile: ['FROM BUSYBOX', 'ENV A=1', "RUN cat <<'EOF' > /o", '$A', 'EOF'],
    paths: { '/o': 'file 0644 0:0 $A\n' },
  },
  {
    covers: ["RUN <<'NAME'"],
    about: '5: a whole script is the shell’s, so quotes of the name change nothing',
    dockerfile: ['FROM BUSYBOX', 'ENV A=1', 'RUN <<"EOF"', 'echo $A > /o', 'EOF'],
    paths: { '/o': 'file 0644 0:0 1\n' },
  },
];

export const HEREDOC_CASES: readonly GoldenCase[] = [...FILES, ...RUNS, ...REFUSED];
