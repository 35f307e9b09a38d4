/** Files of up to this many bytes stand in the table of contents. */
const MAX_INLINE_BYTES = 512;

/** Files in which names of users and groups are looked up. */
const ACCOUNT_FILES: ReadonlySet<string> = new Set(['etc/passwd', 'etc/group']);
const MAX_ACCOUNT_BYTES = 1 << 20;

/** Whether a table of contents holds the content of this file. */
export function isInline(path: string, size: number): boolean {
  return size <= (ACCOUNT_FILES.has(path) ? MAX_ACCOUNT_BYTES : MAX_INLINE_BYTES);
}
