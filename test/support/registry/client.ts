import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientOptions,
} from '../../../src/oci/registry/client.ts';
import { tempDir } from '../temp-dir.ts';

/** A client that knows nothing of the user, and notes how long it would have waited instead of waiting. */
export function testClient(options: RegistryClientOptions = {}): RegistryClient & { readonly waits: number[] } {
  const waits: number[] = [];
  const client = createRegistryClient({
    configFile: join(tempDir(), 'config.json'),
    delay: async (ms) => void waits.push(ms),
    random: () => 1,
    ...options,
  });
  onTestFinished(() => client.close());
  return { ...client, waits };
}

/** What a promise rejects with. */
export async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
