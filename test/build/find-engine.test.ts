import { afterEach, expect, it, vi } from 'vitest';
import { findEngine } from '../../src/build/places/engines.ts';
import { dockerEngine } from '../../src/oci/engines/docker-engine.ts';
import { tempDir } from '../support/temp-dir.ts';

const there = { isThere: async () => true };
const absent = { isThere: async () => false };

afterEach(() => vi.unstubAllEnvs());

it.each([
  ['the Docker Engine where one runs', { docker: there, podman: there }, 'docker'],
  ['podman where no Docker Engine runs', { docker: absent, podman: there }, 'podman'],
  ['the Docker Engine where there is neither, which then says so', { docker: absent, podman: absent }, 'docker'],
] as const)('an image is loaded into %s', async (_, engines, expected) => {
  vi.stubEnv('DOCKER_HOST', undefined);
  expect(await findEngine(undefined, engines)).toBe(expected);
});

it('an image is loaded into the engine that DOCKER_HOST names, running or not', async () => {
  vi.stubEnv('DOCKER_HOST', 'unix:///nowhere.sock');
  expect(await findEngine(undefined, { docker: absent, podman: there })).toBe('docker');
});

it('a Docker Engine is not there where its socket is not', async () => {
  vi.stubEnv('DOCKER_HOST', `unix://${tempDir()}/docker.sock`);
  expect(await dockerEngine().isThere()).toBe(false);
});
