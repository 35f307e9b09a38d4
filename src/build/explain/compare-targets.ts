import { octal } from './compare-files.ts';
import type { MissReason } from './miss-reason.ts';

type Fields = readonly unknown[];

/**
 * Compares where the destination of a COPY leads, and the directories of the layers below that it lies in: texts of JSON
 * lists, `[path, type]` before `[path, mode, uid, gid, capability]` of each directory.
 */
export function compareTargets(before: readonly string[], after: readonly string[]): MissReason[] {
  const [target = [], ...directories] = before.map(parsed);
  const [targetNow = [], ...directoriesNow] = after.map(parsed);
  const [path, type] = target;
  const [pathNow, typeNow] = targetNow;
  if (path !== pathNow) return [{ kind: 'option', name: 'destination', from: `/${path}`, to: `/${pathNow}` }];
  if (type !== typeNow) return [{ kind: 'directory', path: `/${path}`, details: [`${type}→${typeNow}`] }];
  const known = new Map(directories.map((fields) => [fields[0], fields]));
  return directoriesNow.flatMap((fields): MissReason[] => {
    const details = differences(known.get(fields[0]), fields);
    return details.length === 0 ? [] : [{ kind: 'directory', path: `/${fields[0]}`, details }];
  });
}

function differences(before: Fields | undefined, after: Fields): string[] {
  if (before === undefined) return ['new'];
  const [, mode, uid, gid, capability] = before;
  const [, modeNow, uidNow, gidNow, capabilityNow] = after;
  return [
    ...(mode === modeNow ? [] : [`mode ${octal(mode)}→${octal(modeNow)}`]),
    ...(uid === uidNow && gid === gidNow ? [] : [`owner ${uid}:${gid}→${uidNow}:${gidNow}`]),
    ...(JSON.stringify(capability) === JSON.stringify(capabilityNow) ? [] : ['capabilities']),
  ];
}

function parsed(text: string): Fields {
  return JSON.parse(text) as Fields;
}
