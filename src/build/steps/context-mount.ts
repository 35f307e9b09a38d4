import { join } from 'node:path';
import { hexOf } from '../../core/digest.ts';
import type { Tree } from '../../core/tree.ts';
import { type PackOptions, packLayer } from '../../layers/pack.ts';
import type { SandboxHost } from '../../rootfs/sandbox-host.ts';
import { createBlobStore } from '../../store/blob-store.ts';
import type { Session } from '../session.ts';
import { entriesBelow } from '../tree-entries.ts';
import { timePolicy } from './context.ts';
import { packContext } from './pack-context.ts';

/**
 * Shows files of a build context to a RUN as a layer of their own: so owners are root's, ignored files absent, and
 * nothing that is written reaches the context. Answers the id of the layer's directory.
 */
export async function unpackContext(
  session: Session,
  host: SandboxHost,
  { tree, path }: { readonly tree: Tree; readonly path: string },
): Promise<string> {
  const store = createBlobStore(join(session.workspace.path, 'contexts'));
  const times = timePolicy(session.settings);
  const options: PackOptions = { times, compression: 'none', signal: session.signal };
  const layer = await packContext(async () => packLayer(await entriesBelow(session, tree, path), store, options));
  const { digest } = layer.descriptor;
  const id = `context-${hexOf(digest).slice(0, 24)}`;
  await host.unpackLayer({
    id,
    blobPath: store.pathOf(digest),
    compression: 'none',
    digest,
    diffId: layer.diffId,
  });
  return id;
}
