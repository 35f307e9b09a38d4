import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { editOf } from '../../bench/workloads/edit.ts';
import { writeContext } from '../../bench/workloads/prepare.ts';
import { createRandom } from '../../bench/workloads/random.ts';
import { createRandomText } from '../../bench/workloads/random-text.ts';
import { WORKLOADS } from '../../bench/workloads/workloads.ts';
import { parse } from '../../src/parser/parse.ts';
import { tempDir } from '../support/temp-dir.ts';

const options = { scale: 0.002, registry: '127.0.0.1:5000', npmRegistry: 'http://127.0.0.1:4874/' };

function contentsOf(folder: string): Record<string, string> {
  const files = globSync('**/{*,.*}', { cwd: folder }).filter((path) => statSync(join(folder, path)).isFile());
  const hash = (path: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  return Object.fromEntries(files.sort().map((path) => [path, hash(path)]));
}

describe.each(WORKLOADS)('workload $id', (workload) => {
  it('is the same, byte by byte, each time', () => {
    const [first, second] = [tempDir(), tempDir()];
    writeContext(workload, first, options);
    writeContext(workload, second, options);
    expect(contentsOf(first)).toEqual(contentsOf(second));
  });

  it('has a Dockerfile without mistakes, and the file that is edited', () => {
    const folder = tempDir();
    writeContext(workload, folder, options);
    expect(parse(readFileSync(join(folder, 'Dockerfile'), 'utf8')).diagnostics).toEqual([]);
    expect(Object.keys(contentsOf(folder))).toEqual(expect.arrayContaining([workload.editedFile ?? 'Dockerfile']));
  });
});

describe('the Node application', () => {
  it('names its packages at the registry of the run, and no other', () => {
    const folder = tempDir();
    writeContext(WORKLOADS.find(({ id }) => id === 'W4') ?? expect.fail(), folder, options);
    const lockfile = readFileSync(join(folder, 'package-lock.json'), 'utf8');
    const resolved = [...lockfile.matchAll(/"resolved": "([^"]+)"/g)].map(([, address]) => address);
    expect(resolved).toHaveLength(349);
    expect(resolved.filter((address) => !address?.startsWith(options.npmRegistry))).toEqual([]);
  });
});

describe('random text', () => {
  it('has the size that is asked for', () => {
    const text = createRandomText(createRandom(1));
    expect([0, 1, 7, 5000].map((bytes) => text(bytes).length)).toEqual([0, 1, 7, 5000]);
  });

  it('is made of words in lines', () => {
    expect(createRandomText(createRandom(1))(10_000).toString()).toMatch(/^[a-z \n]+$/);
  });
});

describe('an edit', () => {
  it('changes a file in place and leaves no trace when it is reverted', () => {
    const folder = tempDir({ file: 'a text that is long enough' });
    const file = join(folder, 'file');
    const edit = editOf(file, 'edited');
    edit.apply();
    expect(readFileSync(file, 'utf8')).toBe('edited\nthat is long enough');
    edit.revert();
    expect(readFileSync(file, 'utf8')).toBe('a text that is long enough');
    expect(statSync(file).mtimeMs).toBe(1_700_000_000_000);
  });
});
