import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { createCredentialFinder } from '../../../src/oci/registry/credentials.ts';
import { DOCKER_HUB } from '../../../src/oci/registry/docker-hub.ts';
import { tempDir } from '../../support/temp-dir.ts';

const AUTH = Buffer.from('ann:se:cret').toString('base64');
const ANN = { username: 'ann', password: 'se:cret' };

function configFile(content: unknown): string {
  const path = join(tempDir(), 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

describe('createCredentialFinder', () => {
  it.each(['r.example:5000', 'https://r.example:5000', 'https://r.example:5000/v1/', 'http://r.example:5000/v2'])(
    'finds a registry under the key %s',
    async (key) => {
      const find = createCredentialFinder({ configFile: configFile({ auths: { [key]: { auth: AUTH } } }) });
      expect(await find('r.example:5000')).toEqual(ANN);
      expect(await find('r.example')).toBeUndefined();
    },
  );

  it('finds Docker Hub under the key that docker writes', async () => {
    const auths = { [`https://index.${DOCKER_HUB}/v1/`]: { auth: AUTH } };
    const find = createCredentialFinder({ configFile: configFile({ auths }) });
    expect(await find(DOCKER_HUB)).toEqual(ANN);
  });

  it('reads user and password written apart', async () => {
    const find = createCredentialFinder({ configFile: configFile({ auths: { r: ANN } }) });
    expect(await find('r')).toEqual(ANN);
  });

  it('prefers credentials that are given to those of the file', async () => {
    const given = { username: 'bob', password: 'x' };
    const path = configFile({ auths: { r: { auth: AUTH } } });
    const find = createCredentialFinder({ configFile: path, credentials: { r: given } });
    expect(await find('r')).toEqual(given);
  });

  it.each([{}, { auths: {} }, { auths: { r: {} } }, { auths: { r: { auth: '' } } }, { auths: [] }, []])(
    'goes on anonymously with %j',
    async (content) => {
      const find = createCredentialFinder({ configFile: configFile(content) });
      expect(await find('r')).toBeUndefined();
    },
  );

  it('goes on anonymously without a file', async () => {
    const find = createCredentialFinder({ configFile: join(tempDir(), 'none.json') });
    expect(await find('r')).toBeUndefined();
  });

  it.each([
    ['an identity token', { identitytoken: 'i' }, { identityToken: 'i' }],
    ['a bearer token', { registrytoken: 'r' }, { registryToken: 'r' }],
    [
      'a password that docker has padded',
      { auth: Buffer.from('ann:pw\0\0').toString('base64') },
      { ...ANN, password: 'pw' },
    ],
  ])('reads %s', async (_, entry, expected) => {
    const find = createCredentialFinder({ configFile: configFile({ auths: { r: entry } }) });
    expect(await find('r')).toEqual(expected);
  });

  it("takes no other file than REGISTRY_AUTH_FILE where that is set, else docker's, then podman's", async () => {
    const file = (username: string, registry = 'r'): string =>
      configFile({ auths: { [registry]: { ...ANN, username } } });
    vi.stubEnv('DOCKER_CONFIG', dirname(file('docker')));
    vi.stubEnv('XDG_RUNTIME_DIR', tempDir({ 'containers/auth.json': readFileSync(file('podman', 'p'), 'utf8') }));
    try {
      const find = createCredentialFinder({});
      expect(await find('r')).toMatchObject({ username: 'docker' });
      expect(await find('p')).toMatchObject({ username: 'podman' });
      vi.stubEnv('REGISTRY_AUTH_FILE', file('named', 'n'));
      const only = createCredentialFinder({});
      expect(await only('n')).toMatchObject({ username: 'named' });
      expect(await only('r')).toBeUndefined();
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('asks the helper of the registry, else the common one; the user <token> has an identity token', async () => {
    const dir = tempDir();
    const helper = (name: string, answer: string): void => {
      writeFileSync(join(dir, `docker-credential-${name}`), `#!/bin/sh\ncat >/dev/null\necho '${answer}'\n`, {
        mode: 0o755,
      });
    };
    helper('own', '{"Username":"own","Secret":"x"}');
    helper('common', '{"Username":"<token>","Secret":"bought"}');
    vi.stubEnv('PATH', `${dir}:${process.env.PATH}`);
    try {
      const path = configFile({ credsStore: 'common', credHelpers: { r: 'own' }, auths: { r: { auth: AUTH }, s: {} } });
      const find = createCredentialFinder({ configFile: path });
      expect(await find('r')).toEqual({ username: 'own', password: 'x' });
      expect(await find('s')).toEqual({ identityToken: 'bought' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('says which file is not JSON, and shows nothing of it', async () => {
    const path = configFile(`{"auths": {"r": {"auth": "${AUTH}"`);
    const error: unknown = await createCredentialFinder({ configFile: path })('r').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'OPTION_BAD_DOCKER_CONFIG', message: `${path} is not valid JSON` });
    expect(error).not.toHaveProperty('cause');
  });
});
