/** One way to authenticate that a server offers (RFC 9110, 11.3). Scheme and parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = "[\\w!#$%&'*+.^`|~-]+";
const SEPARATOR = '[\\s,]*';
const PARAMETER = new RegExp(`${SEPARATOR}(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))(?=[\\s,]|$)`, 'y');
const SCHEME = new RegExp(`${SEPARATOR}(${TOKEN})(?=[\\s,]|$)`, 'y');
const TOKEN68 = /\s+[\w.~+/-]+=*(?=\s*(?:,|$))/y;

/** Reads the value of a `WWW-Authenticate` header; what does not follow the grammar ends the list. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (let scheme = match(SCHEME); scheme !== null; scheme = match(SCHEME)) {
    const parameters: Record<string, string> = {};
    for (let found = match(PARAMETER); found !== null; found = match(PARAMETER)) {
      const [, name = '', quoted, plain = ''] = found;
      parameters[name.toLowerCase()] = quoted === undefined ? plain : quoted.replaceAll(/\\(.)/g, '$1');
    }
    if (Object.keys(parameters).length === 0) match(TOKEN68);
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters });
  }
  return challenges;
}
