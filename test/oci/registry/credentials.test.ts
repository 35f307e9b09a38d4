import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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

  it('says which file is not JSON, and shows nothing of it', async () => {
    const path = configFile(`{"auths": {"r": {"auth": "${AUTH}"`);
    const error: unknown = await createCredentialFinder({ configFile: path })('r').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'OPTION_BAD_DOCKER_CONFIG', message: `${path} is not valid JSON` });
    expect(error).not.toHaveProperty('cause');
  });
});
