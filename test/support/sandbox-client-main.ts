import { openBox, requestFor } from './sandbox-box.ts';
import { sandboxUsers } from './sandbox-user.ts';

/** A build that hangs in a command: `main USER MARK`. Says `running` when the command runs. */
const [title, mark] = process.argv.slice(2);
const user = sandboxUsers().find((candidate) => candidate.title === title);
if (user === undefined) throw new TypeError(`no user ${title}`);
const box = await openBox(user, 'auto');
const snapshot = await box.open();
process.stdout.write(`${box.dir}\n`);
await snapshot.run(requestFor(`setsid sleep ${mark} & echo running; sleep ${mark}`), ({ bytes }) => {
  process.stdout.write(bytes);
});
