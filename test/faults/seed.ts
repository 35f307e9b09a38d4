import { createHash, randomInt } from 'node:crypto';

/** Where the moments of faults come from. A run is repeated with `LAMELLA_FAULT_SEED` set to what the titles say. */
export const SEED: number = Number(process.env.LAMELLA_FAULT_SEED ?? randomInt(2 ** 31));

/** Numbers from `least` up to `most`, which depend on the seed and the name alone. */
export function randomNumbers(name: string, count: number, [least, most]: readonly [number, number]): number[] {
  return Array.from({ length: count }, (_, at) => {
    const random = createHash('sha256').update(`${SEED} ${name} ${at}`).digest().readUInt32LE();
    return least + (random % (most - least));
  });
}
