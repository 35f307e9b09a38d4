import { expect, it, test } from 'vitest';
import { build, ociLayout } from '../../src/index.ts';

/** As they come from JavaScript, where nobody checks types. */
async function errorOf(options: object): Promise<{ readonly message: string }> {
  return await build({ dockerfileText: 'FROM scratch\n', ...options }).then(
    () => expect.unreachable('it was built'),
    (error) => error,
  );
}

test.each<[object, string, string]>([
  [{ context: new URL('file:///srv') }, 'context is an object', 'a path, an address, or a stream'],
  [{ context: 3 }, 'context is 3', 'a path'],
  [{ tags: 'app' }, 'tags is "app"', 'an array of strings'],
  [{ tags: ['app', 1] }, 'tags is an array of 2', 'an array of strings'],
  [{ buildArgs: { CI: 1 } }, 'buildArgs is an object', 'whose values are strings'],
  [{ outputs: ociLayout('image') }, 'outputs is an object', 'an array of outputs'],
  [{ outputs: [{ type: 'oci' }] }, 'outputs is an array of 1', 'destination'],
  [{ outputs: [{ type: 'zip', destination: 'a' }] }, 'outputs is an array of 1', 'destination'],
  [{ cacheTo: [{ type: 's3' }] }, 'cacheTo is an array of 1', '{ type, … }'],
  [{ compression: 'lz4' }, 'compression is "lz4"', "'gzip', 'zstd', 'none'"],
  [{ isolation: 'docker' }, 'isolation is "docker"', "'auto', 'crun'"],
  [{ noCache: 'false' }, 'noCache is "false"', 'true or false'],
  [{ stepTimeoutMs: '10' }, 'stepTimeoutMs is "10"', 'a number'],
  [{ onEvent: true }, 'onEvent is true', 'a function'],
  [{ onError: 'shell' }, 'onError is "shell"', "'fail', 'keep', or a function"],
  [{ signal: new AbortController() }, 'signal is an object', 'an AbortSignal'],
])('a build with %o is refused, and told what to give', async (options, message, hint) => {
  expect(await errorOf(options)).toMatchObject({
    code: 'OPTION_BAD_VALUE',
    message: expect.stringContaining(message),
    hint: expect.stringContaining(hint),
  });
});

it.each([
  [{ tag: 'app' }, 'did you mean "tags"?'],
  [{ onevent: () => {} }, 'did you mean "onEvent"?'],
])('a name that is a slip of an option is refused: %o', async (options, hint) => {
  expect(await errorOf(options)).toMatchObject({ code: 'OPTION_UNKNOWN', hint });
});

it('what else an object has is its own affair', async () => {
  await expect(
    build({ ...{ root: '/srv' }, dockerfileText: 'FROM nowhere AS a\nFROM a AS a\nCOPPY\n' }),
  ).rejects.toMatchObject({ family: 'parse' });
});

it('values that may be secrets are not shown', async () => {
  const { message } = await errorOf({ secrets: { id: 'a', value: 'sesame' } });
  expect(message).not.toContain('sesame');
});
