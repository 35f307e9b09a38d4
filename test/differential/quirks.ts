import type { Difference } from './differences.ts';
import type { PeerName } from './peer-cases.ts';

/** What a peer does differently in every image, where the reference is not in doubt. */
interface Quirk {
  readonly peer: PeerName;
  readonly at: RegExp;
  readonly holds: (difference: Difference) => boolean;
  /** The section of dockerfile-semantics.md that decides. */
  readonly why: string;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const startsBoth =
  (word: string) =>
  ({ lamella, theirs }: Difference): boolean =>
    text(lamella).startsWith(word) && text(theirs).startsWith(word);

export const QUIRKS: readonly Quirk[] = [
  {
    peer: 'docker',
    at: /^history /,
    holds: ({ lamella, theirs }) => text(lamella).replaceAll(/ --ch(own|mod)=\S+/g, '') === theirs,
    why: '14: COPY and ADD are written with --chown and --chmod; 20.10 left them out',
  },
  {
    peer: 'docker',
    at: /^history /,
    holds: startsBoth('HEALTHCHECK '),
    why: '14: a health check is written with the names of its fields; 20.10 printed a Go pointer',
  },
  {
    peer: 'docker',
    at: /^history /,
    holds: startsBoth('EXPOSE '),
    why: '14: ports are written as a list; 20.10 printed a Go map',
  },
  {
    peer: 'buildah',
    at: /^config Hostname$/,
    holds: ({ lamella }) => lamella === undefined,
    why: '14: a configuration has no host name; buildah keeps its container’s',
  },
  {
    peer: 'buildah',
    at: /^config ArgsEscaped$/,
    holds: ({ lamella, theirs }) => lamella === true && theirs === undefined,
    why: '9: a shell form of CMD sets ArgsEscaped; buildah never does',
  },
  {
    peer: 'buildah',
    at: /^\/run$/,
    holds: ({ lamella, theirs }) => lamella === undefined && theirs === 'dir 0755 0:0',
    why: '10: directories made for mounts vanish; buildah leaves /run, where it mounts .containerenv',
  },
];

/** Differences that no quirk explains; those that explain one are added to `met`. */
export function withoutQuirks(peer: PeerName, found: readonly Difference[], met: Set<Quirk>): readonly Difference[] {
  return found.filter((difference) => {
    const quirk = QUIRKS.find((each) => each.peer === peer && each.at.test(difference.at) && each.holds(difference));
    if (quirk !== undefined) met.add(quirk);
    return quirk === undefined;
  });
}
