import { OptionError } from './errors.ts';
import { treePath } from './paths.ts';

/** A tree of a git repository, as an ADD source or a context names it (reference, section 12). */
export interface GitSource {
  /** What git fetches from, without a password. */
  readonly remote: string;
  /** User and password that stood in an http(s) address. */
  readonly credentials?: { readonly username: string; readonly password: string };
  /** Commit, branch, tag or full name; the remote's HEAD when absent. */
  readonly ref?: string;
  /** Clean and relative; `''` is the whole tree. */
  readonly subdir: string;
  /** What the commit must begin with, lower case. */
  readonly checksum?: string;
  readonly keepGitDir?: boolean;
  readonly submodules?: boolean;
  readonly mtime?: 'checkout' | 'commit';
  readonly fetchByCommit?: boolean;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Mutable<GitSource>;

const GIT_SCHEME = /^(?:git|ssh):\/\//i;
const HTTP_GIT = /^https?:\/\/[^/?#]+\/[^?#]*\.git(?:[?#]|$)/i;
const SCP_STYLE = /^[\w.-]+@[\w.-]+:(?!\/\/)/;
const GITHUB = /^github\.com\//;

export interface GitUrlOptions {
  /** Whether the shorthand for GitHub counts: for the main context it does, for ADD it is a path. */
  readonly shorthand?: boolean;
}

/** True for what names a git repository; that it is well-formed is another question. */
export function isGitUrl(text: string, { shorthand = false }: GitUrlOptions = {}): boolean {
  return [GIT_SCHEME, HTTP_GIT, SCP_STYLE].some((form) => form.test(text)) || (shorthand && GITHUB.test(text));
}

/**
 * Reads `REMOTE[?QUERY][#REF[:SUBDIR]]`; `undefined` for what is no git address.
 * @throws OptionError `OPTION_BAD_GIT_URL` for keys, values and names that there cannot be
 */
export function parseGitUrl(text: string, options: GitUrlOptions = {}): GitSource | undefined {
  if (!isGitUrl(text, options)) return undefined;
  const { address, query, fragment } = split(text);
  const source: Draft = { ...readAddress(GITHUB.test(address) ? `https://${address}` : address, text), subdir: '' };
  readFragment(fragment, source);
  readQuery(query, source, text);
  if (source.ref !== undefined) checkRef(source.ref, text);
  if (source.checksum !== undefined) checkChecksum(source.checksum, text);
  if (source.fetchByCommit === true && source.checksum === undefined) {
    throw bad(text, 'fetch-by-commit needs a commit', 'add commit=SHA');
  }
  return source;
}

/**
 * Reads an address alone, whatever it ends with.
 * @throws OptionError `OPTION_BAD_GIT_URL` for what git or ssh would take for something else
 */
export function parseGitRemote(address: string): Pick<GitSource, 'remote' | 'credentials'> {
  return readAddress(address, address);
}

/** Replaces passwords, and whatever stands before the host of an http(s) address, in any text with addresses. */
export function redactAddresses(text: string): string {
  return text
    .replace(/(\bhttps?:\/\/)[^\s/?#@]+@/gi, '$1xxxxx@')
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:]*):[^\s/?#@]+@/gi, '$1:xxxxx@');
}

interface Parts {
  readonly address: string;
  readonly query: string;
  readonly fragment: string;
}

function split(text: string): Parts {
  const [, address = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/s.exec(text) ?? [];
  return { address, query, fragment };
}

function readAddress(address: string, text: string): Pick<GitSource, 'remote' | 'credentials'> {
  if (/[\u0000-\u0020\u007f]/.test(address)) throw bad(text, 'it holds blanks or control characters');
  if (!address.includes('://')) return { remote: checkedScp(address, text) };
  if (!URL.canParse(address)) throw bad(text, 'it is no address');
  const url = new URL(address);
  if (url.hostname.startsWith('-') || url.username.startsWith('-'))
    throw bad(text, 'host and user cannot begin with -');
  if (url.hostname === '') throw bad(text, 'it has no host');
  return withoutPassword(address, url);
}

function withoutPassword(address: string, url: URL): Pick<GitSource, 'remote' | 'credentials'> {
  const { username, password } = url;
  const isHttp = /^https?:$/.test(url.protocol);
  if (isHttp && (username !== '' || password !== '')) {
    const credentials = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    return { remote: address.replace(/^([^:]*:\/\/)[^/]*@/, '$1'), credentials };
  }
  return { remote: password === '' ? address : address.replace(/^([^:]*:\/\/[^/:]*):[^/]*@/, '$1@') };
}

/** ssh would take a user or host that begins with `-` for an option, and git a path that does. */
function checkedScp(address: string, text: string): string {
  if (/^-|@-|:-/.test(address)) throw bad(text, 'user, host and path cannot begin with -');
  return address;
}

function readFragment(fragment: string, source: Draft): void {
  if (fragment === '') return;
  const at = fragment.indexOf(':');
  const ref = at < 0 ? fragment : fragment.slice(0, at);
  if (ref !== '') source.ref = ref;
  if (at >= 0) source.subdir = treePath(fragment.slice(at + 1));
}

const FLAGS: readonly string[] = ['keep-git-dir', 'submodules', 'fetch-by-commit'];
const KEYS: readonly string[] = ['ref', 'tag', 'branch', 'subdir', 'checksum', 'commit', 'mtime', ...FLAGS];

function readQuery(query: string, source: Draft, text: string): void {
  const seen = new Set<string>();
  for (const [key, value] of new URLSearchParams(query)) {
    if (!KEYS.includes(key)) throw bad(text, `unknown key ${JSON.stringify(key)}`, `keys are ${KEYS.join(', ')}`);
    if (seen.has(key)) throw bad(text, `${key} stands twice`);
    if (value === '' && !FLAGS.includes(key)) throw bad(text, `${key} has no value`);
    seen.add(key);
    readKey(key, value, source, text);
  }
}

function readKey(key: string, value: string, source: Draft, text: string): void {
  switch (key) {
    case 'ref':
      setOnce(source, 'ref', value, text);
      break;
    case 'tag':
      setOnce(source, 'ref', `refs/tags/${value}`, text);
      break;
    case 'branch':
      setOnce(source, 'ref', `refs/heads/${value}`, text);
      break;
    case 'checksum':
    case 'commit':
      setOnce(source, 'checksum', value.toLowerCase(), text);
      break;
    case 'subdir':
      if (source.subdir !== '') throw bad(text, 'the subdirectory is given twice');
      source.subdir = treePath(value);
      break;
    case 'mtime':
      if (value !== 'checkout' && value !== 'commit') throw bad(text, 'mtime is checkout or commit');
      source.mtime = value;
      break;
    default:
      setFlag(source, key, toBoolean(key, value, text));
  }
}

function setOnce(source: Draft, key: 'ref' | 'checksum', value: string, text: string): void {
  if (source[key] !== undefined) throw bad(text, `the ${key === 'ref' ? 'ref' : 'commit'} is given twice`);
  source[key] = value;
}

function setFlag(source: Draft, key: string, value: boolean): void {
  if (key === 'keep-git-dir') source.keepGitDir = value;
  else if (key === 'submodules') source.submodules = value;
  else source.fetchByCommit = value;
}

function toBoolean(key: string, value: string, text: string): boolean {
  if (/^(?:|1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw bad(text, `${key} is true or false, not ${JSON.stringify(value)}`);
}

/** git-check-ref-format(1), and nothing that git could take for an option. */
function checkRef(ref: string, text: string): void {
  const isBad = /^-|^\/|\/$|\/\/|\.\.|@\{|[\u0000-\u0020\u007f~^:?*[\\]|\.lock$|\.$/.test(ref);
  if (isBad) throw bad(text, `${JSON.stringify(ref)} is no name of a commit, branch or tag`);
}

function checkChecksum(checksum: string, text: string): void {
  if (isCommitPrefix(checksum)) return;
  throw bad(text, `${JSON.stringify(checksum)} is no commit`, 'give at least 7 of its hexadecimal digits');
}

/** A commit's name, or enough of it to stand for one. */
export function isCommitPrefix(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}

function bad(text: string, why: string, hint = 'write it as REMOTE[#REF[:SUBDIR]]'): OptionError {
  return new OptionError('OPTION_BAD_GIT_URL', `bad git address ${JSON.stringify(redactAddresses(text))}: ${why}`, {
    hint,
  });
}
