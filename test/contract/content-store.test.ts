import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createBlobStore } from '../../src/store/blob-store.ts';
import { createMemoryStore } from '../../src/store/memory-store.ts';
import { tempDir } from '../support/temp-dir.ts';
import { describeContentStore } from './content-store.ts';

describeContentStore('the blob store', () => {
  const root = tempDir();
  const store = createBlobStore(root);
  const ingest = join(root, 'ingest');
  return {
    store,
    corrupt: (digest, content) => writeFileSync(store.pathOf(digest), content),
    leftovers: () => (existsSync(ingest) ? readdirSync(ingest) : []),
  };
});

describeContentStore('the memory store', () => ({ store: createMemoryStore() }));
