/**
 * What the doc comments above an instruction say of `name`: the text of the last line that starts with it (reference,
 * section 1).
 */
export function describedBy(comments: readonly string[], name: string): string | undefined {
  const line = comments.findLast((comment) => firstWord(comment) === name);
  return line?.slice(name.length).trim() || undefined;
}

function firstWord(text: string): string {
  return /^\S*/.exec(text)?.[0] ?? '';
}
