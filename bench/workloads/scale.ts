/** Makes numbers of full scale those of another one; nothing vanishes. */
export function scaleBy(scale: number): (atFullScale: number) => number {
  return (atFullScale) => Math.max(1, Math.round(atFullScale * scale));
}
