import { describe, expect, it } from 'vitest';
import { locations, make, plan, simpleProject } from '../support/npm-installation.ts';
import { lockEntry, projectTexts, type Tarball, TEAM_LINKS } from '../support/npm-packages.ts';

describe('workspaces', () => {
  async function workspaceProject() {
    const [a, b] = (await make({ name: 'a', version: '1.0.0' }, { name: 'b', version: '1.0.0' })) as [Tarball, Tarball];
    const api = { name: '@team/api', version: '1.0.0', dependencies: { a: '1', '@team/lib': '*' } };
    const lib = { name: '@team/lib', version: '1.0.0' };
    const web = { name: 'web', version: '1.0.0', dependencies: { b: '1' } };
    return {
      ...projectTexts(
        { workspaces: ['packages/*'] },
        {
          'packages/api': api,
          'packages/lib': lib,
          'packages/web': web,
          ...TEAM_LINKS,
          'node_modules/a': lockEntry(a),
          'node_modules/b': lockEntry(b),
        },
      ),
      'packages/api/package.json': JSON.stringify(api),
      'packages/lib/package.json': JSON.stringify(lib),
      'packages/web/package.json': JSON.stringify(web),
      tarballs: '',
    };
  }

  it('are linked', async () => {
    const installation = await plan(await workspaceProject());
    const link = installation.tree.packages.find(({ location }) => location === 'node_modules/@team/api');
    expect(link?.source).toEqual({ kind: 'link', target: 'packages/api' });
  });

  it.each(['@team/api', 'packages/api'])('can be chosen, with what they need: %s', async (workspace) => {
    expect(locations(await plan(await workspaceProject(), { workspaces: [workspace] }))).toEqual([
      'node_modules/@team/api',
      'node_modules/@team/lib',
      'node_modules/a',
    ]);
  });

  it.each([
    ['nothing', 'there are @team/api, @team/lib'],
    ['@team/apo', 'did you mean "@team/api"?'],
  ])('must be there to be chosen: %s', async (workspace, hint) => {
    await expect(plan(await workspaceProject(), { workspaces: [workspace] })).rejects.toMatchObject({
      code: 'STEP_NPM_UNKNOWN_WORKSPACE',
      hint: expect.stringContaining(hint),
    });
  });

  it('cannot be chosen where there are none', async () => {
    const { files } = await simpleProject();
    await expect(plan(files, { workspaces: ['a'] })).rejects.toMatchObject({ hint: 'the project has no workspaces' });
  });
});
