/**
 * The fields of one line of comma-separated values (RFC 4180): a field may stand in double quotes, a quote inside them
 * is written twice. `undefined` when quotes are in the wrong place.
 */
export function parseCsvLine(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  while (field.lastIndex <= text.length) {
    const [, quoted, plain = '', end] = field.exec(text) ?? [];
    if (end === undefined) return undefined;
    fields.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end === '') break;
  }
  return fields;
}
