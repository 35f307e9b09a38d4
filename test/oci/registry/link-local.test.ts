import type { LookupFunction } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { refuseLinkLocalRemote } from '../../../src/build/remote/git-host.ts';
import type { HttpRequest } from '../../../src/oci/registry/http.ts';
import { createTransport, DEFAULT_TIMEOUTS } from '../../../src/oci/registry/transport.ts';
import { startFileServer } from '../../support/file-server.ts';

/** What names stand for here; asked for nothing else. */
const NAMES: Record<string, readonly string[]> = {
  'metadata.example': ['169.254.169.254'],
  'metadata-6.example': ['fe80::a9fe:a9fe%1', 'fd00:ec2::254'],
  'mapped.example': ['::ffff:169.254.169.254'],
  'both.example': ['169.254.169.254', '127.0.0.1'],
  'here.example': ['127.0.0.1'],
};
const METADATA = ['metadata.example', 'metadata-6.example', 'mapped.example'];

const lookup: LookupFunction = (host, options, callback) => {
  const found = (NAMES[host] ?? []).map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const [first] = found;
  if (first === undefined) callback(Object.assign(new Error(host), { code: 'ENOTFOUND' }), '');
  else if (options.all === true) callback(null, found);
  else callback(null, first.address, first.family);
};

/** By Node's own client, and by undici. */
const WAYS: readonly Pick<HttpRequest, 'method'>[] = [{ method: 'GET' }, { method: 'POST' }];

function transport() {
  const opened = createTransport({ userAgent: 'test', timeouts: DEFAULT_TIMEOUTS, lookup });
  onTestFinished(() => opened.close());
  return opened;
}

describe.each(WAYS)('an address that a Dockerfile or a server names ($method)', (way) => {
  test.each(METADATA)('is refused when its name stands for the metadata service of a cloud: %s', async (host) => {
    const asked = transport().send({ ...way, url: new URL(`http://${host}:1/`), isForeign: true });
    await expect(asked).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      retryable: false,
      message: expect.stringContaining('its address is for this machine alone'),
    });
  });

  test.each(METADATA)('is refused after a redirect to such a name: %s', async (host) => {
    const { url } = await startFileServer(() => ({ status: 307, headers: { location: `http://${host}:1/` } }));
    const from = url.replace('127.0.0.1', 'here.example');
    await expect(transport().send({ ...way, url: new URL(from) })).rejects.toThrow('for this machine alone');
  });

  test('is reached by the other addresses of a name', async () => {
    const { url, requests } = await startFileServer(() => ({ body: 'x' }));
    const both = new URL(url.replace('127.0.0.1', 'both.example'));
    const response = await transport().send({ ...way, url: both, isForeign: true });
    response.discard();
    expect([response.status, requests.length]).toEqual([200, 1]);
  });

  test('is refused although the user named the same host, whose connection is open', async () => {
    const { url } = await startFileServer(() => ({ body: 'x' }));
    const opened = transport();
    const here = new URL(url.replace('127.0.0.1', 'here.example'));
    (await opened.send({ ...way, url: here })).discard();
    onTestFinished(() => {
      NAMES['here.example'] = ['127.0.0.1'];
    });
    NAMES['here.example'] = ['169.254.169.254'];
    await expect(opened.send({ ...way, url: here, isForeign: true })).rejects.toThrow('for this machine alone');
  });
});

describe('the remote of a git repository', () => {
  const find = async (host: string): Promise<readonly string[]> => NAMES[host] ?? [];

  test.each([
    'https://metadata.example/x.git',
    'ssh://git@metadata-6.example/x.git',
    'git@mapped.example:x.git',
    'git://both.example/x',
    'http://metadata.google.internal/x.git',
  ])('is refused when its host is, or may be, link-local: %s', async (remote) => {
    await expect(refuseLinkLocalRemote({ remote }, find)).rejects.toMatchObject({
      code: 'CONTEXT_GIT_FAILED',
      hint: expect.stringContaining('link-local'),
    });
  });

  test.each(['https://here.example/x.git', 'git@here.example:x', 'https://nobody.example/x.git'])(
    'is left to git otherwise: %s',
    async (remote) => await expect(refuseLinkLocalRemote({ remote }, find)).resolves.toBeUndefined(),
  );
});
