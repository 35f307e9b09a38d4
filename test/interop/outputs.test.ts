import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { build, copyImage, inspectImage } from '../../src/index.ts';
import { requireRegistry, requireTool, run, TEST_DOCKER, TEST_REGISTRY } from '../support/host.ts';
import { tempDir } from '../support/temp-dir.ts';
import { openContainerd, openDocker, openPodman, uniqueName } from './engines.ts';
import { BUSYBOX, MESSAGE } from './interop-image.ts';

const DOCKERFILE = `FROM scratch
COPY busybox /bin/busybox
COPY message /etc/message
CMD ["/bin/busybox", "cat", "/etc/message"]
`;

/** A context with a program that needs nothing else. */
function makeContext(dockerfile: string = DOCKERFILE): string {
  const dir = tempDir({ Dockerfile: dockerfile, message: MESSAGE });
  copyFileSync(BUSYBOX, join(dir, 'busybox'));
  return dir;
}

function setEnvironment(name: string, value: string): void {
  const before = process.env[name];
  beforeAll(() => {
    process.env[name] = value;
  });
  afterAll(() => {
    if (before === undefined) delete process.env[name];
    else process.env[name] = before;
  });
}

describe.runIf(requireTool('docker', ['-H', TEST_DOCKER, 'version']))('a build loaded into docker', () => {
  setEnvironment('DOCKER_HOST', TEST_DOCKER);

  it.each(['gzip', 'none'] as const)('runs there (%s layers), and can be copied out again', async (compression) => {
    const tag = `${uniqueName()}:${compression}`;
    const cacheDir = tempDir();
    const { outputs } = await build({
      context: makeContext(),
      cacheDir,
      tags: [tag],
      compression,
      outputs: [{ type: 'engine' }],
    });
    expect(outputs).toMatchObject([{ type: 'docker-daemon' }]);
    const docker = openDocker();
    try {
      expect(await docker.start(tag)).toBe(MESSAGE);
      const layout = join(tempDir(), 'copy');
      const copied = await copyImage(`docker-daemon:${tag}`, `oci:${layout}:1`, { cacheDir });
      const raw = JSON.parse(await run('skopeo', 'inspect', '--raw', `oci:${layout}:1`));
      expect(raw.config.digest).toMatch(/^sha256:/);
      expect(copied.descriptor.mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    } finally {
      await docker.run('rmi', '--force', tag);
    }
  });

  it('is refused with zstd layers by engines before 23, which is explained', async () => {
    // A layer that the engine has already is not looked at again.
    const context = tempDir({ Dockerfile: 'FROM scratch\nCOPY new /\n', new: uniqueName() });
    const outputs = [{ type: 'docker-daemon' }] as const;
    const loaded = build({ context, cacheDir: tempDir(), tags: [uniqueName()], compression: 'zstd', outputs });
    await expect(loaded).rejects.toMatchObject({
      code: 'HOST_ENGINE_REFUSED',
      hint: expect.stringContaining('engines before 23 do not read zstd layers'),
    });
  });

  it('of several platforms is the one for this machine', async () => {
    const tag = `${uniqueName()}:multi`;
    const platforms = ['linux/s390x', 'linux/amd64', 'linux/arm64'];
    await build({
      context: makeContext(),
      cacheDir: tempDir(),
      tags: [tag],
      platforms,
      outputs: [{ type: 'docker-daemon' }],
    });
    const docker = openDocker();
    try {
      expect((await docker.run('inspect', '--format', '{{.Architecture}}', tag)).trim()).toBe('amd64');
    } finally {
      await docker.run('rmi', '--force', tag);
    }
  });
});

describe.runIf(requireTool('ctr') && requireTool('containerd') && requireTool('runc'))(
  'a build loaded into containerd',
  () => {
    let containerd: Awaited<ReturnType<typeof openContainerd>> | undefined;
    beforeAll(async () => {
      containerd = await openContainerd();
      vi.stubEnv('CONTAINERD_ADDRESS', containerd.socket);
    });
    afterAll(async () => {
      vi.unstubAllEnvs();
      await containerd?.[Symbol.asyncDispose]();
    });

    it.each(['gzip', 'zstd'] as const)('runs there (%s layers), and can be copied out again', async (compression) => {
      const cacheDir = tempDir();
      const name = `localhost/${uniqueName()}:${compression}`;
      const outputs = [{ type: 'containerd' }] as const;
      const { image } = await build({ context: makeContext(), cacheDir, tags: [name], compression, outputs });
      expect(await containerd?.start(name)).toBe(MESSAGE);
      const copied = await copyImage(`containerd:${name}`, `oci:${join(tempDir(), 'copy')}:1`, { cacheDir });
      expect(copied.descriptor.digest).toBe(image.descriptor.digest);
    });
  },
);

/** A `podman` that is found first, and keeps its images in a folder of its own. */
function wrapPodman(storage: readonly string[]): string {
  const dir = tempDir();
  const words = storage.map((word) => `'${word}'`).join(' ');
  writeFileSync(join(dir, 'podman'), `#!/bin/sh\nPATH=\${PATH#*:} exec podman ${words} "$@"\n`, { mode: 0o755 });
  return dir;
}

describe.runIf(requireTool('podman') && requireTool('runc'))('a build loaded into podman', () => {
  it.each(['gzip', 'zstd'] as const)('runs there (%s layers), and can be copied out again', async (compression) => {
    await using podman = openPodman();
    vi.stubEnv('PATH', `${wrapPodman(podman.storage)}:${process.env.PATH}`);
    try {
      const cacheDir = tempDir();
      const name = `localhost/${uniqueName()}:${compression}`;
      const outputs = [{ type: 'podman' }] as const;
      const { image } = await build({ context: makeContext(), cacheDir, tags: [name], compression, outputs });
      expect(await podman.start(name)).toBe(MESSAGE);
      await copyImage(`podman:${name}`, 'store:again', { cacheDir });
      expect(await inspectImage('store:again', { cacheDir })).toMatchObject({
        config: { rootfs: image.config.rootfs },
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

const canPlay = requireTool('podman') && requireTool('runc') && requireTool('catatonit');

describe.runIf(canPlay)('a Pod made of an image', () => {
  // Podman's own default is more than a container of this host may raise.
  const limits = join(mkdtempSync(join(tmpdir(), 'lamella-conf-')), 'containers.conf');
  writeFileSync(limits, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n');
  setEnvironment('CONTAINERS_CONF', limits);

  it.each(['gzip', 'zstd'] as const)('runs with podman kube play (%s layers)', async (compression) => {
    await using podman = openPodman();
    const archive = join(tempDir(), 'image.tar');
    const name = `localhost/${uniqueName()}:1`;
    const outputs = [{ type: 'oci', destination: archive }] as const;
    await build({ context: makeContext(), cacheDir: tempDir(), tags: [name], compression, outputs });
    await podman.run('load', '-q', '-i', archive);
    const pod = join(tempDir(), 'pod.yaml');
    writeFileSync(pod, podOf(name));
    await podman.run('--runtime', 'runc', 'kube', 'play', pod);
    await podman.run('wait', 'lamella-pod-app');
    expect(await podman.run('logs', 'lamella-pod-app')).toBe(MESSAGE);
    await podman.run('kube', 'down', pod);
  });
});

describe.runIf(requireTool('podman-compose', ['version']))('a Compose file that refers to an image', () => {
  it('is read, and starts that image', async () => {
    const name = `localhost/${uniqueName()}:1`;
    const { names } = await build({ context: makeContext(), cacheDir: tempDir(), tags: [name] });
    const file = join(tempDir({ 'compose.yaml': composeOf(names[0] ?? '') }), 'compose.yaml');
    // Says what it would do: the networks of Compose want more of a host than every one has.
    const said = await run('podman-compose', '--dry-run', '--file', file, 'up');
    expect(said).toMatch(new RegExp(`^podman create .* PORT=8080 .* ${name}$`, 'm'));
  });
});

function composeOf(image: string): string {
  return `services:
  app: { image: "${image}", environment: { PORT: "8080" }, ports: ["8080:8080"] }
`;
}

function podOf(image: string): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: lamella-pod }
spec:
  restartPolicy: Never
  hostNetwork: true
  containers:
    - { name: app, image: "${image}", imagePullPolicy: Never }
`;
}

describe.runIf((await requireRegistry()) && requireTool('skopeo'))('an index that was pushed', () => {
  it('is what skopeo reads, to the byte, and each of its images can be copied', async () => {
    const name = `${TEST_REGISTRY}/${uniqueName()}:multi`;
    const platforms = ['linux/amd64', 'linux/arm64', 'linux/arm/v7'];
    const result = await build({
      context: makeContext(),
      cacheDir: tempDir(),
      tags: [name],
      platforms,
      outputs: [{ type: 'registry' }],
    });
    const raw = await run('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${name}`);
    const index = JSON.parse(raw);
    expect(Buffer.byteLength(raw)).toBe(result.index?.size);
    expect(index.manifests.map(({ digest }: { digest: string }) => digest)).toEqual(
      result.images.map(({ descriptor }) => descriptor.digest),
    );
    for (const [at, architecture] of ['amd64', 'arm64', 'arm'].entries()) {
      const copy = join(tempDir(), `copy-${at}`);
      const chosen = ['--override-arch', architecture, ...(architecture === 'arm' ? ['--override-variant', 'v7'] : [])];
      await run('skopeo', ...chosen, 'copy', '-q', '--src-tls-verify=false', `docker://${name}`, `dir:${copy}`);
      const { config } = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8'));
      const blob = JSON.parse(readFileSync(join(copy, config.digest.slice(7)), 'utf8'));
      expect(blob.architecture).toBe(architecture);
    }
    const all = join(tempDir(), 'all');
    mkdirSync(all);
    await run('skopeo', 'copy', '--all', '-q', '--src-tls-verify=false', `docker://${name}`, `oci:${all}:all`);
  });
});
