import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type BuildEvent, type BuildOptions, build, ParseError } from '../../src/index.ts';
import { tempDir } from '../support/temp-dir.ts';

async function warnings(text: string, options: BuildOptions = {}): Promise<readonly string[]> {
  const codes: string[] = [];
  const onEvent = (event: BuildEvent): void => {
    if (event.type === 'warning') codes.push(event.diagnostic.code);
  };
  const context = tempDir({ 'a.txt': 'a', 'b.log': 'b', '.dockerignore': '*.log' });
  try {
    await build({ context, dockerfileText: text, cacheDir: join(context, '../cache'), onEvent, ...options });
  } catch (error) {
    codes.push(error instanceof ParseError ? error.message : String(error));
  }
  return codes;
}

describe('rules in a build', () => {
  it('are told once, whoever finds them, of the stages that are built', async () => {
    const text =
      'FROM scratch as unused\nWORKDIR x\nFROM scratch\nCOPY a.txt \\\n\n /\nMAINTAINER x\nWORKDIR y\nUSER $z';
    expect(await warnings(text)).toEqual([
      'NoEmptyContinuation',
      'FromAsCasing',
      'MaintainerDeprecated',
      'WorkdirRelativePath',
      'UndefinedVar',
    ]);
  });

  it('are not told when the Dockerfile makes an exception', async () => {
    const text =
      '# check=skip=WorkdirRelativePath\nFROM scratch\nWORKDIR y\n# check=skip=UndefinedVar\nUSER $z\nMAINTAINER x';
    expect(await warnings(text)).toEqual(['MaintainerDeprecated']);
  });

  it('know what the ignore file excludes', async () => {
    const [first, second] = await warnings('FROM scratch\nCOPY b.log /');
    expect([first, second]).toEqual(['CopyIgnoredFile', expect.stringContaining('b.log')]);
  });

  it('fail it with error=true: those of the text at once, the others before there is an image', async () => {
    const text = (line: string) => `# check=error=true\nFROM scratch\n${line}\n`;
    expect(await warnings(text('MAINTAINER x'))).toEqual([
      'MaintainerDeprecated',
      'lint violation found for rules: MaintainerDeprecated',
    ]);
    expect(await warnings(text('USER $x'))).toEqual(['UndefinedVar', 'lint violation found for rules: UndefinedVar']);
    expect(await warnings(text('USER x'))).toEqual([]);
  });
});
