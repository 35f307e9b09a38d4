import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { requireTool } from '../support/host.ts';
import { createProject } from '../support/project.ts';
import { openBuildah, openLamella } from './builders.ts';
import { findDifferences } from './differences.ts';
import type { PreparedCase } from './peer-cases.ts';
import { withoutQuirks } from './quirks.ts';
import { randomSteps } from './random-steps.ts';

const BUILDS = 3;
/** With each builder, on a busy machine. */
const BUILDS_MS = 900_000;
const seed = Number(process.env.LAMELLA_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const started = Math.floor(Date.now() / 1000);

const context = createProject({
  file: { text: 'file', mode: 0o640 },
  'tree/x': 'x',
  'tree/sub/y': { text: 'y', mode: 0o755 },
  'tree/link': { link: 'sub/y' },
});
const temp = mkdtempSync(join(tmpdir(), 'lamella-random-'));
const lamella = openLamella();
const buildah = openBuildah();

afterAll(() => {
  for (const each of [lamella, buildah, context]) each[Symbol.dispose]();
  rmSync(temp, { recursive: true, force: true });
});

let count = 0;

function prepareSteps(steps: readonly string[]): PreparedCase {
  const name = `random-${count++}`;
  const dir = join(temp, name);
  const dockerfile = join(dir, 'Dockerfile');
  const out = join(dir, 'out');
  mkdirSync(out, { recursive: true });
  writeFileSync(dockerfile, `${['ARG REGISTRY', 'FROM $REGISTRY/busybox:latest', ...steps].join('\n')}\n`);
  return { name, about: 'random steps', dockerfile, context: context.dir, secretFiles: {}, out };
}

describe.skipIf(!requireTool('buildah'))('random steps of RUN and COPY', () => {
  test(
    `make the same root as with buildah (LAMELLA_TEST_SEED=${seed})`,
    async () => {
      await fc.assert(
        fc.asyncProperty(randomSteps, async (steps) => {
          const prepared = prepareSteps(steps);
          const [ours, theirs] = [await lamella.build(prepared), await buildah.build(prepared)];
          const found = findDifferences({ lamella: ours, theirs, history: false, started });
          const unexplained = withoutQuirks('buildah', found, new Set());
          expect(unexplained.filter(({ at }) => at.startsWith('/'))).toEqual([]);
        }),
        { numRuns: BUILDS, seed, endOnFailure: true },
      );
    },
    BUILDS_MS,
  );
});
