import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { TEST_REGISTRY } from '../support/host.ts';
import { findOrdinaryUser } from '../support/ordinary-user.ts';
import { tempDir } from '../support/temp-dir.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));

/** The kernel takes no overlay for the upper directory of another. */
const ON_OVERLAY = `
mount -t tmpfs tmpfs "$1" && mkdir "$1/l" "$1/u" "$1/w" "$1/m"
mount -t overlay overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w" "$1/m" && chmod 777 "$1" "$1/m"
`;
/** As in a container that was not given the device. */
const NO_FUSE = 'mount --bind /dev/null /dev/fuse\n';
const FUSE_FOR_ALL = `mknod "$1/fuse" c 10 229 && chmod 666 "$1/fuse" && mount --bind "$1/fuse" /dev/fuse\n`;

const DOCKERFILE = `
FROM ${TEST_REGISTRY}/busybox:latest
RUN mkdir /a && echo 1 >/a/gone && echo 2 >/a/kept && ln /a/kept /a/link
RUN rm /a/gone && echo 3 >>/a/kept && mv /a/link /a/moved
RUN ls -l /a && test "$(cat /a/moved)" = 2
`;

interface Built {
  readonly exitCode: number | null;
  readonly snapshotter: string | undefined;
  readonly digest: string | undefined;
}

/** Builds in a mount namespace that a script prepares, with the cache in \`$1/m\`. */
async function buildAfter(script: string, asUser = false, user = findOrdinaryUser()): Promise<Built> {
  const folder = tempDir();
  const cli = [process.execPath, CLI, 'build', '--progress=plain', '--cache-dir', `${folder}/m/cache`, '-'];
  const command = asUser && user !== undefined ? user.commandLine(cli) : cli;
  const words = ['--mount', 'sh', '-ec', `${script}\nshift; exec "$@"`, 'sh', folder, ...command];
  const env = { ...process.env, ...(asUser && user !== undefined && { HOME: user.home }) };
  const child = spawn('unshare', words, { stdio: ['pipe', 'ignore', 'pipe'], env });
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  child.stdin.end(DOCKERFILE);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  const [, snapshotter] = /root file systems are made by (.*)/.exec(told) ?? [];
  return { exitCode, snapshotter, digest: /sha256:[0-9a-f]{64}(?= in )/.exec(told)?.[0] };
}

const REFUSED = 'not overlay: EINVAL';
const NOTHING_BUT_COPIES = new RegExp(`^copy; ${REFUSED}; not fuse-overlayfs: .*fuse`);

describe('without anybody asking for it, where the kernel refuses an overlay', () => {
  test('fuse-overlayfs makes the roots, and copies where there is no device for it; the image is the same', async () => {
    const plain = await buildAfter('mount -t tmpfs tmpfs "$1" && mkdir "$1/m"');
    expect(plain).toMatchObject({ exitCode: 0, snapshotter: 'overlay' });
    const fuse = await buildAfter(ON_OVERLAY);
    expect(fuse).toEqual({ ...plain, snapshotter: `fuse-overlayfs; ${REFUSED}` });
    const copies = await buildAfter(`${ON_OVERLAY}${NO_FUSE}`);
    expect(copies).toMatchObject({ exitCode: 0, digest: plain.digest });
    expect(copies.snapshotter).toMatch(NOTHING_BUT_COPIES);
  });

  test('an ordinary user gets the same, with the device or without', async () => {
    const fuse = await buildAfter(`${ON_OVERLAY}${FUSE_FOR_ALL}`, true);
    expect(fuse).toMatchObject({ exitCode: 0, snapshotter: `fuse-overlayfs; ${REFUSED}` });
    const copies = await buildAfter(`${ON_OVERLAY}${NO_FUSE}`, true);
    expect(copies).toMatchObject({ exitCode: 0, digest: fuse.digest });
    expect(copies.snapshotter).toMatch(NOTHING_BUT_COPIES);
  });
});
