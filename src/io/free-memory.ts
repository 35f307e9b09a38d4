/**
 * Gives the memory that `bytes` lies in back at once, where it is memory of its own: the garbage collector lets 64 MB of
 * buffers pile up before it looks. To be called by its owner: nobody can read it afterwards.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  // Of the size of the pool are the slabs that Node's small buffers share; empty ones have nothing to give.
  const isOwn = buffer.byteLength > 0 && buffer.byteLength !== Buffer.poolSize;
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}
