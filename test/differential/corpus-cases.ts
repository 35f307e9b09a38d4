import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { corpusDir } from '../support/corpus.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import type { PeerCase } from './peer-cases.ts';

interface RecordedBuild {
  readonly id: string;
  readonly dockerfile: string;
  readonly context: string;
  readonly buildArgs?: Readonly<Record<string, string>>;
  readonly expected: string;
}

/** What peers make of recorded builds otherwise than lamella, by the id of the build. */
const VERDICTS: Readonly<Record<string, Pick<PeerCase, 'verdicts' | 'without'>>> = JSON.parse(
  readFileSync(join(import.meta.dirname, 'corpus-verdicts.json'), 'utf8'),
);

/** The recorded builds that succeed, on the bases of the test registry. The corpus test holds the others. */
export function listCorpusCases(): readonly PeerCase[] {
  const corpus = corpusDir();
  if (corpus === undefined) return [];
  const builds: readonly RecordedBuild[] = JSON.parse(readFileSync(join(corpus, 'index.json'), 'utf8')).build;
  const only = process.env.LAMELLA_TEST_CASE ?? '';
  return builds
    .filter(({ id, expected }) => id.includes(only) && !isFailure(join(corpus, expected)))
    .map(({ id, dockerfile, context, buildArgs }) => ({
      name: id.replace('/', '-').toLowerCase(),
      about: 'a recorded build',
      ...(buildArgs && { buildArgs }),
      layout: {
        dockerfileText: onTestBases(readFileSync(join(corpus, dockerfile), 'utf8')),
        context: join(corpus, context),
      },
      ...VERDICTS[id],
    }));
}

function isFailure(expected: string): boolean {
  return JSON.parse(readFileSync(expected, 'utf8')).fails === true;
}

/** No builder of ours and of the peers has the same way to name a base from outside: it is written into the file. */
function onTestBases(text: string): string {
  return text
    .replaceAll(/(\bARG\s+\w+=['"]?)(busybox:)/g, `$1${TEST_REGISTRY}/$2`)
    .replaceAll(/(\bFROM\s+|--from=)busybox\b(:\S+)?/gi, `$1${TEST_REGISTRY}/busybox:latest`)
    .replaceAll(/(\bFROM\s+|--from=)debian\b(:\S+)?/gi, `$1${TEST_REGISTRY}/debian:bookworm-slim`);
}
