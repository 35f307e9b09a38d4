import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createBuilder, eventsOf, type TestBuild } from '../support/build.ts';
import { requireTool } from '../support/host.ts';
import { BUSYBOX, hasStaticBusybox } from '../support/sandbox-box.ts';
import { tempDir } from '../support/temp-dir.ts';

/** What could make snapshotters differ: removal, opaque and renamed directories, links, owners, parents and mounts. */
const DOCKERFILE = `
FROM scratch AS a
COPY --chmod=755 busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
RUN mkdir -p /d/e /o/p && echo 1 >/d/one && echo 2 >/d/e/two && ln /d/one /d/hard && echo x >/o/p/x && ln -s one /d/link
COPY file /d/copied
RUN rm /d/e/two && mv /d/e /d/f && rm -r /o && mkdir -p /o/p && echo y >/o/p/y && chmod 700 /d/one && chown 5:6 /d/copied
RUN touch /d/one && ln /d/copied /d/again && : >>/d/copied && rm -rf /o && echo >/o
FROM a AS b
RUN rm -rf /d/link && echo b >/b
FROM a
RUN --mount=type=bind,from=b,target=/m --mount=type=bind,from=b,source=/d,target=/w,rw cp -a /m/b /fromb && touch /w/gone
RUN rm /o && mkdir /o && chown -R 7:7 /d && find /d -exec stat -c '%n %F %a %u %g %Y' {} + | sort
COPY --from=b /d /dd
RUN true
`;

const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot || !hasStaticBusybox() || !requireTool('fuse-overlayfs'))(
  'all snapshotters make the same image, and copies show commands what overlayfs does',
  async () => {
    const context = tempDir({ busybox: readFileSync(BUSYBOX), file: 'f' });
    const builds: TestBuild[] = [];
    for (const snapshotter of ['overlay', 'fuse-overlayfs', 'copy'] as const) {
      const result = await createBuilder().build({ context, dockerfileText: DOCKERFILE, snapshotter });
      expect(eventsOf(result, 'snapshotter')).toEqual([{ type: 'snapshotter', name: snapshotter, passedOver: [] }]);
      builds.push(result);
    }
    const [overlay, fuse, copy] = builds.map(({ image }) => image);
    expect(fuse).toEqual(overlay);
    expect(copy).toEqual(overlay);
    // fuse-overlayfs gives directories and links that it copies up the time of the day.
    const [shown, , shownByCopy] = builds.map(logOf);
    expect(shownByCopy).toBe(shown);
  },
);

function logOf(result: TestBuild): string {
  return eventsOf(result, 'log')
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');
}
