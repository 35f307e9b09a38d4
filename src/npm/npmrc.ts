/** Settings of an `.npmrc` by key; a key with `[]` at its end collects values. */
export type Npmrc = ReadonlyMap<string, string | readonly string[]>;

/**
 * Reads an `.npmrc`: lines of `key = value`, comments after `;` or `#`, quotes, and `${NAME}` for variables of the
 * environment; a variable that is not set stays as written, unless it ends in `?`.
 */
export function parseNpmrc(text: string, env: (name: string) => string | undefined): Npmrc {
  const settings = new Map<string, string | readonly string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [, key, value = 'true'] = /^\s*([^;#=\s[][^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(line) ?? [];
    if (key === undefined) continue;
    const name = expand(unquote(key), env);
    const read = expand(unquote(value), env);
    if (!name.endsWith('[]')) settings.set(name, read);
    else settings.set(name.slice(0, -2), [...listOf(settings.get(name.slice(0, -2))), read]);
  }
  return settings;
}

export function listOf(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined || value === '') return [];
  return typeof value === 'string' ? value.split(/[\s,]+/) : value;
}

function unquote(text: string): string {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  return text
    .replace(/(?<!\\)[;#].*$/, '')
    .replaceAll(/\\([;#\\])/g, '$1')
    .trimEnd();
}

function expand(text: string, env: (name: string) => string | undefined): string {
  return text.replaceAll(/(?<!\\)\$\{([^}?]+)(\?)?\}/g, (whole, name: string, optional?: string) => {
    return env(name) ?? (optional === undefined ? whole : '');
  });
}
