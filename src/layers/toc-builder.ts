import type { TocEntry, TocFileEntry, WhiteoutEntry } from '../core/toc.ts';

/** Collects entries in the order of a tar; a later entry of a path takes the place of an earlier one. */
export class TocBuilder {
  /** Superseded entries leave a hole. */
  readonly #order: (TocEntry | undefined)[] = [];
  readonly #entries = new Map<string, { readonly entry: TocFileEntry; readonly index: number }>();
  readonly #linksTo = new Map<string, string[]>();

  addWhiteout(entry: WhiteoutEntry): void {
    this.#order.push(entry);
  }

  add(entry: TocFileEntry): void {
    const earlier = this.#entries.get(entry.path);
    if (earlier?.entry.type === 'directory' && entry.type === 'directory') {
      // New metadata for a directory that stays: its children come after it as before.
      this.#put(entry, earlier.index);
      return;
    }
    if (earlier !== undefined) this.#supersede(earlier.entry, earlier.index);
    this.#put(entry, this.#order.length);
    if (entry.type === 'hardlink' && entry.link !== undefined) this.#addLink(entry.link, entry.path);
  }

  entries(): readonly TocEntry[] {
    return this.#order.filter((entry) => entry !== undefined);
  }

  #put(entry: TocFileEntry, index: number): void {
    this.#order[index] = entry;
    this.#entries.set(entry.path, { entry, index });
  }

  #supersede(entry: TocFileEntry, index: number): void {
    this.#order[index] = undefined;
    this.#entries.delete(entry.path);
    const [heir, ...others] = (this.#linksTo.get(entry.path) ?? []).filter((path) => this.#isLink(path, entry.path));
    this.#linksTo.delete(entry.path);
    const inherited = heir === undefined ? undefined : this.#entries.get(heir);
    if (heir === undefined || inherited === undefined) return;
    // The file lives on under the other names that earlier entries have linked to it.
    this.#put({ ...entry, path: heir }, inherited.index);
    for (const path of others) this.#relink(path, heir);
  }

  #relink(path: string, link: string): void {
    const found = this.#entries.get(path);
    if (found === undefined) return;
    this.#put({ ...found.entry, link }, found.index);
    this.#addLink(link, path);
  }

  #isLink(path: string, link: string): boolean {
    const found = this.#entries.get(path)?.entry;
    return found?.type === 'hardlink' && found.link === link;
  }

  #addLink(link: string, path: string): void {
    const links = this.#linksTo.get(link);
    if (links === undefined) this.#linksTo.set(link, [path]);
    else links.push(path);
  }
}
