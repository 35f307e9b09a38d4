import { readFileSync } from 'node:fs';
import { findProgram, run } from './process.mjs';
import { say, sayMissing } from './say.mjs';

const NEW_USER = 'lamella-test';

/** An ordinary user with subordinate ids: the one that runs this, else one that there is, else (as root) a new one. */
export function findTestUser() {
  const found = usersWithSubordinateIds().at(0);
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || findProgram('useradd') === undefined) {
    return sayMissing('user with subordinate ids', 'only root can add one', 'tests as an ordinary user');
  }
  say(`adding the user ${NEW_USER} with subordinate ids`);
  if (!namesIn('/etc/passwd').includes(NEW_USER)) run('useradd', ['--create-home', '--shell', '/bin/sh', NEW_USER]);
  if (usersWithSubordinateIds().length === 0) {
    run('usermod', ['--add-subuids', '100000-165535', '--add-subgids', '100000-165535', NEW_USER]);
  }
  return NEW_USER;
}

function usersWithSubordinateIds() {
  const users = namesIn('/etc/passwd');
  const groups = namesIn('/etc/subgid');
  return namesIn('/etc/subuid').filter((name) => users.includes(name) && groups.includes(name));
}

/** First fields of a colon-separated file. */
function namesIn(path) {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => line.split(':')[0])
      .filter((name) => name !== '' && name !== 'root');
  } catch {
    return [];
  }
}
