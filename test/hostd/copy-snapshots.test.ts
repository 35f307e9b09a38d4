import { expect, test } from 'vitest';
import { createBuilder, eventsOf } from '../support/build.ts';
import { TEST_REGISTRY } from '../support/host.ts';
import { openBox, runIn } from '../support/sandbox-box.ts';
import { sandboxUsers } from '../support/sandbox-user.ts';

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

test.each(sandboxUsers())('the device that marks removed files is refused in the root of $title', async (user) => {
  await using box = await openBox(user, 'unshare', 'copy');
  await using snapshot = await box.open();
  expect(await runIn(snapshot, 'mknod /device c 0 0')).toMatchObject({ exitCode: 0 });
  await expect(snapshot.changes()).rejects.toMatchObject({ code: 'LAYER_RESERVED_DEVICE', entry: 'device' });
  expect(await runIn(snapshot, 'rm /device')).toMatchObject({ exitCode: 0 });
  expect((await snapshot.changes()).map(({ path }) => path)).not.toContain('device');
});
