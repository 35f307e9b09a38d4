import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/**
 * A folder of its own for the running test, removed when the test ends. Its path has no symbolic links in it. It holds
 * `files`; a name that ends in `/` is a folder.
 */
export function tempDir(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const path = mkdtempSync(join(tmpdir(), 'lamella-test-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true, maxRetries: 3 }));
  for (const [name, content] of Object.entries(files)) addFile(join(path, name), content);
  return path;
}

function addFile(path: string, content: string | Uint8Array): void {
  mkdirSync(path.endsWith('/') ? path : dirname(path), { recursive: true });
  if (!path.endsWith('/')) writeFileSync(path, content);
}
