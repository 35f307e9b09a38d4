import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { initProject, parse } from '../../src/index.ts';
import { projectTexts, TEAM_LINKS } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

const DIGEST = `sha256:${'1'.repeat(64)}`;

async function init(
  manifest: object,
  files: Readonly<Record<string, string>> = {},
  workspace?: string,
): Promise<string> {
  const context = tempDir({ ...projectTexts(manifest as Record<string, unknown>, {}), ...files });
  const { dockerfile } = await initProject({ context, ...(workspace !== undefined && { workspace }) });
  const { diagnostics } = parse(dockerfile);
  expect(diagnostics).toEqual([]);
  return dockerfile;
}

function lines(dockerfile: string, keyword: string): string[] {
  return dockerfile.split('\n').filter((line) => line.startsWith(`${keyword} `));
}

describe('the Dockerfile of a project that has none', () => {
  it.each([
    ['the newest version with long-term support', {}, {}, 'node:24-slim'],
    ['what engines allow', { engines: { node: '^22' } }, {}, 'node:22-slim'],
    ['.nvmrc before engines', { engines: { node: '^22' } }, { '.nvmrc': 'v20.1.0\n' }, 'node:20.1.0-slim'],
    ['what is configured', { lamella: { base: 'my.example/node:1' } }, {}, 'my.example/node:1'],
    ['the configured version', { lamella: { node: '23' } }, {}, 'node:23-slim'],
    [
      'the digest of lamella.lock',
      {},
      { 'lamella.lock': JSON.stringify({ bases: { 'node:24-slim': DIGEST } }) },
      `node:24-slim@${DIGEST}`,
    ],
  ])('starts from %s', async (_what, manifest, files, expected) => {
    expect(lines(await init(manifest, files as Record<string, string>), 'FROM')).toEqual([`FROM ${expected}`]);
  });

  it.each([
    [
      { scripts: { start: 'node --enable-source-maps ./server.js -p 1' } },
      ['node', '--enable-source-maps', 'server.js', '-p', '1'],
    ],
    [{ scripts: { start: 'next start' } }, ['npm', 'start']],
    [{ bin: { cli: './cli.js' } }, ['node', 'cli.js']],
    [{ main: 'lib/main.js' }, ['node', 'lib/main.js']],
    [{}, ['node', 'index.js']],
    [{ lamella: { command: ['a', 'b c'] } }, ['a', 'b c']],
  ])('runs what %j says', async (manifest, expected) => {
    expect(lines(await init(manifest), 'CMD')).toEqual([`CMD ${JSON.stringify(expected)}`]);
  });

  it('installs before it copies sources, for an ordinary user, without tests and secrets', async () => {
    const text = await init({}, { '.npmrc': 'fund=false\n' });
    expect(lines(text, 'RUN')).toEqual(['RUN npm ci --omit=dev']);
    expect(text.indexOf('RUN npm ci')).toBeLessThan(text.indexOf('COPY --exclude'));
    expect(text).toContain('COPY ["package.json","package-lock.json",".npmrc","./"]');
    for (const pattern of ['.env', 'node_modules', '.npmrc', '**/*.test.*', '*.key'])
      expect(text).toContain(`--exclude=${pattern} `);
    expect(lines(text, 'USER')).toEqual(['USER node']);
    expect(lines(text, 'ENV')).toEqual(['ENV NODE_ENV="production"']);
  });

  it('builds in a stage of its own where there is a build script', async () => {
    const text = await init({ scripts: { build: 'tsc' }, files: ['dist'] });
    expect(lines(text, 'FROM')).toEqual(['FROM node:24-slim AS build', 'FROM node:24-slim']);
    expect(lines(text, 'RUN')).toEqual(['RUN npm ci', 'RUN npm run build', 'RUN npm ci --omit=dev']);
    expect(text).toMatch(/COPY --from=build --parents .*\["\/app\/\.\/dist","\.\/"\]/);
    expect(lines(await init({ scripts: { build: 'tsc' }, lamella: { build: false } }), 'FROM')).toHaveLength(1);
  });

  it('copies the sources without what installs, which is there; what a build made of package.json comes after it', async () => {
    const copies = async (manifest: object): Promise<string[]> =>
      lines(await init(manifest), 'COPY').filter((line) => line.includes('--exclude=tests') || line.includes('--from'));
    const built = await copies({ scripts: { build: 'tsc' } });
    expect(built).toHaveLength(2);
    expect(built[0]).toMatch(/^COPY --from=build .*--exclude=package\.json --exclude=package-lock\.json \/app \.\/$/);
    expect(built[1]).toBe('COPY --from=build --parents ["/app/./package.json","./"]');
    const plain = await copies({});
    expect(plain).toEqual([expect.stringMatching(/--exclude=package\.json --exclude=package-lock\.json \. \.\/$/)]);
  });

  it('quotes what stands in package.json', async () => {
    const text = await init({
      description: 'costs $5 "or" \\ more\nUSER root',
      repository: 'git+https://code.invalid/a.git',
    });
    expect(text).toContain('description="costs \\$5 \\"or\\" \\\\ more USER root"');
    expect(text).toContain('source="https://code.invalid/a"');
    expect(lines(text, 'USER')).toEqual(['USER node']);
  });

  it('names the commit', async () => {
    const commit = 'a'.repeat(40);
    const loose = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/refs/heads/main': `${commit}\n` };
    const packed = { '.git/HEAD': 'ref: refs/heads/main\n', '.git/packed-refs': `# x\n${commit} refs/heads/main\n` };
    for (const git of [loose, packed, { '.git/HEAD': commit }])
      expect(await init({}, git)).toContain(`revision="${commit}"`);
  });

  it('has one workspace and what that needs of the others', async () => {
    const api = { name: '@team/api', version: '1.0.0', main: 'api.js', dependencies: { '@team/lib': '*' } };
    const lib = { name: '@team/lib', version: '1.0.0' };
    const web = { name: 'web', version: '1.0.0' };
    const texts = projectTexts(
      { workspaces: ['packages/*'] },
      {
        'packages/api': api,
        'packages/lib': lib,
        'packages/web': web,
        ...TEAM_LINKS,
      },
    );
    const manifests = { api, lib, web };
    const files = Object.entries(manifests).map(([name, each]) => [
      `packages/${name}/package.json`,
      JSON.stringify(each),
    ]);
    const context = tempDir({ ...texts, ...Object.fromEntries(files) });
    const { dockerfile } = await initProject({ context, workspace: 'packages/api' });
    expect(dockerfile).toContain('RUN npm ci --omit=dev --workspace=@team/api');
    expect(dockerfile).toMatch(/COPY --parents --exclude.* \["packages\/api","packages\/lib","\.\/"\]/);
    expect(dockerfile).toContain(' --exclude=packages/api/package.json --exclude=packages/lib/package.json [');
    expect(lines(dockerfile, 'CMD')).toEqual(['CMD ["node","packages/api/api.js"]']);
  });

  it.each([
    ['lamella', 3],
    ['lamella.nothing', { nothing: 1 }],
    ['lamella.build', { build: 'yes' }],
    ['lamella.env', { env: { 'A B': 'x' } }],
    ['lamella.base', { base: 'a\nRUN evil' }],
  ])('refuses a wrong %s', async (field, lamella) => {
    await expect(init({ lamella })).rejects.toMatchObject({
      code: 'OPTION_BAD_PROJECT_CONFIG',
      message: expect.stringContaining(field),
    });
  });

  it('is configured by the fields that the schema has', () => {
    const schema = JSON.parse(readFileSync('schema/package-lamella.json', 'utf8')) as { properties: object };
    const source = readFileSync('src/npm/project-config.ts', 'utf8');
    const fields = [...source.matchAll(/^ {2}readonly (\w+)\?:/gm)].map(([, name]) => name);
    expect(Object.keys(schema.properties).sort()).toEqual(fields.sort());
  });
});
