import { describe, expect, test } from 'vitest';
import type { BuildEvent, StepInfo } from '../../src/cli/library.ts';
import { createProgress } from '../../src/cli/progress/create-progress.ts';
import { LineSplitter } from '../../src/cli/progress/line-splitter.ts';
import { pausable } from '../../src/cli/progress/pausable.ts';
import { PlainProgress } from '../../src/cli/progress/plain.ts';
import { TtyProgress } from '../../src/cli/progress/tty.ts';
import { type FakeHost, fakeHost } from './support/fake-host.ts';
import { Screen } from './support/screen.ts';

const install: StepInfo = { id: 2, stage: 'build', index: 2, total: 3, text: 'RUN npm ci', line: 3 };
const copy: StepInfo = { id: 3, stage: 'build', index: 3, total: 3, text: 'COPY . .', line: 4 };
const key = 'key' as never;
const digest = `sha256:${'cd'.repeat(32)}` as never;

const log = (step: StepInfo, text: string, stream: 'stdout' | 'stderr' = 'stdout'): BuildEvent => ({
  type: 'log',
  step,
  stream,
  bytes: Buffer.from(text),
});

const pull = (current: number, total?: number): BuildEvent => ({
  type: 'progress',
  id: 'pull-1',
  label: 'pull node:24-slim',
  current,
  unit: 'bytes',
  ...(total !== undefined && { total }),
});

const part = (id: string, sum: { done: number; count: number; current: number; total: number }): BuildEvent => ({
  type: 'progress',
  id,
  label: `push ${id}`,
  current: 1,
  total: 1,
  unit: 'bytes',
  sum: { id: 'push', label: 'push app:1', ...sum },
});

const miss = (step: StepInfo, text: string): BuildEvent => ({
  type: 'cache-miss',
  step,
  reasons: [{ kind: 'new-step' }],
  text,
});

describe('plain progress', () => {
  function shown(play: (say: (event: BuildEvent) => void, host: FakeHost) => void): string[] {
    const host = fakeHost();
    const progress = new PlainProgress(host);
    play((event) => progress.event(event), host);
    progress.close();
    return host.written.stderr.trimEnd().split('\n');
  }

  test('numbers every line of a step, with the time of each line of output', () => {
    const lines = shown((say, host) => {
      say({ type: 'step-started', step: install });
      host.advance(1234);
      say(log(install, 'added 1\nadded'));
      say({ type: 'step-cached', step: copy, key });
      say(log(install, ' 2\n'));
      say(log(install, 'no end', 'stderr'));
      say({
        type: 'layer-written',
        step: install,
        layer: { mediaType: 'x', digest, size: 1_500_000 },
        diffId: digest,
        uncompressedSize: 4_200_000,
      });
      say({ type: 'step-finished', step: install, durationMs: 2000 });
    });
    expect(lines).toEqual([
      '#2 [build 2/3] RUN npm ci',
      '#2    1.2s added 1',
      '#3 CACHED [build 3/3] COPY . .',
      '#2    1.2s added 2',
      '#2 layer 1.5 MB, unpacked 4.2 MB',
      '#2    1.2s no end',
      '#2 done 2.0s',
    ]);
  });

  test('a step that turns out to be in the cache is said once, without a time', () => {
    const lines = shown((say) => {
      say({ type: 'step-started', step: copy });
      say({ type: 'step-cached', step: copy, key });
      say({ type: 'step-finished', step: copy, durationMs: 3 });
    });
    expect(lines).toEqual(['#3 [build 3/3] COPY . .', '#3 CACHED']);
  });

  test('why a step is carried out stands under it, without anything that moves a cursor', () => {
    const lines = shown((say) => {
      say({ type: 'step-started', step: copy });
      say(miss(copy, '1 file changed: a\u001b[2Jb (added)'));
    });
    expect(lines).toEqual(['#3 [build 3/3] COPY . .', '#3 not cached: 1 file changed: ab (added)']);
  });

  test('a failed step says so, and steps that were not reached are not mentioned', () => {
    const lines = shown((say) => {
      say({ type: 'step-started', step: install });
      say({ type: 'step-failed', step: install, durationMs: 70_000 });
    });
    expect(lines).toEqual(['#2 [build 2/3] RUN npm ci', '#2 FAILED after 1m10s']);
  });

  test('a transfer shows its start, its end and a sign of life every five seconds', () => {
    const lines = shown((say, host) => {
      for (let second = 0; second < 8; second++) {
        say(pull(second * 1_000_000, 8_000_000));
        host.advance(1000);
      }
      say(pull(8_000_000, 8_000_000));
    });
    expect(lines).toEqual([
      '* pull node:24-slim 0 B of 8.0 MB',
      '* pull node:24-slim 5.0 MB of 8.0 MB',
      '* pull node:24-slim done 8.0 MB',
    ]);
  });

  test.each([true, false])('leaves the screen to a shell while one is open (--explain: %s)', async (explain) => {
    const host = fakeHost({ isTTY: true, env: { NO_COLOR: '1' } });
    const progress = pausable(await createProgress('tty', host, explain));
    progress.event({ type: 'step-started', step: install });
    host.tick();
    progress.pause();
    const before = host.written.stderr;
    host.advance(1500);
    host.tick();
    expect(host.written.stderr).toBe(before);
    progress.resume();
    host.tick();
    expect(host.written.stderr.slice(before.length)).toContain('RUN npm ci 1.5s');
    progress.close();
  });

  test('transfers that belong together have one line', () => {
    const lines = shown((say, host) => {
      say(part('a', { done: 0, count: 2, current: 0, total: 9_000_000 }));
      say(part('b', { done: 0, count: 2, current: 1_000_000, total: 9_000_000 }));
      host.advance(5000);
      say(part('a', { done: 1, count: 2, current: 4_000_000, total: 9_000_000 }));
      say(part('b', { done: 2, count: 2, current: 9_000_000, total: 9_000_000 }));
    });
    expect(lines).toEqual([
      '* push app:1 1.0 MB of 9.0 MB, 0 of 2 blobs',
      '* push app:1 4.0 MB of 9.0 MB, 1 of 2 blobs',
      '* push app:1 done 9.0 MB',
    ]);
  });

  test('nothing is said of transfers that were not needed', () => {
    const lines = shown((say) => say(part('a', { done: 0, count: 0, current: 0, total: 0 })));
    expect(lines).toEqual(['']);
  });

  test('warnings and results are said', () => {
    const diagnostic = { severity: 'warning', code: 'X', message: 'no tag', hint: 'pin it' } as const;
    const span = { start: { offset: 0, line: 7, column: 1 }, end: { offset: 1, line: 7, column: 2 } };
    const lines = shown((say) => {
      say({ type: 'warning', diagnostic: { ...diagnostic, span } });
      say({ type: 'tag-asked', reference: 'node:24-slim', durationMs: 120 });
      say({ type: 'image-resolved', reference: 'node:24-slim', digest });
      say({ type: 'snapshotter', name: 'copy', passedOver: ['overlay: EINVAL'] });
      say({ type: 'isolation', method: 'crun' });
      say({ type: 'output-written', output: 'oci', destination: 'a.tar', names: ['a', 'b'] });
      say({ type: 'output-written', output: 'registry', destination: 'a, b', names: ['a', 'b'] });
      say({ type: 'done', image: { mediaType: 'x', digest, size: 1 }, durationMs: 50 });
    });
    expect(lines).toEqual([
      '* warning: line 7: no tag — pin it',
      '* asked what node:24-slim is: 0.1s',
      `* node:24-slim is ${digest}`,
      '* root file systems are made by copy; not overlay: EINVAL',
      '* commands of RUN are isolated by crun',
      '* wrote oci a.tar',
      '* pushed a, b',
      `* ${digest} in 0.1s`,
    ]);
  });
});

