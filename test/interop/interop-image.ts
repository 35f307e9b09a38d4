import { readFileSync } from 'node:fs';
import type { Image } from '../../src/core/image.ts';
import type { Compression } from '../../src/core/media-types.ts';
import type { ContentWriter } from '../../src/core/ports.ts';
import { makeImage, makeLayer, makeTar } from '../support/images.ts';

/** What {@link makeInteropImage}'s default command prints. */
export const MESSAGE = 'hello from lamella\n';

/** Debian's statically linked busybox (package busybox-static). */
export const BUSYBOX = '/bin/busybox';

/** An image of two layers that runs without anything else in it. */
export async function makeInteropImage(store: ContentWriter, compression: Compression): Promise<Image> {
  const program = makeTar({ 'bin/': '', 'bin/busybox': { content: readFileSync(BUSYBOX), mode: 0o755 } });
  const message = makeTar({ 'etc/': '', 'etc/message': MESSAGE });
  const layers = [await makeLayer(store, program, compression), await makeLayer(store, message, compression)];
  const config = { Env: ['PATH=/bin'], Cmd: ['/bin/busybox', 'cat', '/etc/message'] };
  return makeImage(store, { layers, config: { config } });
}
