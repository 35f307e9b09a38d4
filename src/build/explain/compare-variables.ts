import { looksLikeSecret } from '../../checks/rules/variables.ts';
import type { MissReason } from './miss-reason.ts';

/**
 * Compares two environments of `NAME=value`. Names of `args` come from ARG; names that only this program sets
 * (`SOURCE_DATE_EPOCH`, the socket of an agent) from neither ARG nor ENV, which nobody can tell from here.
 */
export function compareVariables(
  before: readonly string[],
  after: readonly string[],
  args: ReadonlySet<string>,
): MissReason[] {
  const old = byName(before);
  const now = byName(after);
  const changes = [...new Set([...now.keys(), ...old.keys()])].flatMap((name): MissReason[] => {
    const [from, to] = [old.get(name), now.get(name)];
    return from === to ? [] : [toReason(name, { from, to }, args)];
  });
  if (changes.length > 0 || before.join('\0') === after.join('\0')) return changes;
  return [
    { kind: 'option', name: 'order of variables', from: [...old.keys()].join(' '), to: [...now.keys()].join(' ') },
  ];
}

function byName(environment: readonly string[]): Map<string, string> {
  return new Map(
    environment.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

interface Values {
  readonly from: string | undefined;
  readonly to: string | undefined;
}

function toReason(name: string, { from, to }: Values, args: ReadonlySet<string>): MissReason {
  const instruction = args.has(name) ? 'ARG' : name === 'SOURCE_DATE_EPOCH' ? undefined : 'ENV';
  if (looksLikeSecret(name)) return { kind: 'variable', instruction, name, isSecret: true };
  return { kind: 'variable', instruction, name, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}
