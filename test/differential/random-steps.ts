import fc from 'fast-check';

/** Where the steps of a random build meet each other. */
const ROOT = '/w';

const name = fc.constantFrom('a', 'b', 'c', 'd e', '.h', 'ü');
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => [ROOT, ...names].join('/'));
const owner = fc.constantFrom('0:0', '1:2', '1000', 'daemon:www-data');
const mode = fc.constantFrom('600', '755', '4711', '1777', '2750', '0');

/** One shell command; it may fail, which must come to the same everywhere. */
const command: fc.Arbitrary<string> = fc.oneof(
  path.map((at) => `mkdir -p '${at}'`),
  fc.tuple(path, fc.constantFrom('1', '2', 'three')).map(([at, text]) => `echo ${text} > '${at}'`),
  path.map((at) => `rm -rf '${at}'`),
  fc.tuple(path, path).map(([from, to]) => `mv -f '${from}' '${to}'`),
  fc.tuple(path, path).map(([from, to]) => `cp -a '${from}' '${to}'`),
  fc.tuple(fc.constantFrom('a', '../b', '/w/c', 'nowhere'), path).map(([to, at]) => `ln -sfn '${to}' '${at}'`),
  fc.tuple(mode, path).map(([bits, at]) => `chmod ${bits} '${at}'`),
  fc.tuple(owner, path).map(([who, at]) => `chown -h ${who} '${at}'`),
  path.map((at) => `touch -h -d @1234567890 '${at}'`),
  path.map((at) => `mkfifo -m 640 '${at}'`),
);

const runStep = fc
  .array(command, { minLength: 1, maxLength: 4 })
  .map((commands) => [`RUN { ${commands.join('; ')}; } 2> /dev/null; true`]);

/** Builders disagree on what COPY may replace; so nothing is in its way. */
const copyStep = fc
  .record({ name, source: fc.constantFrom('tree', 'file'), chown: fc.option(fc.constantFrom('3:4', '5')) })
  .map(({ name: at, source, chown }) => {
    const to = `${ROOT}/${at}`;
    const flag = chown === null ? '' : `--chown=${chown} `;
    return [
      `RUN { test -d '${to}' && test ! -L '${to}'; } || rm -rf '${to}'; mkdir -p '${to}' && cd '${to}' && rm -rf file x sub link`,
      `COPY ${flag}["${source}", "${to}/"]`,
    ];
  });

/** The instructions after FROM. */
export const randomSteps: fc.Arbitrary<readonly string[]> = fc
  .array(fc.oneof({ weight: 3, arbitrary: runStep }, { weight: 1, arbitrary: copyStep }), {
    minLength: 3,
    maxLength: 8,
  })
  .map((steps) => [`RUN mkdir ${ROOT}`, ...steps.flat()]);
