import { withoutMapAuto } from '../../src/rootfs/host-launch.ts';
import { openBox, runIn } from './sandbox-box.ts';
import { sandboxUsers } from './sandbox-user.ts';

/** Prints the ids that a host has which had to map them itself; to be run as an ordinary user. */
const [user] = sandboxUsers();
if (user === undefined) throw new TypeError('there is no user');
const box = await openBox({ ...user, launches: withoutMapAuto(user.launches) }, 'unshare');
const snapshot = await box.open();
const identity = { uid: 1000, gid: 1001, supplementaryGids: [7] };
const { stdout } = await runIn(snapshot, 'id -u; id -G', { identity });
process.stdout.write(`${box.host.flavor}\n${stdout}`);
await box[Symbol.asyncDispose]();
