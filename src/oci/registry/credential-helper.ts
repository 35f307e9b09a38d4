import { HostError } from '../../core/errors.ts';
import { findProgram } from '../../io/programs.ts';
import { runProgram } from '../../io/run-program.ts';
import { objectIn } from '../image/json.ts';
import type { Credentials } from './docker-config.ts';
import { credentialKey } from './docker-hub.ts';

/** What helpers print, with exit code 1, about a registry that they do not know (docker's helper protocol). */
const NOT_FOUND = /credentials not found/i;
/** The user name that stands for an identity token (docker's helper protocol). */
const TOKEN_USER = '<token>';

/**
 * Asks `docker-credential-NAME get`. A helper that is not installed here, as with a configuration that came along from
 * another machine, knows nothing.
 * @throws HostError `HOST_CREDENTIAL_HELPER`
 */
export async function askHelper(name: string, registry: string): Promise<Credentials | undefined> {
  const program = findHelper(name);
  if (program === undefined) return undefined;
  const result = await runProgram({ program, args: ['get'], input: credentialKey(registry) });
  if (result.exitCode === 0) return parseAnswer(result.stdout, name);
  const said = `${result.stdout}${result.stderr}`;
  if (NOT_FOUND.test(said)) return undefined;
  throw helperFailed(name, `says: ${said.trim().slice(0, 200)}`);
}

/** @throws HostError `HOST_CREDENTIAL_HELPER` */
export async function storeWithHelper(
  name: string,
  registry: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  const entry = { ServerURL: credentialKey(registry), Username: username, Secret: password };
  await tellHelper(name, 'store', JSON.stringify(entry));
}

/** Erasing what is not there is success. @throws HostError `HOST_CREDENTIAL_HELPER` */
export async function eraseWithHelper(name: string, registry: string): Promise<void> {
  await tellHelper(name, 'erase', credentialKey(registry));
}

async function tellHelper(name: string, verb: 'store' | 'erase', input: string): Promise<void> {
  const program = findHelper(name);
  if (program === undefined) throw helperFailed(name, 'is not installed');
  const { exitCode, stdout, stderr } = await runProgram({ program, args: [verb], input });
  const said = `${stdout}${stderr}`;
  if (exitCode !== 0 && !(verb === 'erase' && NOT_FOUND.test(said))) {
    throw helperFailed(name, `says: ${said.trim().slice(0, 200)}`);
  }
}

function findHelper(name: string): string | undefined {
  return /^[\w.-]+$/.test(name) ? findProgram(`docker-credential-${name}`) : undefined;
}

/** Nothing of the answer is shown: it holds the secret. */
function parseAnswer(text: string, name: string): Credentials {
  const { Username: username, Secret: secret } = objectIn(text);
  if (typeof username !== 'string' || typeof secret !== 'string') throw helperFailed(name, 'gives no user and secret');
  return username === TOKEN_USER ? { identityToken: secret } : { username, password: secret };
}

function helperFailed(name: string, what: string): HostError {
  return new HostError('HOST_CREDENTIAL_HELPER', `the credential helper docker-credential-${name} ${what}`, {
    hint: 'mend the helper, or take it out of credsStore and credHelpers in the docker configuration',
  });
}
