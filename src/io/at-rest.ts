/**
 * `Promise.all` that, after a failure, waits until the others have come to rest as well: nobody works on in what the
 * caller gives back. Throws the failure that stands first.
 */
export async function allAtRest<T>(work: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(work);
  return await Promise.all(work);
}
