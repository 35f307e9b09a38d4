/** A line of fstab(5). */
export interface TableMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: string;
}

export function formatMountTable(mounts: readonly TableMount[]): string {
  return mounts
    .map(({ source, target, type, options }) => `${encodePath(source)} ${encodePath(target)} ${type} ${options} 0 0\n`)
    .join('');
}

/** fstab(5): blanks, tabs, line ends and backslashes stand as octal escapes. */
function encodePath(path: string): string {
  return path.replace(/[\s\\#]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}
