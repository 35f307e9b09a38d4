import type { MissReason, PathChange } from './miss-reason.ts';

const MOST_PATHS = 5;
const MOST_CHARACTERS = 48;
const CONTEXT = 12;
const DIGEST_DIGITS = 12;

type ReasonOf<Kind extends MissReason['kind']> = Extract<MissReason, { readonly kind: Kind }>;

/** One line for people. */
export function formatReasons(reasons: readonly MissReason[]): string {
  return reasons.map(formatReason).join('; ');
}

function formatReason(reason: MissReason): string {
  switch (reason.kind) {
    case 'first-build':
      return 'first build, nothing to compare with';
    case 'new-step':
      return 'a new step';
    case 'no-cache':
      return reason.stage === undefined ? '--no-cache' : `--no-cache-filter=${reason.stage}`;
    case 'evicted':
      return EVICTED[reason.what];
    case 'files':
      return files(reason);
    case 'variable':
      return variable(reason);
    case 'command':
      return `command ${arrow(reason.from, reason.to)}`;
    case 'platform':
      return `platform ${arrow(reason.from, reason.to)}`;
    case 'option':
      return `${reason.name} ${arrow(reason.from, reason.to)}`;
    case 'mount':
      return `--mount=${reason.mount} ${reason.change}`;
    case 'directory':
      return `directory ${reason.path} of the layers below: ${reason.details.join(', ')}`;
    case 'step-above':
      return stepAbove(reason);
    case 'stage':
      return `because stage ${reason.stage} changed`;
    case 'base-image':
      return baseImage(reason);
    case 'layers-below':
      return 'the layers below changed';
    case 'recipe':
      return `another version of lamella (${arrow(reason.from, reason.to)})`;
  }
}

const EVICTED: Readonly<Record<ReasonOf<'evicted'>['what'], string>> = {
  record: 'nothing changed, but the earlier result is no longer in the cache',
  layer: 'nothing changed, but the earlier layer is no longer in the cache',
  'earlier-record': 'what the earlier build recorded is no longer in the cache, nothing to compare with',
};

function files({ unit, mount, total, changes }: ReasonOf<'files'>): string {
  const where = mount === undefined ? '' : ` of --mount=${mount}`;
  if (changes.length === 0) return `${unit}s${where} changed (which ones was not kept)`;
  const shown = changes.slice(0, MOST_PATHS).map(pathChange);
  const more = total > shown.length ? [`${total - shown.length} more`] : [];
  return `${total} ${unit}${total === 1 ? '' : 's'}${where} changed: ${[...shown, ...more].join(', ')}`;
}

function pathChange({ path, change, from, details }: PathChange): string {
  if (change === 'renamed') return `${from}→${path} (renamed)`;
  if (change !== 'changed') return `${path} (${change})`;
  return details.length === 0 ? path : `${path} (${details.join(', ')})`;
}

function variable({ instruction, name, from, to, isSecret }: ReasonOf<'variable'>): string {
  const what = instruction === undefined ? name : `${instruction} ${name}`;
  if (isSecret) return `${what} changed`;
  if (from === undefined) return `${what} is new, ${quoted(to ?? '')}`;
  return to === undefined ? `${what} is gone, was ${quoted(from)}` : `${what} ${arrow(from, to)}`;
}

function stepAbove({ step, change }: ReasonOf<'step-above'>): string {
  const { index, total, text } = step;
  if (change === 'removed') return `because a step above is gone (${text})`;
  return `because step ${index}/${total} above ${change === 'added' ? 'is new' : 'changed'} (${text})`;
}

function baseImage({ reference, from, to }: ReasonOf<'base-image'>): string {
  if (from === undefined || to === undefined) return `base image digest changed: ${reference}`;
  const areDigests = [from, to].every((text) => text.startsWith('sha256:'));
  if (!areDigests) return `base image ${arrow(from, to)}`;
  return `base image digest changed: ${reference} ${shortDigest(from)}→${shortDigest(to)}`;
}

function shortDigest(digest: string): string {
  return digest.slice(0, 'sha256:'.length + DIGEST_DIGITS);
}

/** Two long texts are shown around the place where they differ first. */
function arrow(from: string, to: string): string {
  if (from.length <= MOST_CHARACTERS && to.length <= MOST_CHARACTERS) return `${quoted(from)}→${quoted(to)}`;
  const start = Math.max(0, commonStart(from, to) - CONTEXT);
  return `${excerpt(from, start)}→${excerpt(to, start)}`;
}

function commonStart(a: string, b: string): number {
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

function excerpt(text: string, start: number): string {
  const end = start + MOST_CHARACTERS;
  const middle = text.slice(start, end).replace(/\s+/g, ' ');
  return `${start > 0 ? '…' : ''}${middle}${end < text.length ? '…' : ''}`;
}

/** Nothing shows as `""`, and a text of several lines on one. */
function quoted(text: string): string {
  if (text === '') return '""';
  const line = text.replace(/\s+/g, ' ');
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS)}…`;
}
