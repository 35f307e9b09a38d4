import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { checkDockerfile } from '../../src/checks/check-dockerfile.ts';
import { fixDockerfile } from '../../src/checks/fix-dockerfile.ts';
import {
  expandHeredoc,
  expandWord,
  expandWords,
  parse,
  parseInstruction,
  print,
  toDump,
} from '../../src/parser/index.ts';
import { mutated, randomText } from './random.mjs';

const GOLDEN = new URL('../../test/golden/', import.meta.url);
const TEXTS = ['parser', 'messages']
  .flatMap((suite) => readdirSync(new URL(suite, GOLDEN)).map((name) => `${suite}/${name}/Dockerfile`))
  .map((path) => readFileSync(new URL(path, GOLDEN), 'utf8'))
  .filter((text) => text.length < 5000);

const PIECES = [
  ...[
    'FROM a\n',
    'FROM scratch AS b\n',
    'RUN ',
    'COPY ',
    'ADD ',
    'ENV a=b\n',
    'LABEL ',
    'ARG ',
    'CMD ',
    'SHELL ',
    'EXPOSE ',
  ],
  ...['VOLUME ', 'USER ', 'WORKDIR ', 'STOPSIGNAL ', 'HEALTHCHECK ', 'NONE', 'ONBUILD ', 'MAINTAINER ', 'ENTRYPOINT '],
  ...[
    '\\\n',
    '`\n',
    '\n',
    '\r\n',
    '# c\n',
    '# escape=`\n',
    '# check=error=true\n',
    ' ',
    '\t',
    '<<A',
    '<<-"B"',
    '\nA\n',
    '\nB\n',
  ],
  ...[
    '"',
    "'",
    '[',
    ']',
    '["a", "b"]',
    ',',
    '--',
    '--from=b ',
    '--mount=type=cache,target=/c ',
    '--chmod=',
    '=',
    '/',
    '.',
  ],
  ...[
    '$a',
    '${a',
    '${a:-',
    '${a#',
    '${a//',
    '}',
    '$',
    '*',
    '?',
    '\\',
    '`',
    '80/TCP',
    '\ufeff',
    '\u00a0',
    '\u2028',
    '\0',
    'x',
  ],
];
const FORMS = [
  '$a',
  '$',
  '${',
  '}',
  ':',
  '-',
  '+',
  '?',
  '#',
  '##',
  '%',
  '%%',
  '/',
  '//',
  '*',
  '?',
  '\\',
  '`',
  '"',
  "'",
  'a',
  'b',
  ' ',
  'é',
];

const PLATFORM = { os: 'linux', architecture: 'amd64' };

function dockerfileText(random) {
  if (random.below(2) === 0) return randomText(random, PIECES, 60);
  return mutated(random, random.pick(TEXTS), () => random.pick(PIECES));
}

export function fuzzParser(random, show) {
  const text = dockerfileText(random);
  show(text);
  const dockerfile = parse(text);
  assert.equal(print(dockerfile), text);
  toDump(dockerfile);
  parseInstruction(text);
}

export function fuzzChecks(random, show) {
  const text = dockerfileText(random);
  show(text);
  const request = { dockerfile: parse(text), platform: PLATFORM, buildPlatform: PLATFORM };
  checkDockerfile(request);
  const { report } = fixDockerfile(request);
  assert.deepEqual(
    report.findings.filter(({ fix }) => fix !== undefined),
    [],
  );
}

export function fuzzExpander(random, show) {
  const word = randomText(random, FORMS, 40);
  const values = { a: randomText(random, FORMS, 10), b: '' };
  show(word);
  show(values);
  const expand = random.pick([expandWord, expandWords, expandHeredoc]);
  expand(word, (name) => values[name], { escape: random.pick(['\\', '`']) });
}
