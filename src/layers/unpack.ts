import { treePath } from '../core/paths.ts';
import { type TarHandler, TarParser } from '../io/tar-reader.ts';
import { unpackFailure } from './unpack-errors.ts';
import type { MakeNode, UnpackRequest, UnpackResult } from './unpack-request.ts';
import { Unpacker } from './unpacker.ts';

export type { MakeNode, UnpackRequest, UnpackResult };

/**
 * Unpacks a layer tar into a directory. Nothing is written through symbolic links or outside of the root; a damaged or
 * hostile archive leaves a directory that is not to be used.
 * @throws LayerError `LAYER_PATH_ESCAPE`, `LAYER_LINK_MISSING`, `LAYER_TOO_LARGE`, `LAYER_UNPACK_FAILED`, and as
 * {@link TarParser} does; HostError `HOST_DISK_FULL`
 */
export async function unpackLayer(request: UnpackRequest): Promise<UnpackResult> {
  const unpacker = new Unpacker(request);
  const { alongside } = request;
  const parser = new TarParser(alongside === undefined ? unpacker : inTurn(unpacker, alongside));
  try {
    for await (const chunk of request.uncompressed) {
      request.signal?.throwIfAborted();
      inEntry(unpacker, () => parser.push(chunk));
    }
    parser.end();
    return inEntry(unpacker, () => unpacker.finish());
  } finally {
    unpacker.close();
  }
}

function inTurn(first: Unpacker, second: TarHandler): TarHandler {
  return {
    onEntry(header, offset) {
      first.onEntry(header);
      second.onEntry(header, offset);
    },
    onData(chunk) {
      first.onData(chunk);
      second.onData?.(chunk);
    },
    onEnd() {
      first.onEnd();
      second.onEnd?.();
    },
  };
}

function inEntry<T>(unpacker: Unpacker, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw unpackFailure(error, treePath(unpacker.current));
  }
}
