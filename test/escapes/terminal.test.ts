import { describe, expect, test } from 'vitest';
import type { BuildEvent, StepInfo } from '../../src/cli/library.ts';
import { createPaint } from '../../src/cli/paint.ts';
import { createProgress } from '../../src/cli/progress/create-progress.ts';
import { renderDiagnostic, renderError } from '../../src/cli/render-error.ts';
import { formatTable } from '../../src/cli/table.ts';
import { ContentError, isBuilderError, PlanError } from '../../src/core/errors.ts';
import { fakeHost } from '../cli/support/fake-host.ts';

/** Clears the screen, names the window, writes to the clipboard, and the same in one byte each. */
const EVIL = 'a\u001b[2Jb\u001b]0;title\u0007c\u001b]52;c;aGk=\u0007d\u009b2Je\u009d0;t\u009cf\bg\u007fh';
const STEERING = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

const step: StepInfo = { id: 1, stage: EVIL, index: 1, total: 1, text: EVIL, line: 1 };
const digest = `sha256:${'cd'.repeat(32)}` as never;
const source = { name: EVIL, text: `FROM ${EVIL}\n` };
const span = { start: { line: 1, column: 6, offset: 5 }, end: { line: 1, column: 8, offset: 7 } };

const EVENTS: readonly BuildEvent[] = [
  { type: 'image-resolved', reference: EVIL, digest } as never,
  { type: 'step-started', step },
  { type: 'log', step, stream: 'stdout', bytes: Buffer.from(`${EVIL}\n${EVIL}`) },
  { type: 'log', step, stream: 'stderr', bytes: Buffer.from(`${EVIL}\n`, 'latin1') },
  { type: 'cache-miss', step, reasons: [], text: EVIL },
  { type: 'progress', id: '1', label: EVIL, current: 1, total: 2, unit: 'bytes' },
  { type: 'warning', diagnostic: { severity: 'warning', code: 'X', message: EVIL, hint: EVIL, span } } as never,
  { type: 'output-written', output: 'tar', destination: EVIL } as never,
  { type: 'step-failed', step, durationMs: 1 } as never,
];

describe('what others wrote does not steer the terminal', () => {
  test('in numbered lines', async () => {
    const host = fakeHost();
    const progress = await createProgress('plain', host);
    for (const event of EVENTS) progress.event(event);
    progress.close();
    expect(host.written.stderr).not.toMatch(STEERING);
  });

  test('in the live view, which steers it itself', async () => {
    const host = fakeHost();
    const progress = await createProgress('tty', host);
    for (const event of EVENTS) progress.event(event);
    host.advance(1000);
    progress.close();
    // Its own: lines redrawn, the cursor hidden and shown.
    const rest = host.written.stderr.replace(/\u001b\[(?:\?25[lh]|K|J|\d+A|\d+m)|\r/g, '');
    expect(rest).not.toMatch(STEERING);
  });

  test('in errors, in lists of them, and in tables', () => {
    const style = { paint: createPaint({ isTTY: false }, {}), debug: false, isBuilderError };
    const diagnostic = { severity: 'error', code: 'X', message: EVIL, hint: EVIL, span } as const;
    const texts = [
      renderError(new PlanError('X', EVIL, { hint: EVIL, span, source, cause: new Error(EVIL) }), style),
      renderError(new ContentError('X', EVIL, { hint: EVIL, expected: EVIL, found: EVIL }), style),
      renderError(new Error(EVIL), style),
      renderDiagnostic(diagnostic, source, style.paint).join('\n'),
      formatTable([['HEAD'], [EVIL]]),
    ];
    for (const text of texts) expect(text).not.toMatch(STEERING);
  });
});
