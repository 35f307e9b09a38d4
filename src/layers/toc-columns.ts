import { hexOf } from '../core/digest.ts';
import type { TocFileEntry } from '../core/toc.ts';
import type { SectionWriter, StoredNumbers } from './columns.ts';
import { GrowingNumbers, GrowingTexts } from './growing-columns.ts';
import { NUMBERS, type NumberName, type StoredHead, TEXTS } from './toc-table.ts';

/** A row as far as its path goes. */
interface PlacedRow {
  readonly type: number;
  /** Row of the directory that it lies in, plus one; 0 is the root. */
  readonly parent: number;
  readonly name: string;
}

/** The columns of a table of contents, to which rows are added. No object of a row is kept. */
export class TocColumnsWriter {
  readonly numbers: Readonly<Record<NumberName, GrowingNumbers>> = byName(NUMBERS, () => new GrowingNumbers());
  readonly #names = new GrowingTexts('utf8');
  readonly #xattrs = new GrowingTexts('utf8');
  readonly #data = new GrowingTexts('base64');
  readonly #digests = new GrowingTexts('hex');
  #links = new GrowingTexts('utf8');
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Answers the row. */
  place({ type, parent, name }: PlacedRow): number {
    const row = this.#count++;
    this.numbers.type.put(row, type);
    this.numbers.parent.put(row, parent);
    this.#names.add(name);
    return row;
  }

  /** What the last row says of its path. Each property by its name: one whose name is a variable takes ten times as long. */
  describe(entry: TocFileEntry): void {
    const { numbers } = this;
    const row = this.#count - 1;
    numbers.mode.put(row, entry.mode);
    numbers.uid.put(row, entry.uid);
    numbers.gid.put(row, entry.gid);
    numbers.mtime.put(row, entry.mtime);
    numbers.size.put(row, entry.size);
    if (entry.mtimeNanoseconds !== undefined) numbers.mtimeNanoseconds.put(row, entry.mtimeNanoseconds + 1);
    if (entry.major !== undefined) numbers.major.put(row, entry.major + 1);
    if (entry.minor !== undefined) numbers.minor.put(row, entry.minor + 1);
    if (entry.offset !== undefined) numbers.offset.put(row, entry.offset + 1);
    if (entry.digest !== undefined) numbers.digest.put(row, this.#digests.add(hexOf(entry.digest)));
    this.#describeTexts(row, entry);
  }

  name(row: number): string {
    return this.#names.text(row);
  }

  link(row: number): string | undefined {
    const number = this.numbers.link.at(row);
    return number === 0 ? undefined : this.#links.text(number - 1);
  }

  /** Lets hard links lead to rows, plus one, in place of paths. */
  linkToRows(targets: ReadonlyMap<number, number>): void {
    const links = new GrowingTexts('utf8');
    for (let row = 0; row < this.#count; row++) {
      const target = targets.get(row);
      const text = this.link(row);
      if (target !== undefined) {
        this.numbers.link.lower(row, 0);
        this.numbers.target.put(row, target);
      } else if (text !== undefined) this.numbers.link.lower(row, links.add(text));
    }
    this.#links = links;
  }

  /** To be called once; nothing is added any more. */
  storeIn(sections: SectionWriter): Pick<StoredHead, 'numbers' | 'texts' | 'digests'> {
    const numbers = byName(NUMBERS, (name): StoredNumbers => this.numbers[name].storeIn(sections, this.#count));
    const columns = { name: this.#names, link: this.#links, xattrs: this.#xattrs, data: this.#data };
    const texts = byName(TEXTS, (name) => columns[name].storeIn(sections));
    return { numbers, texts, digests: this.#digests.storeBytesIn(sections) };
  }

  #describeTexts(row: number, { link, xattrs, data }: TocFileEntry): void {
    const { numbers } = this;
    if (link !== undefined) numbers.link.put(row, this.#links.add(link));
    if (xattrs !== undefined) numbers.xattrs.put(row, this.#xattrs.add(JSON.stringify(xattrs)));
    if (data !== undefined) numbers.data.put(row, this.#data.add(data));
  }
}

function byName<K extends string, V>(names: readonly K[], make: (name: K) => V): Record<K, V> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<K, V>;
}
