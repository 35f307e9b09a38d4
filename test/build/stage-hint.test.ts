import { expect, test } from 'vitest';
import { build } from '../../src/index.ts';
import { tempDir } from '../support/temp-dir.ts';

test.each([
  ['FROM scratch AS build\nFROM biuld\n', /did you mean the stage "build"/],
  ['FROM node AS node\n', /^(?!.*stage)/],
])('an image that is not there, of %j, may have been meant for a stage of nearly that name', async (text, hint) => {
  const options = { context: tempDir({}), dockerfileText: text, cacheDir: tempDir(), offline: true };
  await expect(build(options)).rejects.toMatchObject({ code: 'REGISTRY_OFFLINE', hint: expect.stringMatching(hint) });
});
