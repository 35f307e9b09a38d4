import { expect, test } from 'vitest';
import { createBuilder, eventsOf } from '../support/build.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { openBox, runIn } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';

const FIXED = { kind: 'fixed', seconds: 318_211_200 } as const;

test('a stage is built in one root, which the next stage takes over; only a second one on the same parent is a copy', async () => {
  const step = (name: string): string => `RUN echo "root ${name} $(stat -c %i /bin/busybox)" | tee /${name}`;
  const dockerfileText = [
    `FROM ${TEST_REGISTRY}/busybox:latest AS parent`,
    ...[step('p1'), step('p2')],
    'FROM parent AS one',
    ...[step('a1'), step('a2')],
    'FROM parent AS two',
    ...[step('b1'), step('b2')],
    'FROM scratch',
    'COPY --from=one / /one',
    'COPY --from=two / /two',
  ].join('\n');
  const result = await createBuilder().build({ files: {}, dockerfileText, snapshotter: 'copy' });
  const log = Buffer.concat(eventsOf(result, 'log').map(({ bytes }) => bytes)).toString();
  const roots = new Map([...log.matchAll(/root (\w+) (\d+)/g)].map(([, name, inode]) => [name, inode]));
  expect([...roots.keys()].sort()).toEqual(['a1', 'a2', 'b1', 'b2', 'p1', 'p2']);
  expect(roots.get('p2')).toBe(roots.get('p1'));
  expect(roots.get('a2')).toBe(roots.get('a1'));
  expect(roots.get('b2')).toBe(roots.get('b1'));
  expect([roots.get('a1'), roots.get('b1')]).toContain(roots.get('p1'));
  expect(new Set(roots.values()).size).toBe(2);
});

test.each(sandboxUsers().filter(({ uid }) => uid === 0))(
  'what overlayfs would take for its own marks stays what it is in the root of $title',
  async (user) => {
    await using box = await openBox(user, 'unshare', 'copy');
    await using first = await box.open();
    expect(await runIn(first, 'mknod /device c 0 0; mkdir /d; echo 1 >/d/x')).toMatchObject({ exitCode: 0 });
    await first.commit('marked', { times: FIXED });
    await using second = await box.open('marked');
    const { stdout } = await runIn(second, 'stat -c %F /device; ls -A /d; ls -A / | grep -c "^.wh"');
    expect(stdout).toBe('character special file\nx\n0\n');
  },
);
