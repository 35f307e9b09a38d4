import { describe, expect, it, test } from 'vitest';
import { checkDockerfile, lintViolation } from '../../src/checks/check-dockerfile.ts';
import { CHECK_RULES } from '../../src/checks/check-rules.ts';
import { OptionError, PlanError } from '../../src/core/errors.ts';
import { type CheckTextOptions, checkRequest, checkText, contextOf } from '../support/checks.ts';

/** `line:column` of what breaks a rule. */
function places(rule: string, text: string, options?: CheckTextOptions): readonly string[] {
  const found = checkText(text, options).filter(({ code }) => code === rule);
  return found.map(({ span: { start } }) => `${start.line}:${start.column}`);
}

const all = { BUILDKIT_DOCKERFILE_CHECK: 'experimental=all' };
const context = contextOf('src/app.js', 'link -> /elsewhere', 'package.json');

describe('rules (reference, section 17)', () => {
  test.each<[string, string, readonly string[], CheckTextOptions?]>([
    ['StageNameCasing', 'FROM a AS b\nFROM a AS bC', ['2:11']],
    ['FromAsCasing', 'FROM a as b\nfrom a AS c\nFrom a as d\nFROM a As e\nFROM a AS f', ['1:8', '2:8', '4:8']],
    ['NoEmptyContinuation', 'FROM a\nRUN b \\\n\n\nc\nRUN <<E\n\nE', ['5:1']],
    ['ConsistentInstructionCasing', 'FROM a\nRUN b\nrun c\nRun d', ['3:1', '4:1']],
    ['ConsistentInstructionCasing', 'from a\nrun b\nRUN c', ['3:1']],
    ['ConsistentInstructionCasing', 'FROM a\nrun b', ['2:1']],
    ['ConsistentInstructionCasing', 'from a\nrun b\nonbuild RUN c', []],
    ['DuplicateStageName', 'FROM a AS x\nFROM a AS y\nFROM a AS X\nFROM a AS x', ['3:11', '4:11']],
    ['ReservedStageName', 'FROM a AS scratch\nFROM a AS Context\nFROM a AS contexts', ['1:11', '2:11']],
    ['JSONArgsRecommended', 'FROM a\nCMD b\nENTRYPOINT c\nRUN d\nHEALTHCHECK CMD e', ['2:5', '3:12']],
    ['JSONArgsRecommended', 'FROM a\nSHELL ["bash", "-c"]\nCMD b', []],
    ['MaintainerDeprecated', 'FROM a\nMAINTAINER b', ['2:1']],
    ['UndefinedArgInFrom', 'ARG a=b\nFROM $a$c AS x\nARG d\nFROM x$d$TARGETARCH', ['2:6', '4:6']],
    ['WorkdirRelativePath', 'FROM a AS b\nWORKDIR c\nWORKDIR d\nFROM b\nWORKDIR e\nFROM a\nWORKDIR f', ['2:9', '7:9']],
    ['WorkdirRelativePath', 'FROM a\nWORKDIR /b\nWORKDIR c', []],
    ['UndefinedVar', 'ARG g\nFROM a\nENV b=$c\nARG d\nUSER $d$b$PATH\nWORKDIR $g', ['3:7', '6:9']],
    ['UndefinedVar', 'FROM a\nRUN $b\nCMD ["$b"]\nCOPY $b $b$b /x/', ['4:6', '4:9']],
    ['MultipleInstructionsDisallowed', 'FROM a\nCMD b\nCMD c\nENTRYPOINT d\nCMD e\nFROM a\nCMD f', ['2:1', '3:1']],
    ['MultipleInstructionsDisallowed', 'FROM a\nHEALTHCHECK NONE\nHEALTHCHECK CMD a\nONBUILD CMD a\nCMD b', ['2:1']],
    ['LegacyKeyValueFormat', 'FROM a\nENV b c\nENV b=c\nLABEL d e f\nENV b c=d', ['2:1', '4:1', '5:1']],
    ['InvalidBaseImagePlatform', 'FROM arm-only\nFROM --platform=linux/arm64 arm-only\nFROM a', ['1:6']],
    [
      'RedundantTargetPlatform',
      `FROM --platform=$TARGETPLATFORM a\nFROM --platform=\${TARGETPLATFORM} a\nFROM --platform=$BUILDPLATFORM a`,
      ['1:6', '2:6'],
    ],
    ['RedundantTargetPlatform', 'ARG TARGETPLATFORM=linux/arm64\nFROM --platform=$TARGETPLATFORM a', []],
    [
      'SecretsUsedInArgOrEnv',
      'ARG MY_KEY\nFROM a\nARG token a=b Apikey=c\nENV passwd=x SECRET_ID=y\nENV MONKEY=z auth_file=1 PUBLIC_KEY=2 TOKEN_VERSION=3',
      ['1:5', '3:5', '3:15', '4:5', '4:14'],
    ],
    [
      'InvalidDefaultArgInFrom',
      'ARG a\nARG b=c\nFROM $a\nFROM d:$a\nFROM $b\nFROM e$a',
      ['3:6', '4:6'],
      { buildArgs: { a: 'x' } },
    ],
    [
      'FromPlatformFlagConstDisallowed',
      'FROM --platform=linux/amd64 a\nFROM --platform=linux/amd64 a AS b\nFROM --platform=linux/arm64 a AS b-ARM64\n' +
        'FROM --platform=linux/arm64 a AS linux\nFROM --platform=$BUILDPLATFORM a',
      ['1:6', '2:6'],
    ],
    [
      'CopyIgnoredFile',
      'FROM a\nCOPY b/c d.log /x/\nADD b /y\nCOPY . /z\nADD https://e.org/b /b',
      ['2:6', '2:10', '3:5'],
      { ignored: ['b', '*.log'] },
    ],
    ['CopyIgnoredFile', 'FROM a AS x\nCOPY b /x/\nCOPY --from=x b c', [], { ignored: ['b', '!b/c'] }],
    ['ExposeProtoCasing', 'FROM a\nEXPOSE 80 53/UDP 80/Tcp', ['2:11', '2:18']],
    ['ExposeInvalidFormat', 'FROM a\nEXPOSE 80 [::1]:53:53 81:80', ['2:11', '2:23']],
    ['InvalidDefinitionDescription', '# x\nARG a\n# a b\nARG a\n# c\nFROM a AS b\n#\nRUN c', [], {}],
    [
      'InvalidDefinitionDescription',
      '# x\nARG a\n# x\n# a b\nARG a\n# c\nFROM a AS b\n# c\n#\nARG d\n# check=skip=UndefinedVar\nARG e\n# q\nFROM a',
      ['2:1', '7:1'],
      { buildArgs: all },
    ],
    [
      'CopySourceNotFound',
      'FROM a\nCOPY src srk package.json/x /y/\nADD none /y\nCOPY link/x *.q . / /z/',
      ['2:10', '2:14', '3:5'],
      { context },
    ],
    [
      'CopySourceNotFound',
      'FROM a AS x\nCOPY --from=x none /y\nCOPY <<E /y\nE\nADD git@e.org:a/b /y\nADD $src /y',
      [],
      { context },
    ],
  ])('%s in %j is at %j', (rule, text, expected, options) => {
    expect(places(rule, text, options)).toEqual(expected);
  });

  it('have names and pages of their own', () => {
    const names = CHECK_RULES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, page } of CHECK_RULES) expect(page).toBe(`docs/checks/${name}.md`);
  });

  it('suggest a near name for a missing source', () => {
    const [found] = checkText('FROM a\nCOPY srcs/app.js /x', { context });
    expect(found?.hint).toBe('did you mean "src/app.js"?');
  });

  it('say of a missing source that exceptions of the ignore file do not reach it', () => {
    const [found] = checkText('FROM a\nCOPY out /x', { context, ignored: ['*', '!src'] });
    expect(found).toMatchObject({ code: 'CopySourceNotFound', severity: 'error' });
    expect(found?.hint).toContain('ignore file');
  });

  it('are reported once for a variable that is used twice in a word', () => {
    expect(places('UndefinedVar', 'FROM a\nUSER $b$b')).toEqual(['2:6']);
  });

  it('say that an undefined variable may come from a base image that nobody asked', () => {
    const text = 'FROM a\nUSER $b\nFROM scratch\nUSER $b';
    const hints = checkText(text, { baseConfig: () => undefined }).map(({ hint }) => hint);
    expect(hints).toEqual([
      'declare it with ARG b or set it with ENV (the base image was not asked)',
      'declare it with ARG b or set it with ENV',
    ]);
  });

  it('are found in stages that the target does not need, unless a target is named', () => {
    const text = 'FROM a AS b\nWORKDIR c\nFROM a AS d\nWORKDIR e';
    expect(places('WorkdirRelativePath', text)).toEqual(['2:9', '4:9']);
    expect(places('WorkdirRelativePath', text, { target: 'b' })).toEqual(['2:9']);
  });

  it('are found in triggers of a base stage, where FROM brings them in', () => {
    expect(places('UndefinedVar', 'FROM a AS b\nONBUILD USER $c\nFROM b')).toEqual(['3:1']);
  });
});

