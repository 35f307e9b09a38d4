/** Is told how many bytes of the blob are there, and whether these are all of them, verified. */
export type OnGrowth = (size: number, isWhole: boolean) => void;

/** Whoever reads on is told of steps, not of every packet. */
const STEP_BYTES = 1 << 20;

/** A blob that is being fetched, for one reader that follows. */
export class ArrivingBlob {
  #size = 0;
  #told = 0;
  #isWhole = false;
  #reader: OnGrowth | undefined;

  grow(size: number): void {
    this.#size = size;
    if (size - this.#told >= STEP_BYTES) this.#tell();
  }

  /** To be called when it is whole and verified. */
  complete(size: number): void {
    this.#size = size;
    this.#isWhole = true;
    this.#tell();
  }

  /** Begins with what is there already; the function that it gives ends it. */
  follow(reader: OnGrowth): () => void {
    this.#reader = reader;
    this.#tell();
    return () => {
      this.#reader = undefined;
    };
  }

  #tell(): void {
    this.#told = this.#size;
    this.#reader?.(this.#size, this.#isWhole);
  }
}
