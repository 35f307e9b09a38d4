import type { Random } from './random.ts';

const LETTERS = 'etaoinshrdlucmfwypvbgkjqxz';
const VOCABULARY = 2000;
const LINE = 72;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Text that compresses about as well as source code: words and letters that are the rarer the later they stand. */
export type RandomText = (bytes: number) => Buffer;

export function createRandomText(random: Random): RandomText {
  const skewed = (limit: number): number => Math.floor(random.next() ** 2 * limit);
  const words = Array.from({ length: VOCABULARY }, () => {
    const letters = Array.from({ length: 2 + random.below(9) }, () => LETTERS[skewed(LETTERS.length)]);
    return Buffer.from(letters.join(''), 'latin1');
  });
  return (bytes) => fillWithWords(Buffer.allocUnsafe(bytes), () => words[skewed(VOCABULARY)] ?? Buffer.alloc(0));
}

function fillWithWords(text: Buffer, nextWord: () => Buffer): Buffer {
  let column = 0;
  for (let at = 0; at < text.length; ) {
    const word = nextWord();
    // Longer than copying byte by byte are both `copy` and `set` for so few bytes.
    for (let i = 0; i < word.length && at < text.length; i++) text[at++] = word[i] ?? SPACE;
    column += word.length + 1;
    const ends = column > LINE;
    if (at < text.length) text[at++] = ends ? NEWLINE : SPACE;
    if (ends) column = 0;
  }
  return text;
}
