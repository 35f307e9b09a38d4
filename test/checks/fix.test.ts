import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { fixDockerfile } from '../../src/checks/fix-dockerfile.ts';
import { applyFixes, compatibleFixes } from '../../src/checks/text-edit.ts';
import type { RuntimeConfig } from '../../src/core/image.ts';
import { parse } from '../../src/parser/index.ts';
import { evaluateGraph } from '../../src/plan/evaluate-graph.ts';
import { planBuild } from '../../src/plan/plan-build.ts';
import type { Step } from '../../src/plan/step.ts';
import { checkRequest } from '../support/checks.ts';
import { LINUX } from '../support/plan.ts';

const fixed = (text: string) => fixDockerfile(checkRequest(text)).dockerfile.source.text;

describe('fixes', () => {
  test.each<[string, string, string]>([
    ['a stage name', 'FROM a AS Bc', 'FROM a AS bc'],
    ['AS after its keyword', 'from a AS b\nRUN c\nRUN d', 'FROM a AS b\nRUN c\nRUN d'],
    ['keywords, AS behind them', 'from a as b\nRUN c\nRUN d', 'FROM a AS b\nRUN c\nRUN d'],
    ['a keyword in pieces', 'FROM a\nru\\\nn b', 'FROM a\nRUN b'],
    ['blank lines in CRLF', 'FROM a\r\nRUN b \\\r\n\r\n  \r\n# c\r\n\r\n d\r\n', 'FROM a\r\nRUN b \\\r\n# c\r\n d\r\n'],
    ['blank lines before a heredoc', 'FROM a\nRUN b \\\n\n<<E\n\nE\n', 'FROM a\nRUN b \\\n<<E\n\nE\n'],
    ['a blank line at the end', 'FROM a\nRUN b \\\n\n', 'FROM a\nRUN b \\\n'],
    [
      'an author',
      'FROM a\nMAINTAINER A "B" $c \\d',
      'FROM a\nLABEL org.opencontainers.image.authors="A \\"B\\" \\$c \\\\d"',
    ],
    [
      'an author behind a backtick',
      '# escape=`\nFROM a\nMAINTAINER `\\',
      '# escape=`\nFROM a\nLABEL org.opencontainers.image.authors="``\\"',
    ],
    ['old pairs', 'FROM a\nENV b c d\nLABEL e.f "g h"\nENV i $j', 'FROM a\nENV b="c d"\nLABEL e.f="g h"\nENV i=$j'],
    ['an old pair whose value has an equals sign', 'FROM a\nENV b  c=d', 'FROM a\nENV b=c=d'],
    ['a command', 'FROM a\nCMD  b --c=d /e', 'FROM a\nCMD  ["b", "--c=d", "/e"]'],
    ['ports', 'FROM a\nEXPOSE 53/UDP 127.0.0.1:8000-8001:80-81/TCP', 'FROM a\nEXPOSE 53/udp 80-81/tcp'],
    ['a platform', 'FROM   --platform=$TARGETPLATFORM  a AS b', 'FROM   a AS b'],
  ])('mend %s', (_, text, expected) => {
    expect(fixed(text)).toBe(expected);
  });

  test.each<[string, string]>([
    ['a comment would be lost', 'FROM a\nCMD b \\\n# comment\n c'],
    ['a comment would be lost in an ENV', 'FROM a\nENV b c \\\n# comment\n d'],
    ['the shell has something to do', 'FROM a\nCMD b && c'],
    ['a variable is expanded by the shell', 'FROM a\nCMD b $c'],
    ['it is the shell itself that acts', 'FROM a\nCMD exec b'],
    ['the first word sets a variable', 'FROM a\nCMD b=c d'],
    ['an entrypoint gets the command', 'FROM a\nENTRYPOINT ["b"]\nCMD c'],
    ['quotes and blanks mix', `FROM a\nENV b c "d" e`],
    ['a name has quotes', 'FROM a\nLABEL "b c" d'],
    ['a trigger is stored as it is', 'FROM a\nONBUILD run b\nONBUILD CMD b'],
    ['there is a label already', 'FROM a\nLABEL org.opencontainers.image.authors=b\nMAINTAINER c'],
    ['a blank line is in an instruction that cannot be read', 'FROM a\nRUN b\nCOPPY \\\n\n c'],
    ['a variable holds the port', 'FROM a\nARG b=TCP\nEXPOSE 80/$b'],
  ])('leave it when %s', (_, text) => {
    expect(fixed(text)).toBe(text);
  });

  it('are told with what is left', () => {
    const { fixed: mended, report } = fixDockerfile(checkRequest('from a as B\nRUN c\nRUN d\nWORKDIR e'));
    expect(mended.map(({ code }) => code).sort()).toEqual([
      'ConsistentInstructionCasing',
      'FromAsCasing',
      'StageNameCasing',
    ]);
    expect(report.findings.map(({ code }) => code)).toEqual(['WorkdirRelativePath']);
  });

  it('are not made for what is skipped', () => {
    const text = '# check=skip=all\nfrom a as B\nRUN c\nRUN d';
    expect(fixed(text)).toBe(text);
  });
});

