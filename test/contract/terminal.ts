import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IsolationMethod } from '../../src/core/sandbox.ts';
import { type Box, openBox, requestFor } from '../support/sandbox-box.ts';
import type { SandboxUser } from '../support/sandbox-user.ts';
import { createTypist, type Typist } from '../support/typist.ts';
import { processesWith } from './sandbox.ts';

type Turns = Parameters<typeof createTypist>[0];

const SHELL = { argv: ['/bin/sh'], env: ['PATH=/bin', 'HOME=/', 'PS1=ready> ', 'TERM=xterm'] };

/** What a command has of its terminal, whatever runs it. */
export function describeTerminal(method: IsolationMethod, user: SandboxUser): void {
  describe(`a shell in a terminal with ${method} of ${user.title}`, () => {
    let box: Box;
    beforeAll(async () => {
      box = await openBox(user, method);
    });
    afterAll(() => box[Symbol.asyncDispose]());

    const talk = async (turns: Turns, more = {}): Promise<{ readonly exitCode: number; readonly typist: Typist }> => {
      await using snapshot = await box.open();
      const typist = createTypist(turns);
      const { exitCode } = await snapshot.runInTerminal(requestFor('', { ...SHELL, ...more }), typist);
      return { exitCode, typist };
    };

    it('reads what is typed, shows what is written, and tells its exit code', async () => {
      const { exitCode, typist } = await talk([
        ['ready> ', 'echo $((6*7)) to you; test -t 2 && echo terminal\n'],
        ['ready> ', 'exit 3\n'],
      ]);
      expect(typist.screen()).toContain('42 to you\r\nterminal\r\n');
      expect(exitCode).toBe(3);
    });

    it('knows the size of the window, and when it changes', async () => {
      const typist = createTypist([['17 91', () => typist.resize({ columns: 40, rows: 9 })]]);
      await using snapshot = await box.open();
      const script = 'while size=$(stty size); do echo $size; [ "$size" = \'9 40\' ] && exit; sleep 0.05; done';
      await snapshot.runInTerminal(requestFor(script), typist);
      expect(typist.screen()).toContain('9 40');
    });

    it('gives Ctrl-C to what runs in the shell, and goes on', async () => {
      const { exitCode, typist } = await talk([
        ['ready> ', 'sh -c \'echo be"gin"; sleep 7654323; echo never\'\n'],
        ['begin', '\u0003'],
        ['ready> ', 'echo still"here"; exit 0\n'],
      ]);
      expect(typist.screen()).toContain('stillhere');
      expect(exitCode).toBe(0);
    });

    it('controls its jobs', async () => {
      const { typist } = await talk([
        ['ready> ', 'sh -c \'echo be"gin"; exec sleep 7654324\'\n'],
        ['begin', '\u001a'],
        ['ready> ', 'jobs; kill -9 %1\n'],
        ['ready> ', 'exit\n'],
        ['ready> ', 'exit\n'],
      ]);
      expect(typist.screen()).toMatch(/Stopped.*sleep 7654324/);
    });

    it('belongs to the user of the command', async () => {
      const identity = { uid: 1000, gid: 1001, supplementaryGids: [] };
      const { typist } = await talk([['ready> ', 'echo x >/dev/tty && echo open"ed"; exit\n']], { identity });
      if (method !== 'chroot') expect(typist.screen()).toContain('opened');
    });

    it('is killed with all that it started when it is aborted', async () => {
      const controller = new AbortController();
      const typist = createTypist([
        ['ready> ', 'setsid sleep 7654325 & echo go"ing"\n'],
        ['going', () => controller.abort()],
      ]);
      await using snapshot = await box.open();
      const talked = snapshot.runInTerminal(requestFor('', SHELL), typist, controller.signal);
      await expect(talked).rejects.toMatchObject({ code: 'STEP_ABORTED' });
      expect(processesWith('7654325')).toEqual([]);
    });

    it('leaves nothing in the root', async () => {
      await using snapshot = await box.open();
      const before = await snapshot.changes();
      await snapshot.runInTerminal(requestFor('', SHELL), createTypist([['ready> ', 'exit\n']]));
      expect(await snapshot.changes()).toEqual(before);
    });
  });
}
