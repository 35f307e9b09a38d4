import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { followRedirect } from '../../src/oci/registry/redirect.ts';
import { createBuilder } from '../support/build.ts';
import { startFileServer } from '../support/file-server.ts';
import { createGitRepository } from '../support/git-repository.ts';
import { basicGuard } from '../support/registry/auth.ts';
import { answer } from '../support/registry/faults.ts';
import { startRegistry } from '../support/registry/server.ts';
import { tempDir } from '../support/temp-dir.ts';

/** Where no server has business to send a build: the cloud's secrets of this machine, and its files. */
const ELSEWHERE = [
  'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
  'http://2852039166/',
  'http://[fd00:ec2::254]/',
  'http://[fe80::1]/',
  'http://[::ffff:169.254.169.254]/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'file:///etc/passwd',
];
const USER = { username: 'ann', password: 'pass word' };

const redirect = (location: string) => ({ status: 307, headers: { location } });

describe('an address that a server sends a build to', () => {
  test.each(ELSEWHERE)('%s from an ADD is not followed', async (location) => {
    const { url } = await startFileServer(() => redirect(location));
    await expect(createBuilder().build({ dockerfileText: `FROM scratch\nADD ${url}/f /f\n` })).rejects.toMatchObject({
      code: 'CONTEXT_DOWNLOAD_FAILED',
      message: expect.stringMatching(/redirects to (the scheme file:|.*, which is for this machine alone)/),
    });
  });

  test.each(ELSEWHERE)('%s from a registry is not followed', async (location) => {
    const registry = await startRegistry();
    registry.faults.push(answer(/manifests/, redirect(location)));
    const building = createBuilder().build({ dockerfileText: `FROM ${registry.host}/app\n` });
    await expect(building).rejects.toMatchObject({ code: 'REGISTRY_BAD_REDIRECT' });
  });

  test.each(ELSEWHERE)('%s for a token is not asked', async (realm) => {
    const registry = await startRegistry();
    registry.faults.push(
      answer(/./, { status: 401, headers: { 'www-authenticate': `Bearer realm="${realm}",service="x"` } }),
    );
    const building = createBuilder().build({
      dockerfileText: `FROM ${registry.host}/app\n`,
      registry: { credentials: { [registry.host]: USER } },
    });
    await expect(building).rejects.toMatchObject({ code: 'REGISTRY_BAD_ANSWER' });
  });

  test.each(['file:///etc/passwd', 'ext::sh -c "touch /tmp/x"'])('%s from a git remote is not followed', async (to) => {
    const { url } = await startFileServer(() => redirect(to));
    await expect(createBuilder().build({ context: `${url}/x.git` })).rejects.toMatchObject({
      code: 'CONTEXT_GIT_FAILED',
    });
  });
});

describe('an address in a Dockerfile', () => {
  test.each(ELSEWHERE.filter((address) => address.startsWith('http')))('%s is not fetched by ADD', async (address) => {
    await expect(createBuilder().build({ dockerfileText: `FROM scratch\nADD ${address} /f\n` })).rejects.toMatchObject({
      code: 'CONTEXT_DOWNLOAD_FAILED',
      message: expect.stringContaining('for this machine alone'),
    });
  });

  test.each(['http://169.254.169.254/x.git', 'ssh://git@[fe80::1]/x.git', 'ssh://git@metadata.google.internal/x.git'])(
    '%s is not fetched by git',
    async (address) => {
      const building = createBuilder().build({ dockerfileText: `FROM scratch\nADD ${address} /f\n` });
      await expect(building).rejects.toMatchObject({ message: expect.stringContaining('for this machine alone') });
    },
  );
});

describe('credentials stay with the host that they are for', () => {
  test('when an ADD is redirected', async () => {
    const other = await startFileServer(() => ({ body: 'x' }));
    const first = await startFileServer(() => redirect(`${other.url}/there`));
    const address = first.url.replace('//', '//ann:secret@');
    await createBuilder().build({ dockerfileText: `FROM scratch\nADD ${address}/f /f\n` });
    expect(first.requests[0]?.headers.authorization).toMatch(/^Basic /);
    expect(other.requests.map(({ headers }) => [headers.authorization, headers.cookie])).toEqual([
      [undefined, undefined],
    ]);
  });

  test('when a registry redirects the question for a manifest', async () => {
    const [registry, other] = [await startRegistry(), await startRegistry()];
    registry.guard = basicGuard(USER);
    registry.faults.push((request, response) => {
      if (request.headers.authorization === undefined || !request.url?.includes('manifests')) return false;
      response.writeHead(307, { location: `http://${other.host}${request.url}` }).end();
      return true;
    });
    const building = createBuilder().build({
      dockerfileText: `FROM ${registry.host}/app\n`,
      registry: { credentials: { [registry.host]: USER, [other.host]: USER } },
    });
    await expect(building).rejects.toMatchObject({ family: 'registry' });
    expect(registry.requests.some(({ authorization }) => authorization !== undefined)).toBe(true);
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test('when a git remote redirects', async () => {
    const root = tempDir();
    createGitRepository(join(root, 'x')).commit({ Dockerfile: 'FROM scratch\nCOPY . /\n' });
    const other = await startFileServer(() => undefined, root);
    const first = await startFileServer(({ path }) => redirect(`${other.url}${path.replace('/x.git', '/git/x')}`));
    const secrets = [{ id: 'GIT_AUTH_TOKEN', value: 'a-token' }];
    await expect(createBuilder().build({ context: `${first.url}/x.git`, secrets })).rejects.toMatchObject({
      code: 'CONTEXT_GIT_FAILED',
      hint: expect.stringContaining('give the address that it leads to'),
    });
    expect(first.requests[0]?.headers.authorization).toMatch(/^Basic /);
    expect(other.requests).toEqual([]);
    // Nothing confidential is at stake without it.
    await createBuilder().build({ context: `${first.url}/x.git` });
    expect(other.requests.length).toBeGreaterThan(0);
  });

  test('and HTTPS is not left', () => {
    const request = { method: 'GET', url: new URL('https://registry.example/v2/'), authorization: 'Basic x' } as const;
    const response = {
      ...{ status: 302, headers: { location: 'http://registry.example/v2/' }, url: request.url },
      body: { [Symbol.asyncIterator]: () => [][Symbol.iterator]() as never },
      discard: () => {},
    };
    expect(() => followRedirect(request, response)).toThrow(expect.objectContaining({ code: 'REGISTRY_BAD_REDIRECT' }));
  });
});