describe('applying fixes', () => {
  const edit = (start: number, end: number, text: string) => ({ edits: [{ start, end, text }] });

  it('replaces ranges of the original text', () => {
    expect(applyFixes('abcdef', [edit(0, 1, 'XX'), edit(4, 6, '')])).toBe('XXbcd');
  });

  it('leaves out a fix that touches an earlier one, whole', () => {
    const fixes = [edit(1, 3, 'x'), { edits: [...edit(2, 4, 'y').edits, ...edit(5, 6, 'z').edits] }];
    expect(applyFixes('abcdef', fixes)).toBe('axdef');
    expect(compatibleFixes(fixes)).toEqual([fixes[0]]);
  });
});

const line = fc.constantFrom(
  ...[
    'RUN a \\\n\n  b',
    'run <<E\n x\n\nE',
    'CMD node app.js',
    'cmd ["x"]',
    'ENTRYPOINT run it',
    'CMD a && b',
    'CMD exec a',
  ],
  ...[
    'ENV a b c',
    `ENV a 'b' "c d"`,
    'ENV a "b c"',
    'ENV a $b  c',
    'ENV a b\\ c',
    `LABEL a it's`,
    'LABEL x.y z',
    'ENV a=b',
  ],
  ...[
    'MAINTAINER A "b" $c \\ <d>',
    'EXPOSE 80/TCP 127.0.0.1:81:82/Udp',
    'EXPOSE $a/TCP',
    'ARG a=1',
    'arg b',
    'USER $a',
  ],
  ...[
    'ONBUILD run x',
    'ONBUILD CMD a b',
    'WORKDIR a',
    '# check=skip=LegacyKeyValueFormat',
    '# c',
    '',
    'Copy a \\\n\n/b',
  ],
  ...['SHELL ["/bin/bash", "-c"]', 'healthcheck CMD a', 'HEALTHCHECK NONE', 'EnV x y=z', 'ENV a \\\n b'],
);
const from = fc.constantFrom(
  ...[
    'FROM scratch AS Base',
    'from scratch as b',
    'FROM --platform=$TARGETPLATFORM scratch As x',
    'FROM base',
    'FROM b AS c',
  ],
);
const stage = fc.tuple(from, fc.array(line, { maxLength: 8 })).map(([first, rest]) => [first, ...rest]);
const file = fc
  .tuple(
    fc.constantFrom('', '# escape=`\n', 'ARG g=1\n'),
    fc.array(stage, { minLength: 1, maxLength: 3 }),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([head, stages, end]) => `${head}${stages.flat().join('\n')}\n`.replaceAll('\n', end));

describe('fixing any Dockerfile', () => {
  it('keeps the build and leaves nothing to fix', () => {
    fc.assert(
      fc.property(file, (text) => {
        const { dockerfile, report } = fixDockerfile(checkRequest(text));
        expect(report.findings.filter(({ fix }) => fix !== undefined)).toEqual([]);
        expect(meaning(dockerfile.source.text)).toEqual(meaning(text));
      }),
      { numRuns: 500 },
    );
  });
});

/** What a file builds, but for what fixes are about: the author, the shell around commands, texts of the history. */
function meaning(text: string): unknown {
  const dockerfile = parse(text);
  if (dockerfile.diagnostics.some(({ severity }) => severity === 'error')) {
    return dockerfile.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
  }
  const graph = planBuild(dockerfile, { buildArgs: {}, platform: LINUX, buildPlatform: LINUX });
  return evaluateGraph({ graph, buildArgs: {}, platform: LINUX }).map(({ stage, result, error }) => ({
    name: stage.name,
    base: stage.base,
    error: error?.code,
    steps: result?.steps.map(toPlainStep),
    args: result?.args,
    runtime: result?.config.config && toPlainRuntime(result.config.config),
  }));
}

function toPlainStep({ instruction: _instruction, source: _source, createdBy, ...step }: Step): object {
  return step.kind === 'metadata' ? step : { ...step, createdBy };
}

function toPlainRuntime({ Labels, Cmd, Entrypoint, ...rest }: RuntimeConfig): object {
  const { 'org.opencontainers.image.authors': _authors, ...labels } = Labels ?? {};
  return { ...rest, labels, cmd: wordsOf(Cmd), entrypoint: wordsOf(Entrypoint) };
}

function wordsOf(argv: readonly string[] | null | undefined): string | undefined {
  return argv?.[0] === '/bin/sh' ? argv[2] : argv?.join(' ');
}
