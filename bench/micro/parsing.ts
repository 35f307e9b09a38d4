import { parse as splitIntoWords } from 'docker-file-parser';
import { DockerfileParser } from 'dockerfile-ast';
import { parse } from '../../src/parser/parse.ts';
import type { MicroCase, MicroInputs } from './micro-case.ts';

const STAGE = [
  'FROM alpine:3 AS stage%',
  'ARG VERSION=1.2.3',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: variables of a Dockerfile.
  'ENV HOME_DIR=/srv/app PATH="${PATH}:/srv/app/bin"',
  'WORKDIR $HOME_DIR',
  '# What the application needs',
  'RUN --mount=type=cache,target=/root/.npm \\',
  '    npm ci && \\',
  '    npm run build',
  'COPY --chown=1000:1000 --chmod=755 ["src", "more files", "./"]',
  'HEALTHCHECK --interval=30s CMD curl -f http://localhost/ || exit 1',
];

/** A Dockerfile that nobody would write, of what everybody writes; beside the libraries that people use to read one. */
export function parsingCases({ size }: MicroInputs): MicroCase[] {
  const stages = Math.ceil(size(5000) / STAGE.length);
  const lines = Array.from({ length: stages }, (_, i) => STAGE.join('\n').replace('%', String(i)));
  const text = `${lines.join('\n')}\n`;
  const amount = stages * STAGE.length;
  const common = { what: `a Dockerfile of ${amount} lines`, amount, unit: 'lines', run: () => parse(text) } as const;
  return [
    { ...common, name: 'parse', counterpart: { name: 'dockerfile-ast', run: () => readWithAst(text) } },
    { ...common, name: 'parse, again', counterpart: { name: 'docker-file-parser', run: () => splitIntoWords(text) } },
  ];
}

/** It reads an instruction when it is asked for it. */
function readWithAst(text: string): number {
  return DockerfileParser.parse(text)
    .getInstructions()
    .flatMap((instruction) => instruction.getArguments()).length;
}
