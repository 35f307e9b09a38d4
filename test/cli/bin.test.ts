import { readFileSync } from 'node:fs';
import { createContext, Script } from 'node:vm';
import { expect, test } from 'vitest';

const code = readFileSync(new URL('../../bin/lamella.js', import.meta.url), 'utf8').replace(/^#!.*/, '');
const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** Runs bin/lamella.js under a version of Node, as far as the decision whether to go on. */
function startUnder(version: string): { exitCode: number | undefined; said: string[]; goesOn: boolean } {
  const said: string[] = [];
  let goesOn = false;
  const getBuiltinModule = () => {
    goesOn = true;
    throw new Error('far enough');
  };
  const process: { versions: { node: string }; exitCode?: number; getBuiltinModule: () => never } = {
    versions: { node: version },
    getBuiltinModule,
  };
  const console = { error: (line: string) => said.push(line) };
  try {
    new Script(code).runInContext(createContext({ process, console }));
  } catch (error) {
    if (!goesOn) throw error;
  }
  return { exitCode: process.exitCode, said, goesOn };
}

test('bin/lamella.js holds the versions of package.json', () => {
  expect(engines.node).toBe('^22.22.2 || ^24.15.0 || >=26');
});

test.each(['22.22.2', '22.23.0', '24.15.0', '24.21.0', '26.0.0', '27.1.3'])('Node %s goes on', (version) => {
  expect(startUnder(version)).toEqual({ exitCode: undefined, said: [], goesOn: true });
});

test.each(['12.22.0', '18.20.8', '20.20.2', '22.22.1', '22.9.9', '23.11.0', '24.14.9', '25.9.0'])(
  'Node %s is refused with one sentence, a hint and exit code 2',
  (version) => {
    expect(startUnder(version)).toEqual({
      exitCode: 2,
      said: [
        expect.stringMatching(new RegExp(`^lamella needs Node 22 .* this is Node ${version}\\.$`)),
        expect.stringMatching(/^hint: /),
      ],
      goesOn: false,
    });
  },
);

test('the file has no syntax that an old Node cannot read, and no static import', () => {
  expect(code).not.toMatch(/=>|`|\?\.|\?\?|\bconst\b|\blet\b|\bclass\b|\basync\b|^import\s/m);
});
