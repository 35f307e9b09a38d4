import type { BuildOptions } from './library.ts';
import { badValue } from './values.ts';

type Annotation = NonNullable<BuildOptions['annotations']>[number];
type Level = NonNullable<Annotation['level']>;

const LEVELS: readonly Level[] = ['manifest', 'index', 'manifest-descriptor', 'index-descriptor'];
const FORM = '[manifest|index|manifest-descriptor|index-descriptor[OS/ARCH]:]KEY=VALUE';

/** `key=value`, `level:key=value`, `level[os/arch],level:key=value`: one for each level, as with buildx. */
export function parseAnnotations(text: string): Annotation[] {
  const [, levels, rest = text] = /^((?:[a-z-]+(?:\[[^\]]*\])?,?)+):(.*)$/s.exec(text) ?? [];
  const words = levels?.split(',') ?? [];
  const areLevels = words.length > 0 && words.every((word) => isLevel(word.replace(/\[.*/, '')));
  return areLevels ? words.map((word) => withLevel(word, rest, text)) : [withLevel('manifest', text, text)];
}

/** An attribute of an output: `-level[os/arch].key=value`, or `.key=value`. */
export function parseAnnotation(attribute: string, text: string): Annotation {
  const [, level = '', rest = ''] = /^(?:-([a-z-]+(?:\[[^\]]*\])?)|\[[^\]]*\])?\.(.*)$/s.exec(attribute) ?? [];
  return withLevel(level === '' ? 'manifest' : level, rest, text);
}

function withLevel(word: string, pair: string, text: string): Annotation {
  const [, name = '', platform] = /^([a-z-]+)(?:\[([^\]]*)\])?$/.exec(word) ?? [];
  const equals = pair.indexOf('=');
  if (!isLevel(name) || equals < 1) throw badValue('annotation', text, 'it is no annotation', FORM);
  return {
    key: pair.slice(0, equals),
    value: pair.slice(equals + 1),
    level: name,
    ...(platform !== undefined && { platform }),
  };
}

function isLevel(text: string): text is Level {
  return LEVELS.some((level) => level === text);
}