describe('lines of output', () => {
  test('are put together from chunks, characters cut in two included', () => {
    const splitter = new LineSplitter();
    const bytes = Buffer.from('h\u00e9llo\nw\u00f6rld');
    const lines = [...bytes].flatMap((byte) => splitter.push(Uint8Array.of(byte)));
    expect([...lines, ...splitter.end()]).toEqual(['h\u00e9llo', 'w\u00f6rld']);
  });

  test('lose what moves the cursor or colours, and what a carriage return overwrote', () => {
    const splitter = new LineSplitter();
    expect(splitter.push(Buffer.from('\u001b[31mred\u001b[0m\u001b[2J\u0007\n10%\r100%\r\n\tx\n'))).toEqual([
      'red',
      '100%',
      '    x',
    ]);
  });
});

describe('a line of output that never ends', () => {
  test('is told in pieces', () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(40_000, 'x');
    expect([chunk, chunk, chunk].map((bytes) => splitter.push(bytes).join('').length)).toEqual([0, 80_000, 0]);
    expect(splitter.end().join('')).toHaveLength(40_000);
  });
});

describe('reasons why steps are carried out', () => {
  test.each([
    ['plain', true, ['#3 not cached: new']],
    ['plain', false, ['']],
    ['quiet', true, ['']],
  ] as const)('are shown by %s when they are asked for (%s)', async (style, explain, lines) => {
    const host = fakeHost();
    const progress = await createProgress(style, host, explain);
    progress.event(miss(copy, 'new'));
    progress.close();
    expect(host.written.stderr.trimEnd().split('\n')).toEqual(lines);
  });

  test('are always told to programs', async () => {
    const host = fakeHost();
    const event = miss(copy, 'new');
    (await createProgress('json', host)).event(event);
    expect(JSON.parse(host.written.stderr)).toEqual(event);
  });
});

