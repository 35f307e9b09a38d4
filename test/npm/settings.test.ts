import { describe, expect, it } from 'vitest';
import { type Npmrc, parseNpmrc } from '../../src/npm/npmrc.ts';
import { createRegistryConfig } from '../../src/npm/registry-config.ts';
import { toInstallSettings } from '../../src/npm/settings.ts';

const STANDARD = 'https://standard.invalid/';

/** As it is written in the file. */
function variable(name: string): string {
  return ['$', '{', name, '}'].join('');
}

function parse(text: string, env: Readonly<Record<string, string>> = {}): Npmrc {
  return parseNpmrc(text, (name) => env[name]);
}

describe('an .npmrc', () => {
  it('has settings, lists, comments, quotes and variables', () => {
    const read = parse(
      [
        '; a comment',
        '# another',
        'registry = https://one.invalid/ # here too',
        'omit[]=dev',
        'omit[] = optional',
        'engine-strict',
        '"quoted" = "a # b"',
        `//one.invalid/:_authToken=${variable('TOKEN')}`,
        `unset=${variable('NOWHERE')}`,
        `empty=${variable('NOWHERE?')}`,
      ].join('\n'),
      { TOKEN: 'secret' },
    );
    expect(Object.fromEntries(read)).toEqual({
      registry: 'https://one.invalid/',
      omit: ['dev', 'optional'],
      'engine-strict': 'true',
      quoted: 'a # b',
      '//one.invalid/:_authToken': 'secret',
      unset: variable('NOWHERE'),
      empty: '',
    });
  });
});

describe('what is left out', () => {
  it.each([
    ['nothing by default', '', false, []],
    ['dev with NODE_ENV=production', '', true, ['dev']],
    ['what omit says, instead of the default', 'omit[]=optional', true, ['optional']],
    ['not what include brings back', 'include[]=dev', true, []],
    ['dev with production', 'production=true', false, ['dev']],
    ['not dev with production=false', 'production=false', true, []],
    ['optional with optional=false', 'optional=false', false, ['optional']],
    ['dev with only=prod', 'only=prod', false, ['dev']],
  ])('is %s', (_name, text, production, expected) => {
    expect([...toInstallSettings([parse(text)], production).omit]).toEqual(expected);
  });

  it('is decided by the first of the layers that says something', () => {
    const { omit, ignoreScripts } = toInstallSettings([parse('omit=peer'), parse('omit=dev\nignore-scripts')], false);
    expect([...omit]).toEqual(['peer']);
    expect(ignoreScripts).toBe(true);
  });
});

describe('settings that only npm can follow', () => {
  it.each(['install-strategy=linked', 'global', 'package-lock=false', 'os=win32', 'force', 'workspaces=false'])(
    'are named: %s',
    (text) => {
      expect(toInstallSettings([parse(text)], false).unsupported).toHaveLength(1);
    },
  );

  it('are none in an ordinary file', () => {
    expect(toInstallSettings([parse('install-strategy=hoisted\nfund=false')], false).unsupported).toEqual([]);
  });
});

describe('where a tarball is fetched', () => {
  const candidate = { name: '@team/tool', version: '1.2.3' };

  function addressOf(text: string, resolved?: string): string {
    const config = createRegistryConfig([parse(text)], [], STANDARD);
    return config.requestFor({ ...candidate, ...(resolved !== undefined && { resolved }) }).url.href;
  }

  it('is where the lockfile says', () => {
    expect(addressOf('', 'https://other.invalid/x.tgz')).toBe('https://other.invalid/x.tgz');
  });

  it('is the configured registry for an address of the standard one', () => {
    expect(addressOf('registry=http://mirror.invalid/npm', `${STANDARD}@team/tool/-/tool-1.2.3.tgz`)).toBe(
      'http://mirror.invalid/npm/@team/tool/-/tool-1.2.3.tgz',
    );
  });

  it('is made from the registry, or that of the scope, where the lockfile has no address', () => {
    expect(addressOf('')).toBe(`${STANDARD}@team/tool/-/tool-1.2.3.tgz`);
    expect(addressOf('registry=https://a.invalid\n@team:registry=https://b.invalid')).toBe(
      'https://b.invalid/@team/tool/-/tool-1.2.3.tgz',
    );
  });
});

describe('credentials', () => {
  const settings = [
    '//a.invalid/:_authToken=one',
    '//a.invalid/deep/:_authToken=two',
    '//b.invalid/:_auth=dTpw',
    '//c.invalid/:username=u',
    `//c.invalid/:_password=${Buffer.from('p').toString('base64')}`,
  ].join('\n');

  it.each([
    ['https://a.invalid/x/-/x.tgz', 'Bearer one'],
    ['https://a.invalid/deep/x/-/x.tgz', 'Bearer two'],
    ['https://b.invalid/x.tgz', 'Basic dTpw'],
    ['https://c.invalid/x.tgz', `Basic ${Buffer.from('u:p').toString('base64')}`],
    ['https://a.invalid:8080/x.tgz', undefined],
    ['https://evil.invalid/a.invalid/x.tgz', undefined],
  ])('for %s are those of its host and path alone', (address, expected) => {
    expect(createRegistryConfig([], [parse(settings)], STANDARD).authorizationFor(new URL(address))).toBe(expected);
  });
});
