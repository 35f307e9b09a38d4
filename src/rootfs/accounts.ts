import { StepError } from '../core/errors.ts';
import type { ProcessIdentity } from '../core/sandbox.ts';

/** The texts of /etc/passwd and /etc/group of a root file system, as far as they exist. */
export interface AccountTexts {
  readonly passwd?: string | undefined;
  readonly group?: string | undefined;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Who a command runs as, and the home directory for `HOME`. */
export interface UserIdentity {
  readonly identity: ProcessIdentity;
  readonly home: string;
}

interface User extends Owner {
  readonly name: string;
  readonly home: string;
}

interface Group {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

const HIGHEST_ID = 0xffff_ffff;

/**
 * Owner of what COPY --chown and WORKDIR make: `user[:group]`. A number is an id, and alone also the group; names are
 * looked up, and an unknown one is 0 (reference, sections 9 and 11).
 */
export function lookupChown(texts: AccountTexts, text: string): Owner {
  const [user = '', group] = splitOnce(text);
  const id = parseId(user);
  const found = id === undefined ? parsePasswd(texts.passwd).find(({ name }) => name === user) : { uid: id, gid: id };
  const uid = found?.uid ?? 0;
  if (group === undefined) return { uid, gid: found?.gid ?? 0 };
  return { uid, gid: parseId(group) ?? parseGroups(texts.group).find(({ name }) => name === group)?.gid ?? 0 };
}

/**
 * {@link lookupChown} for `--link`, where there is no root to look names up in (reference, section 11).
 * @throws StepError `STEP_OWNER_NOT_NUMERIC`
 */
export function parseNumericChown(text: string): Owner {
  const name = splitOnce(text).find((part) => parseId(part) === undefined);
  if (name === undefined) return lookupChown({}, text);
  throw new StepError(
    'STEP_OWNER_NOT_NUMERIC',
    `--chown=${text} with --link: ${JSON.stringify(name)} is not a number`,
    {
      hint: 'a linked layer is made without the files below it: give numbers, as in --chown=1000:1000, or leave --link out',
    },
  );
}

/**
 * Who a RUN runs as: `''` is root, a pair of numbers needs no files, else names and numbers are looked up; the groups
 * that list the user are added when no group is given (reference, section 10).
 * @throws StepError `STEP_UNKNOWN_USER`, `STEP_UNKNOWN_GROUP`
 */
export function lookupUser(texts: AccountTexts, text: string): UserIdentity {
  const users = parsePasswd(texts.passwd);
  const [userText = '', groupText = ''] = splitOnce(text);
  const { uid, gid, name, home } = findUser(userText === '' ? '0' : userText, users, text);
  const identity =
    groupText === ''
      ? { uid, gid, supplementaryGids: text === '' ? [] : groupsOf(name, texts) }
      : { uid, gid: findGroup(groupText, texts, text), supplementaryGids: [] };
  return { identity, home: home === '' ? '/' : home };
}

/** A number that no line has is a user without a name, of group 0. */
function findUser(text: string, users: readonly User[], whole: string): User {
  const id = parseId(text);
  const user = users.find(({ name, uid }) => name === text || uid === id);
  if (user !== undefined) return user;
  if (id !== undefined) return { uid: id, gid: 0, name: '', home: '' };
  throw unknown('USER', text, whole);
}

function findGroup(text: string, texts: AccountTexts, whole: string): number {
  const id = parseId(text);
  const gid = parseGroups(texts.group).find((group) => group.name === text || group.gid === id)?.gid ?? id;
  if (gid === undefined) throw unknown('GROUP', text, whole);
  return gid;
}

function groupsOf(user: string, texts: AccountTexts): number[] {
  const gids = parseGroups(texts.group).flatMap(({ members, gid }) => (members.includes(user) ? [gid] : []));
  return user === '' ? [] : [...new Set(gids)];
}

function unknown(kind: 'USER' | 'GROUP', name: string, whole: string): StepError {
  const noun = kind.toLowerCase();
  const file = kind === 'USER' ? '/etc/passwd' : '/etc/group';
  return new StepError(
    `STEP_UNKNOWN_${kind}`,
    `USER ${whole}: there is no ${noun} ${JSON.stringify(name)} in ${file}`,
    {
      hint: `make the ${noun} in an earlier RUN, or give its number`,
    },
  );
}

function splitOnce(text: string): string[] {
  const colon = text.indexOf(':');
  return colon < 0 ? [text] : [text.slice(0, colon), text.slice(colon + 1)];
}

function parseId(text: string): number | undefined {
  return /^\d+$/.test(text) && Number(text) <= HIGHEST_ID ? Number(text) : undefined;
}

/** Lines of passwd(5); what is not one is passed over. */
function parsePasswd(text: string | undefined): User[] {
  return fieldsOf(text).flatMap(([name = '', , uidText = '', gidText = '', , home = '']) => {
    const uid = parseId(uidText);
    const gid = parseId(gidText);
    return uid === undefined || gid === undefined ? [] : [{ name, uid, gid, home }];
  });
}

/** Lines of group(5); what is not one is passed over. */
function parseGroups(text: string | undefined): Group[] {
  return fieldsOf(text).flatMap(([name = '', , gidText = '', members = '']) => {
    const gid = parseId(gidText);
    return gid === undefined ? [] : [{ name, gid, members: members.split(',').map((member) => member.trim()) }];
  });
}

function fieldsOf(text = ''): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':').map((field) => field.trim()));
}
