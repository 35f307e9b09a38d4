import { OptionError } from '../core/errors.ts';
import { type Platform, parsePlatform, samePlatform } from '../core/platform.ts';

/** What an annotation is written on: a manifest, an index, or the descriptor of one. */
export type AnnotationLevel = 'manifest' | 'index' | 'manifest-descriptor' | 'index-descriptor';

/** An OCI annotation (image-spec, annotations.md). */
export interface Annotation {
  readonly key: string;
  readonly value: string;
  /** Default `manifest`. */
  readonly level?: AnnotationLevel;
  /** Of the levels of a manifest: for this platform only. `os/architecture[/variant]`. */
  readonly platform?: string;
}

/** The annotations of a level, in the order of their keys; `undefined` when there are none. */
export function annotationsFor(
  annotations: readonly Annotation[],
  level: AnnotationLevel,
  platform?: Platform,
): Readonly<Record<string, string>> | undefined {
  const fitting = annotations.filter(
    (each) =>
      (each.level ?? 'manifest') === level &&
      (each.platform === undefined || (platform !== undefined && samePlatform(parsePlatform(each.platform), platform))),
  );
  const pairs = fitting.map(({ key, value }) => [key, value] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** @throws OptionError `OPTION_NO_INDEX` when an index is to be annotated and there is none (reference, section 19) */
export function refuseIndexAnnotations(annotations: readonly Annotation[]): void {
  const found = annotations.find(({ level }) => level === 'index' || level === 'index-descriptor');
  if (found === undefined) return;
  throw new OptionError(
    'OPTION_NO_INDEX',
    `the annotation ${JSON.stringify(found.key)} is for an index, and there is none`,
    {
      hint: 'an image for one platform has no index: annotate the manifest, or build for several platforms',
    },
  );
}