describe('tty progress', () => {
  function terminal(options: { env?: Record<string, string> } = {}) {
    const host = fakeHost({ isTTY: true, env: { NO_COLOR: '1', ...options.env } });
    const progress = new TtyProgress(host);
    const screen = (): string[] => new Screen(host.columns).feed(host.written.stderr).lines();
    return { host, progress, screen };
  }

  test('shows running steps with time and last line, and transfers, below finished lines', () => {
    const { host, progress, screen } = terminal();
    progress.event({ type: 'step-started', step: install });
    progress.event({ type: 'step-cached', step: copy, key });
    progress.event(log(install, 'one\ntwo'));
    progress.event(pull(3_000_000, 9_000_000));
    host.advance(1500);
    host.tick();
    expect(screen()).toEqual([
      '✓ CACHED [build 3/3] COPY . .',
      '› [build 2/3] RUN npm ci 1.5s',
      '    two',
      '↓ pull node:24-slim 3.0 MB of 9.0 MB',
    ]);
    progress.event(pull(9_000_000, 9_000_000));
    progress.event({ type: 'step-finished', step: install, durationMs: 2000 });
    expect(screen()).toEqual(['✓ CACHED [build 3/3] COPY . .', '✓ [build 2/3] RUN npm ci 2.0s']);
  });

  test('transfers that belong together have one line', () => {
    const { host, progress, screen } = terminal();
    progress.event(part('a', { done: 0, count: 2, current: 3_000_000, total: 9_000_000 }));
    progress.event(part('b', { done: 1, count: 2, current: 4_000_000, total: 9_000_000 }));
    host.tick();
    expect(screen()).toEqual(['↓ push app:1 4.0 MB of 9.0 MB, 1 of 2 blobs']);
    progress.event(part('b', { done: 2, count: 2, current: 9_000_000, total: 9_000_000 }));
    host.tick();
    expect(screen()).toEqual([]);
  });

  test('why a step is carried out scrolls by above it', () => {
    const { progress, screen } = terminal();
    progress.event({ type: 'step-started', step: copy });
    progress.event(miss(copy, '1 file changed: a (content)'));
    expect(screen()).toEqual(['↻ [build 3/3] COPY . .: 1 file changed: a (content)', '› [build 3/3] COPY . . 0.0s']);
  });

  test('a step that turns out to be in the cache has one line', () => {
    const { progress, screen } = terminal();
    progress.event({ type: 'step-started', step: copy });
    progress.event({ type: 'step-cached', step: copy, key });
    progress.event({ type: 'step-finished', step: copy, durationMs: 3 });
    expect(screen()).toEqual(['✓ CACHED [build 3/3] COPY . .']);
  });

  test('closing removes the frame, shows the cursor and stops drawing', () => {
    const { host, progress, screen } = terminal();
    progress.event({ type: 'step-started', step: install });
    host.tick();
    progress.close();
    progress.close();
    const written = host.written.stderr;
    host.tick();
    expect(host.written.stderr).toBe(written);
    expect(written.endsWith('\u001b[?25h')).toBe(true);
    expect(written.split('\u001b[?25l')).toHaveLength(2);
    expect(screen()).toEqual([]);
  });

  test('never clears the screen and draws each frame in one write', () => {
    const { host, progress } = terminal();
    const writes: string[] = [];
    const stderr = { ...host.stderr, write: (text: string) => writes.push(text) };
    progress.close();
    const counting = new TtyProgress({ ...host, stderr });
    counting.event({ type: 'step-started', step: install });
    host.tick();
    host.tick();
    expect(writes).toHaveLength(2);
    expect(writes.join('')).not.toContain('\u001b[2J');
  });

  test('long lines are cut to the window, more steps than rows are counted', () => {
    const { host, progress, screen } = terminal();
    host.columns = 30;
    for (let id = 10; id < 40; id++) {
      progress.event({ type: 'step-started', step: { ...install, id, text: `RUN echo ${'x'.repeat(100)}` } });
    }
    host.tick();
    const lines = screen();
    expect(lines).toHaveLength(22);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(30);
    expect(lines[0]).toBe('› [build 2/3] RUN echo … 0.0s');
    expect(lines.at(-1)).toBe('  … and 9 more lines');
  });

  test('a window that becomes narrower leaves nothing behind', () => {
    const { host, progress } = terminal();
    progress.event({ type: 'step-started', step: { ...install, text: `RUN ${'x'.repeat(60)}` } });
    host.tick();
    const wide = host.written.stderr;
    host.columns = 40;
    host.tick();
    // A title of 77 columns has become two rows of a window of 40.
    expect(host.written.stderr.slice(wide.length)).toMatch(/^\r\u001b\[2A/);
  });

  test('colours are left out with NO_COLOR and there without', () => {
    const plain = terminal();
    plain.progress.event({ type: 'step-cached', step: copy, key });
    expect(plain.host.written.stderr).not.toMatch(/\u001b\[\d+m/);
    const coloured = terminal({ env: { NO_COLOR: '' } });
    coloured.progress.event({ type: 'step-cached', step: copy, key });
    expect(coloured.host.written.stderr).toContain('\u001b[36mCACHED\u001b[39m');
  });
});
