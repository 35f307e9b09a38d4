import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { startProcess } from '../../src/io/start-process.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Node alone can start a program in another directory. */
const ways = [
  { way: 'by the C library', cwd: () => '/' },
  { way: 'by Node', cwd: tempDir },
];

describe.each(ways)('a process started $way', ({ cwd }) => {
  const start = (script: string, output?: readonly [number, number]) =>
    startProcess({ program: 'sh', args: ['-c', script, 'name', 'a b'], env: { KEY: 'value' }, cwd: cwd(), output });

  it('ends with the exit code of its program, and with 128 and more for a signal', async () => {
    const processes = [start('exit 0'), start('exit 3'), start('kill -KILL $$'), start('exit 255')];
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 3, 137, 255]);
    expect(processes.map(({ isRunning }) => isRunning)).toEqual([false, false, false, false]);
  });

  it('has only the environment that it is given, null input and the output that it is given', async () => {
    const dir = tempDir();
    const out = join(dir, 'out');
    const err = join(dir, 'err');
    const output = [openSync(out, 'w'), openSync(err, 'w')] as const;
    const { ended } = start('read -r line || echo none; echo "$1 $KEY $HOME"; echo wrong >&2', output);
    for (const fd of output) closeSync(fd);
    expect(await ended).toBe(0);
    expect(readFileSync(out, 'utf8')).toBe('none\na b value \n');
    expect(readFileSync(err, 'utf8')).toBe('wrong\n');
  });

  it('leads a session of its own, and dies of the signals that Node ignores', async () => {
    const dir = tempDir();
    const output = [openSync(join(dir, 'out'), 'w'), openSync('/dev/null', 'w')] as const;
    const started = start('cut -d " " -f 1,5,6 /proc/$$/stat; kill -PIPE $$', output);
    for (const fd of output) closeSync(fd);
    expect(await started.ended).toBe(141);
    expect(readFileSync(join(dir, 'out'), 'utf8')).toBe(`${started.pid} ${started.pid} ${started.pid}\n`);
  });

  it('is told of when it cannot be started', async () => {
    const missing = startProcess({ program: '/no/such/program', args: [], env: {}, cwd: cwd() });
    expect(missing).toMatchObject({ pid: undefined, isRunning: false });
    await expect(missing.ended).rejects.toMatchObject({ code: 'ENOENT', path: '/no/such/program' });
  });
});
