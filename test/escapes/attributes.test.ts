import { existsSync, statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RunMountRequest } from '../../src/rootfs/host-messages.ts';
import { requireTool } from '../support/host.ts';
import { type Box, directory, file, hasStaticBusybox, openBox, runIn } from '../support/sandbox-box.ts';
import { snapshotterCases } from '../support/snapshotters.ts';

/** setfattr(1) of this machine, and what it loads. */
const TOOLS = ['/usr', '/lib', '/lib64']
  .filter((path) => existsSync(path) && statSync(path).isDirectory())
  .map((path): RunMountRequest => ({ kind: 'bind', source: path, target: path, readOnly: true }));

/** Who reads the marks of overlays: the kernel, the kernel in a user namespace or one level further down, fuse-overlayfs. */
const PREFIXES = [
  ...['trusted.overlay', 'user.overlay', 'trusted.overlay.overlay', 'user.overlay.overlay'],
  ...['user.fuseoverlayfs', 'security.fuseoverlayfs', 'user.containers'],
];

/** Documentation/filesystems/overlayfs.rst: what they would have an overlay show. */
const MARKS: readonly (readonly [what: string, path: string, name: string, value: string])[] = [
  ['hides what lower layers have', '/d', 'opaque', 'y'],
  ['looks for removed files', '/d', 'opaque', 'x'],
  ['is another directory', '/d', 'redirect', '/other'],
  ['is another file', '/d/a', 'redirect', '/other/secret'],
  ['has its content elsewhere', '/d/a', 'metacopy', ''],
  ['is removed', '/d/empty', 'whiteout', 'y'],
  ['came from another file', '/d/a', 'origin', ''],
  ['has another owner and mode', '/d/a', 'override_stat', '1:1:0777'],
];

const usable = hasStaticBusybox() && requireTool('setfattr');

describe.skipIf(!usable).each(snapshotterCases())(
  'a mark of overlays that a command makes, by $name of $user.title',
  (each) => {
    let box: Box;
    let base: string;
    beforeAll(async () => {
      box = await openBox(each.user, 'unshare', each.name);
      base = await box.layer([
        directory('d'),
        file('d/a', 'a'),
        file('d/b', 'b'),
        file('d/empty', ''),
        directory('other'),
        file('other/secret', 'secret'),
      ]);
    });
    afterAll(() => box[Symbol.asyncDispose]());

    test.each(MARKS)(
      'and that says that it %s, changes nothing that later commands see',
      async (what, path, name, value) => {
        const set = PREFIXES.map((prefix) => `setfattr -n ${prefix}.${name} -v '${value}' ${path} 2>/dev/null`).join(
          '; ',
        );
        const id = `marked-${MARKS.findIndex((mark) => mark[0] === what)}`;
        {
          await using snapshot = await box.open(base);
          const script = `export PATH=/bin:/usr/bin; chmod 700 ${path}; ${set}; touch /d/new`;
          expect(await runIn(snapshot, script, { mounts: TOOLS })).toMatchObject({ exitCode: 0 });
          const removed = (await snapshot.changes())
            .filter(({ type }) => type === 'whiteout')
            .map((change) => change.path);
          expect(removed.filter((name) => /^(d|other)\b/.test(name))).toEqual([]);
          await snapshot.commit(id, { times: { kind: 'preserve' } });
        }
        await using next = await box.open(base, id);
        const look = `echo $(ls /d /other) $(cat /d/a /d/b /other/secret) $(stat -c %a:%u:%s ${path} | cut -d: -f1,2)`;
        expect((await runIn(next, look)).stdout.trim()).toBe('/d: a b empty new /other: secret absecret 700:0');
      },
    );
  },
);
