import type { Dockerfile } from './dockerfile.ts';

/** The text of a Dockerfile, byte for byte as it was parsed. */
export function print(dockerfile: Dockerfile): string {
  return dockerfile.pieces.map(({ text }) => text).join('');
}
