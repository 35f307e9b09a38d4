import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type NpmOptions, ociLayout } from '../../src/index.ts';
import { createBuilder } from '../support/build.ts';
import { requireRegistry, TEST_REGISTRY } from '../support/host.ts';
import { readImageTree } from '../support/image-tree.ts';
import { makeTarball, projectTexts, putIntoNpmCache } from '../support/npm-packages.ts';
import { tempDir } from '../support/temp-dir.ts';

/** A stand-in for npm, which shows what the scripts' step runs: the real one is compared in the differential tests. */
const NPM = '#!/bin/sh\necho "$@" > /app/node_modules/ran\n';

test.skipIf(!(await requireRegistry()))(
  'install scripts run in the image after native layers, by the npm of the image',
  async () => {
    const tarball = await makeTarball({ name: 'native', version: '1.0.0', manifest: { scripts: { install: 'make' } } });
    const cache = tempDir();
    putIntoNpmCache(cache, tarball);
    const { integrity } = tarball;
    const entry = { version: '1.0.0', integrity, resolved: 'file:native.tgz', hasInstallScript: true };
    const files = projectTexts({ dependencies: { native: 'file:native.tgz' } }, { 'node_modules/native': entry });
    const Dockerfile = [
      `FROM ${TEST_REGISTRY}/busybox`,
      'COPY --chmod=755 npm /bin/npm',
      'WORKDIR /app',
      'COPY package*.json native.tgz ./',
      'RUN npm ci',
    ].join('\n');
    const context = tempDir({ ...files, Dockerfile, npm: NPM, 'native.tgz': tarball.bytes });
    const npm: NpmOptions = { mode: 'native', scripts: 'sandbox' };
    const layout = join(tempDir(), 'image');
    const builder = createBuilder();
    const built = await builder.build({ context, npm, outputs: [ociLayout(layout)] });
    const { paths } = await readImageTree(layout);
    expect(paths.has('/app/node_modules/native/package.json')).toBe(true);
    expect(paths.get('/app/node_modules/ran')?.size).toBe('rebuild native\n'.length);
    const again = await builder.build({ context, npm });
    expect(again.image.descriptor.digest).toBe(built.image.descriptor.digest);
    expect(again.executed).toBe(0);
  },
);
