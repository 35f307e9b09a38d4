import { PlanError } from './errors.ts';

/** A compiled `--chmod`. */
export type ModeChange =
  | { readonly kind: 'absolute'; readonly mode: number }
  | { readonly kind: 'symbolic'; readonly actions: readonly ModeAction[] };

/** `who` is the mask of bits that may change; `permissions` as written. */
interface ModeAction {
  readonly who: number;
  readonly explicitWho: boolean;
  readonly operator: string;
  readonly permissions: string;
}

const SETUID = 0o4000;
const SETGID = 0o2000;
const STICKY = 0o1000;
const USER = SETUID | 0o700;
const GROUP = SETGID | 0o070;
const OTHER = 0o007;
const ALL = USER | GROUP | OTHER;

const CLAUSE = /^([ugoa]*)((?:[+\-=][rwxXstugo]*)+)$/;

/**
 * Reads the value of `--chmod`: octal from 0 to 07777, or symbolic as in chmod(1), BSD grammar, umask 0
 * (reference, section 11).
 * @throws PlanError `PLAN_BAD_CHMOD`
 */
export function parseChmod(text: string): ModeChange {
  if (/^[0-7]+$/.test(text) && Number.parseInt(text, 8) <= 0o7777) {
    return { kind: 'absolute', mode: Number.parseInt(text, 8) };
  }
  return { kind: 'symbolic', actions: text.split(',').flatMap((clause) => parseClause(clause, text)) };
}

/** The mode of an entry after the change. `X` counts for directories and for what somebody may execute already. */
export function applyChmod(change: ModeChange, mode: number, isDirectory: boolean): number {
  if (change.kind === 'absolute') return change.mode;
  const executable = isDirectory || (mode & 0o111) !== 0;
  return change.actions.reduce((current, action) => applyAction(action, current, executable), mode);
}

function parseClause(clause: string, text: string): ModeAction[] {
  const [, who = '', actions = ''] = CLAUSE.exec(clause) ?? [];
  if (actions === '') throw badChmod(text);
  const explicitWho = who !== '';
  return Array.from(actions.matchAll(/([+\-=])([^+\-=]*)/g), ([, operator = '', permissions = '']) => ({
    who: explicitWho ? maskOf(who) : ALL,
    explicitWho,
    operator,
    permissions,
  }));
}

function maskOf(who: string): number {
  const masks: Readonly<Record<string, number>> = { u: USER, g: GROUP, o: OTHER, a: ALL };
  return Array.from(who).reduce((mask, letter) => mask | (masks[letter] ?? 0), 0);
}

function applyAction(action: ModeAction, mode: number, executable: boolean): number {
  const bits = bitsOf(action, mode, executable);
  switch (action.operator) {
    case '+':
      return mode | bits;
    case '-':
      return mode & ~bits;
    default:
      return (mode & ~clearedBy(action)) | bits;
  }
}

/** Copying the bits of another class leaves setuid and setgid as they are. */
function clearedBy({ who, permissions }: ModeAction): number {
  return /^[ugo]+$/.test(permissions) ? who & 0o777 : who;
}

function bitsOf({ who, explicitWho, operator, permissions }: ModeAction, mode: number, executable: boolean): number {
  const onlyOther = explicitWho && (who & ~OTHER) === 0;
  let bits = 0;
  for (const letter of permissions) {
    if (letter === 'X') bits |= executable && operator !== '-' ? 0o111 : 0;
    else if (letter === 's') bits |= onlyOther ? 0 : SETUID | SETGID;
    else bits |= PERMISSIONS[letter]?.(mode) ?? 0;
  }
  const sticky = permissions.includes('t') && !onlyOther ? STICKY : 0;
  return (bits & who) | sticky;
}

const PERMISSIONS: Readonly<Record<string, (mode: number) => number>> = {
  r: () => 0o444,
  w: () => 0o222,
  x: () => 0o111,
  u: (mode) => 0o111 * ((mode >> 6) & 7),
  g: (mode) => 0o111 * ((mode >> 3) & 7),
  o: (mode) => 0o111 * (mode & 7),
};

function badChmod(text: string): PlanError {
  return new PlanError('PLAN_BAD_CHMOD', `invalid --chmod value ${JSON.stringify(text)}`, {
    hint: 'write an octal mode up to 7777, as in --chmod=0755, or a symbolic one, as in --chmod=u=rwX,go=rX',
  });
}
