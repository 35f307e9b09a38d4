/** Replaces a half-open range of a text; offsets in UTF-16 units. */
export interface TextEdit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Edits that belong together: all of them or none. */
export interface Fix {
  readonly edits: readonly TextEdit[];
}

/** The fixes that can be applied at once: one that touches what an earlier one changes has to wait. */
export function compatibleFixes(fixes: readonly Fix[]): readonly Fix[] {
  const accepted: Fix[] = [];
  for (const fix of fixes) if (!accepted.some((other) => conflict(fix, other))) accepted.push(fix);
  return accepted;
}

/** Applies fixes to the text that they were made for; of two that touch one another, the first. */
export function applyFixes(text: string, fixes: readonly Fix[]): string {
  const edits = compatibleFixes(fixes).flatMap((fix) => fix.edits);
  const lastFirst = edits.toSorted((a, b) => b.start - a.start);
  return lastFirst.reduce((current, edit) => current.slice(0, edit.start) + edit.text + current.slice(edit.end), text);
}

function conflict(a: Fix, b: Fix): boolean {
  return a.edits.some((edit) => b.edits.some((other) => edit.start <= other.end && other.start <= edit.end));
}