describe('mistakes', () => {
  const errors = (text: string, options?: CheckTextOptions) =>
    checkText(text, options)
      .filter(({ page }) => page === undefined)
      .map(({ code, severity }) => `${severity} ${code}`);

  it('of the parser are all there, beside the rules that need only the text', () => {
    expect(checkText('FROM a AS B\nCOPPY x y\nFROM\nMAINTAINER x').map(({ code }) => code)).toEqual([
      'StageNameCasing',
      'PARSE_UNKNOWN_INSTRUCTION',
      'PARSE_MISSING_ARGUMENT',
      'MaintainerDeprecated',
    ]);
  });

  it('of the planner too, one of each stage', () => {
    expect(errors('FROM a\nCOPY --chmod=9 a b\nFROM a\nEXPOSE x\nFROM a\nWORKDIR /x')).toEqual([
      'error PLAN_BAD_CHMOD',
      'error PLAN_BAD_PORT',
    ]);
    expect(errors('FROM a\nCOPY --from=1 a b\nFROM a')).toEqual(['error PLAN_COPY_FROM_LATER_STAGE']);
  });

  it('of a stage are not repeated in the stages built on it', () => {
    expect(errors('FROM a AS b\nEXPOSE x\nFROM b')).toEqual(['error PLAN_BAD_PORT']);
  });

  it('are not skipped', () => {
    expect(errors('# check=skip=all\nFROM a\nEXPOSE x')).toEqual(['error PLAN_BAD_PORT']);
  });

  it('do not come of what only a build has to be allowed', () => {
    expect(errors('FROM a\nRUN --network=host --security=insecure x')).toEqual([]);
  });

  it('in the request are thrown', () => {
    expect(() => checkText('FROM a', { target: 'b' })).toThrow(PlanError);
    expect(() => checkText('FROM a', { buildArgs: { BUILDKIT_DOCKERFILE_CHECK: 'skp=x' } })).toThrow(OptionError);
  });
});

