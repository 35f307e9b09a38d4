import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { containerdEngine, podmanEngine } from '../../../src/oci/engines/program-engine.ts';
import { bytesOf } from '../../../src/store/read.ts';
import { failure } from '../../support/registry/client.ts';
import { tempDir } from '../../support/temp-dir.ts';

/** A machine with such programs, which note how they are called. */
function machineWith(...names: readonly string[]) {
  const dir = tempDir({ called: '' });
  for (const name of names) {
    const script = `#!/bin/sh
while read -r line; do input="$input$line"; done
echo "${name} $* <$input" >> ${dir}/called
for word; do case $word in */image.tar) echo saved > "$word";; esac; done
[ "$input" != bad ] || { echo no such format >&2; exit 1; }
`;
    writeFileSync(join(dir, name), script);
    chmodSync(join(dir, name), 0o755);
  }
  return {
    find: (name: string): string | undefined => (names.includes(name) ? join(dir, name) : undefined),
    called: (): string => readFileSync(join(dir, 'called'), 'utf8'),
  };
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe.each([
  ['podman', podmanEngine, ['podman'], /^podman load --quiet <tar\n$/, /^podman save .* app:1 <\n$/],
  [
    'containerd',
    containerdEngine,
    ['ctr', 'nerdctl'],
    /^ctr images import - <tar\n$/,
    /^ctr images export .* app:1 <\n$/,
  ],
  [
    'containerd without ctr',
    containerdEngine,
    ['nerdctl'],
    /^nerdctl load --quiet <tar\n$/,
    /^nerdctl save .* app:1 <\n$/,
  ],
] as const)('%s', (_, engine, programs, load, save) => {
  it('takes an archive from its program', async () => {
    const { find, called } = machineWith(...programs);
    await engine(undefined, find).load(bytesOf('tar\n'));
    expect(called()).toMatch(load);
  });

  it('gives one by it', async () => {
    const { find, called } = machineWith(...programs);
    let text = '';
    await engine(undefined, find).save('app:1', async (archive) => {
      text = await textOf(archive);
    });
    expect(text).toBe('saved\n');
    expect(called()).toMatch(save);
  });

  it('that refuses is quoted', async () => {
    const { find } = machineWith(...programs);
    expect(await failure(engine(undefined, find).load(bytesOf('bad\n')))).toMatchObject({
      message: expect.stringContaining('no such format'),
    });
  });
});

it('containerd without a program is named with the programs that would do', async () => {
  const { find } = machineWith();
  expect(await failure(containerdEngine(undefined, find).load(bytesOf('')))).toMatchObject({
    code: 'HOST_ENGINE_UNAVAILABLE',
    message: 'containerd is not on this machine: there is no ctr or nerdctl',
  });
});
