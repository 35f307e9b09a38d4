import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, test } from 'vitest';
import { isBuilderError } from '../../src/core/errors.ts';
import type { RuntimeConfig } from '../../src/core/image.ts';
import { corpusDir } from '../support/corpus.ts';
import { DEFAULT_PATH, evaluateText } from '../support/plan.ts';

interface BuildCase {
  readonly id: string;
  readonly dockerfile: string;
  readonly expected: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

interface Outcome {
  readonly fails?: boolean;
  readonly config?: RuntimeConfig;
}

/** The bases that the corpus was recorded on (its README). */
const busybox = { config: { Env: ['PATH=/bin'], Cmd: ['sh'] } };
const debian = { config: { Env: [DEFAULT_PATH], Cmd: ['/bin/bash'] } };
const images = { busybox, 'busybox:latest': busybox, debian };

const corpus = corpusDir();

function read(file: string): string {
  return readFileSync(join(corpus ?? '', file), 'utf8');
}

/** Only fields that say something, as the corpus records them; `/` is the same as no directory. */
function recorded(config: RuntimeConfig = {}): RuntimeConfig {
  const { ArgsEscaped: _escaped, ...rest } = config;
  return Object.fromEntries(
    Object.entries(rest).filter(([key, value]) => value && !(key === 'WorkingDir' && value === '/')),
  );
}

describe.skipIf(corpus === undefined)('configurations of the corpus', () => {
  const index = (corpus ? JSON.parse(read('index.json')) : { build: [] }) as { build: BuildCase[] };
  const cases = index.build.map((entry) => ({ ...entry, outcome: JSON.parse(read(entry.expected)) as Outcome }));

  test.each(cases.filter(({ outcome }) => !outcome.fails))('$id', ({ dockerfile, buildArgs, outcome }) => {
    const { config } = evaluateText(read(dockerfile), { images, buildArgs: buildArgs ?? {} });
    const { os: _os, architecture: _architecture, ...expected } = outcome.config ?? {};
    expect(recorded(config.config)).toEqual(recorded(expected));
  });

  it('an upper-case reference to a stage fails (section 8), and so does an unterminated quote (section 6)', () => {
    for (const id of ['kaniko/from_multistage_capital', 'buildah/transientmount_env']) {
      const file = cases.find((entry) => entry.id === id)?.dockerfile ?? '';
      expect(() => evaluateText(read(file), { images })).toThrow(expect.toSatisfy(isBuilderError));
    }
  });
});