describe('what is reported', () => {
  const codes = (text: string, options?: CheckTextOptions) => checkText(text, options).map(({ code }) => code);
  const BODY = 'FROM a AS B\nMAINTAINER x';

  test.each<[string, readonly string[]]>([
    [BODY, ['StageNameCasing', 'MaintainerDeprecated']],
    [`# check=skip=StageNameCasing\n${BODY}`, ['MaintainerDeprecated']],
    [`# check=skip=StageNameCasing,MaintainerDeprecated\n${BODY}`, []],
    [`# check=skip=all\n${BODY}`, []],
    [`# check=skip=stagenamecasing\n${BODY}`, ['StageNameCasing', 'MaintainerDeprecated']],
    [`#\n# check=skip=MaintainerDeprecated\n${BODY}`, ['StageNameCasing', 'MaintainerDeprecated']],
    ['FROM a AS B\n# check=skip=MaintainerDeprecated more\nMAINTAINER x', ['StageNameCasing']],
    ['FROM a AS B\n# check=skip=all;error=true\nMAINTAINER x', ['StageNameCasing']],
    [
      'FROM a AS B\n# check=skip=MaintainerDeprecated\nRUN x\nMAINTAINER x',
      ['StageNameCasing', 'MaintainerDeprecated'],
    ],
  ])('in %j is %j', (text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  it('follows the build argument in place of the directive', () => {
    const buildArgs = { BUILDKIT_DOCKERFILE_CHECK: 'skip=MaintainerDeprecated' };
    expect(codes(`# check=skip=StageNameCasing\n${BODY}`, { buildArgs })).toEqual(['StageNameCasing']);
  });

  it('is an error with error=true, and then fails a build with the names of the rules', () => {
    const report = checkDockerfile(checkRequest(`# check=error=true\n${BODY}\nMAINTAINER y`));
    expect(report.findings.map(({ severity }) => severity)).toEqual(['error', 'error', 'error']);
    expect(lintViolation(report)).toMatchObject({
      code: 'PARSE_LINT_VIOLATION',
      message: 'lint violation found for rules: StageNameCasing, MaintainerDeprecated',
      span: { start: { line: 2 } },
    });
    expect(lintViolation(checkDockerfile(checkRequest(BODY)))).toBeUndefined();
  });
});
