import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { build, type IsolationMethod } from '../../src/index.ts';
import { requireTool } from '../support/host.ts';
import { hasStaticBusybox } from '../support/sandbox-box.ts';
import { tempDir } from '../support/temp-dir.ts';

const DOCKERFILE = `FROM scratch
COPY busybox /bin/sh
COPY busybox /bin/busybox
RUN busybox mkdir -p /etc /a/b && echo one >/a/b/one && busybox ln /a/b/one /a/two && busybox chown 5:6 /a
RUN busybox rm /a/two && busybox mv /a/b /a/c && busybox ln -s c /a/b && busybox mkfifo /a/fifo
RUN --mount=type=cache,target=/cache echo kept >/cache/x && busybox cp /cache/x /x && busybox chmod 4755 /x
RUN busybox touch /etc/hosts && echo x >/etc/resolv.conf; busybox mkdir /tmp && echo >/dev/null
`;

const METHODS: readonly IsolationMethod[] = ['unshare', 'crun', 'runc', 'bwrap'];

it.skipIf(!hasStaticBusybox())(
  'every method of isolation makes the same layers',
  async () => {
    const context = tempDir({ Dockerfile: DOCKERFILE });
    copyFileSync('/bin/busybox', join(context, 'busybox'));
    const asRoot = process.getuid?.() === 0;
    const methods = [...METHODS.filter((method) => requireTool(method)), ...(asRoot ? (['chroot'] as const) : [])];
    const digests = new Map<string, string>();
    for (const isolation of methods) {
      const { image } = await build({ context, cacheDir: tempDir({}), isolation });
      digests.set(isolation, image.descriptor.digest);
    }
    expect(new Set(digests.values()).size, JSON.stringify([...digests])).toBe(1);
  },
  300_000,
);
