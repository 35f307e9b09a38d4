import { readFile } from 'node:fs/promises';
import { environment } from '../io/host.ts';
import { toHostError } from '../io/host-error.ts';
import type { Secret } from './options.ts';

/** The content of a secret; `undefined` when nobody gave one of that id, or its variable is not set. */
export async function readSecret(secrets: readonly Secret[], id: string): Promise<Buffer | undefined> {
  const secret = secrets.findLast((candidate) => candidate.id === id);
  if (secret === undefined) return undefined;
  if (secret.value !== undefined) return Buffer.from(secret.value);
  if (secret.file !== undefined) return await readSecretFile(secret.file);
  const value = environment(secret.env ?? id);
  return value === undefined ? undefined : Buffer.from(value);
}

async function readSecretFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw toHostError(error, 'read the secret', path);
  }
}
