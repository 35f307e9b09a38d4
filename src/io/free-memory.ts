/**
 * Gives the memory that `bytes` lies in back at once, where it is memory of its own: the garbage collector lets 64 MB of
 * buffers pile up before it looks. To be called by its owner: nobody can read it afterwards.
 */
export function freeMemory({ buffer }: Uint8Array): void {
  const isOwn = buffer.byteLength > 0 && !isOfPool(buffer.byteLength);
  if (isOwn && buffer instanceof ArrayBuffer) buffer.transfer(0);
}

/** Bytes of the slab that Node's small buffers share from the start; a program may set another size for further ones. */
const FIRST_SLAB = Buffer.from('x').buffer.byteLength;

function isOfPool(bytes: number): boolean {
  return bytes === FIRST_SLAB || bytes === Buffer.poolSize;
}
