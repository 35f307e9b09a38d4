import { encodeTarHeader, TAR_RECORD, type TarHeader, tarPadding } from '../../src/io/tar-header.ts';

/** What must come of a hostile layer: an error with this code, or a root in which this script prints this. */
export type Outcome = { readonly refused: string } | { readonly script: string; readonly prints: string };

export interface HostileLayer {
  readonly title: string;
  readonly tar: (outside: string) => Buffer;
  readonly outcome: Outcome;
}

const PLAIN: TarHeader = { path: '', type: 'file', mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0 };

type Item = readonly [path: string, more?: Partial<TarHeader> & { readonly content?: string }];

const link = (path: string, target: string): Item => [path, { type: 'symlink', link: target }];
const hard = (path: string, target: string): Item => [path, { type: 'hardlink', link: target }];
const dir = (path: string): Item => [path, { type: 'directory', mode: 0o755 }];
const text = (path: string, content = 'evil'): Item => [path, { content }];

function tarOf(...items: readonly Item[]): Buffer {
  const parts = items.flatMap(([path, { content = '', ...more } = {}]) => {
    const bytes = Buffer.from(content);
    const header = encodeTarHeader({ ...PLAIN, path, size: bytes.length, ...more });
    return [header, bytes, Buffer.alloc(tarPadding(bytes.length))];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * TAR_RECORD)]);
}

/** A header with a type of its own and whatever stands in its fields, with a right checksum. */
function rawHeader(name: string, flag: string, size: number): Buffer {
  const header = Buffer.from(encodeTarHeader({ ...PLAIN, path: name }));
  header.write(flag, 156, 'latin1');
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  header.fill(' ', 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

function record(flag: string, content: string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([rawHeader('pax', flag, bytes.length), bytes, Buffer.alloc(tarPadding(bytes.length))]);
}

function paxLine(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  let length = rest.length;
  while (`${length}${rest}`.length !== length) length = `${length}${rest}`.length;
  return `${length}${rest}`;
}

const layer = (title: string, outcome: Outcome, ...items: readonly Item[]): HostileLayer => ({
  title,
  outcome,
  tar: () => tarOf(...items),
});

const escapes = (title: string, ...items: readonly Item[]): HostileLayer =>
  layer(title, { refused: 'LAYER_PATH_ESCAPE' }, ...items);

const shows = (title: string, script: string, prints: string, ...items: readonly Item[]): HostileLayer =>
  layer(title, { script, prints }, ...items);

/** Names that leave the root are cleaned as if it was /, as all tools do: what they name lies inside. */
const PATHS: readonly HostileLayer[] = [
  shows('an absolute name', 'cat /evil', 'evil', text('/evil')),
  shows('a name that begins with ..', 'cat /evil', 'evil', text('../../../../evil')),
  shows('a name with .. inside', 'cat /evil', 'evil', text('a/../../../evil')),
  shows('a name of many slashes and dots', 'cat /a/evil', 'evil', text('.//.///a/.//evil')),
  shows('the root itself as a file', 'test -d / && echo root', 'root', text('.', 'x'), text('keep')),
  shows('the root itself as a link', 'test -d / && echo root', 'root', link('.', '/tmp')),
  shows('names with newlines and escapes', 'ls /n | wc -l', '2', text('n/a\nb'), text('n/\u001b[2J')),
  shows('a name that looks like an option', 'cat /-rf', 'evil', text('-rf')),
  shows('a name of 255 bytes', 'ls / | grep -c nnnn', '1', text('n'.repeat(255))),
  layer('a name of 256 bytes', { refused: 'LAYER_UNPACK_FAILED' }, text('n'.repeat(256))),
  layer('a path 10,000 directories deep', { refused: 'LAYER_PATH_TOO_LONG' }, text(`${'d/'.repeat(10_000)}f`)),
  layer(
    'a path longer than the kernel takes',
    { refused: 'LAYER_PATH_TOO_LONG' },
    text(`${'x'.repeat(250)}/`.repeat(20)),
  ),
  layer('a name of a megabyte', { refused: 'LAYER_PATH_TOO_LONG' }, text('m'.repeat(1_000_000))),
];

const LINKS: readonly HostileLayer[] = [
  {
    title: 'a file below a link to an absolute path outside',
    tar: (outside) => tarOf(link('out', outside), text('out/evil')),
    outcome: { refused: 'LAYER_PATH_ESCAPE' },
  },
  escapes('a file below a link that climbs out', link('out', '../../../../../../tmp'), text('out/evil')),
  escapes('a file below a link inside the same layer', dir('real'), link('alias', 'real'), text('alias/evil')),
  escapes('a file below a link to itself', link('loop', 'loop'), text('loop/evil')),
  escapes('a file below two links in a row', link('a', '/'), link('b', 'a'), text('b/etc/evil')),
  escapes('a directory below a link', link('out', '/tmp'), dir('out/evil')),
  escapes('a device below a link', link('out', '/dev'), ['out/evil', { type: 'character', major: 1, minor: 3 }]),
  escapes('a hard link below a link', text('f'), link('out', '/tmp'), hard('out/evil', 'f')),
  escapes('a file below a file', text('f'), text('f/evil')),
  escapes('a whiteout below a link', link('out', '/tmp'), text('out/.wh.evil', '')),
  escapes('an opaque mark in a link', link('out', '/tmp'), text('out/.wh..wh..opq', '')),
  shows(
    'a link in the place of a directory, then used again as one',
    'ls -d /d/x',
    '/d/x',
    dir('d'),
    link('d', '/tmp'),
    dir('d'),
    dir('d/x'),
  ),
  {
    title: 'a hard link to a file outside by its absolute path',
    tar: (outside) => tarOf(hard('stolen', `${outside}/secret`)),
    outcome: { refused: 'LAYER_LINK_MISSING' },
  },
  layer('a hard link that climbs out', { refused: 'LAYER_LINK_MISSING' }, hard('stolen', '../../../../etc/shadow')),
  layer('a hard link to itself', { refused: 'LAYER_LINK_MISSING' }, hard('self', 'self')),
  layer('a hard link to what comes later', { refused: 'LAYER_LINK_MISSING' }, hard('early', 'late'), text('late')),
  escapes('a hard link to a file behind a link', link('out', '/etc'), hard('stolen', 'out/passwd')),
  {
    title: 'a link over which a file is then written',
    tar: (outside) => tarOf(link('f', `${outside}/secret`), text('f', 'inside')),
    outcome: { script: 'cat /f; test -L /f || echo file', prints: 'insidefile' },
  },
  shows(
    'a hard link to a link, written through',
    'cat /b',
    'evil',
    link('a', '/etc/passwd'),
    hard('b', 'a'),
    text('b'),
  ),
];

const KINDS: readonly HostileLayer[] = [
  shows('a disk', 'dd if=/disk of=/dev/null bs=1 count=1 2>/dev/null && echo read || echo no', 'no', [
    'disk',
    { type: 'block', major: 8, minor: 0 },
  ]),
  shows('kernel memory', 'dd if=/kmem of=/dev/null bs=1 count=1 2>/dev/null && echo read || echo no', 'no', [
    'kmem',
    { type: 'character', major: 1, minor: 1 },
  ]),
  shows('a whiteout written as a device', 'ls / | grep -c evil', '0', [
    'evil',
    { type: 'character', major: 0, minor: 0 },
  ]),
  shows('a pipe', 'test -p /pipe && echo pipe', 'pipe', ['pipe', { type: 'fifo' }]),
  shows('a setuid program', 'stat -c %a /su', '4755', ['su', { mode: 0o4755, content: 'x' }]),
  {
    title: 'a socket or another unknown kind',
    tar: () => Buffer.concat([rawHeader('what', '9', 0), Buffer.alloc(2 * TAR_RECORD)]),
    outcome: { refused: 'LAYER_TAR_UNSUPPORTED' },
  },
  {
    title: 'a sparse file in the old form',
    tar: () => Buffer.concat([rawHeader('sparse', 'S', 0), Buffer.alloc(2 * TAR_RECORD)]),
    outcome: { refused: 'LAYER_TAR_UNSUPPORTED' },
  },
  {
    title: 'a sparse file in the PAX form',
    tar: () => Buffer.concat([record('x', paxLine('GNU.sparse.realsize', '9999999999')), tarOf(text('sparse'))]),
    outcome: { refused: 'LAYER_TAR_UNSUPPORTED' },
  },
];

const ENTRIES: readonly HostileLayer[] = [
  shows('a path twice: the last one counts', 'cat /f', 'two', text('f', 'one'), text('f', 'two')),
  shows('a directory where a file was', 'ls -d /f/x', '/f/x', text('f'), dir('f'), dir('f/x')),
  shows('a file where a full directory was', 'cat /d', 'file', dir('d'), text('d/x'), text('d', 'file')),
  shows('a whiteout of the root', 'test -d /bin && echo there', 'there', text('.wh.', '')),
  shows('a whiteout of what climbs out', 'test -d /bin && echo there', 'there', text('.wh...', '')),
  shows(
    'a whiteout that names . and ..',
    'test -d /bin && echo there',
    'there',
    text('d/.wh..', ''),
    text('d/.wh...', ''),
  ),
  shows('a whiteout of nothing', 'echo ok', 'ok', text('.wh.nothing', '')),
  shows('a whiteout of what the layer has itself', 'cat /f', 'f', text('f', 'f'), text('.wh.f', '')),
  shows('reserved whiteout names', 'ls -a / | grep -c wh', '0', text('.wh..wh.plnk', ''), text('.wh..wh.aufs', '')),
  shows('whiteouts of nested names', 'ls /d', 'x', dir('d'), text('d/.wh.a', ''), text('d/x')),
];

const RECORDS: readonly HostileLayer[] = [
  {
    title: 'a PAX record of two megabytes',
    tar: () => Buffer.concat([record('x', paxLine('comment', 'c'.repeat(2 << 20))), tarOf(text('f'))]),
    outcome: { refused: 'LAYER_TOO_LARGE' },
  },
  {
    title: 'a PAX record that says to be an exabyte',
    tar: () => Buffer.concat([rawHeader('pax', 'x', 0o77777777777), Buffer.alloc(2 * TAR_RECORD)]),
    outcome: { refused: 'LAYER_TOO_LARGE' },
  },
  {
    title: 'global PAX records without end',
    tar: () => {
      const records = Array.from({ length: 40 }, (_, at) => record('g', paxLine(`key${at}`, 'v'.repeat(60_000))));
      return Buffer.concat([...records, tarOf(text('f'))]);
    },
    outcome: { refused: 'LAYER_TOO_LARGE' },
  },
  {
    title: 'a PAX path that climbs out',
    tar: () => Buffer.concat([record('x', paxLine('path', '../../../evil')), tarOf(text('innocent'))]),
    outcome: { script: 'cat /evil; ls / | grep -c innocent', prints: 'evil0' },
  },
  {
    title: 'a PAX size that is not a number',
    tar: () => Buffer.concat([record('x', paxLine('size', '-1')), tarOf(text('f'))]),
    outcome: { refused: 'LAYER_TAR_CORRUPT' },
  },
  {
    title: 'a PAX line whose length is wrong',
    tar: () => Buffer.concat([record('x', '999 path=f\n'), tarOf(text('f'))]),
    outcome: { refused: 'LAYER_TAR_CORRUPT' },
  },
  {
    title: 'a GNU long name that climbs out',
    tar: () => Buffer.concat([record('L', '../../evil\0'), tarOf(text('innocent'))]),
    outcome: { script: 'cat /evil', prints: 'evil' },
  },
  {
    title: 'a header whose checksum is wrong',
    tar: () => Buffer.from(tarOf(text('f')).fill('x', 0, 4)),
    outcome: { refused: 'LAYER_TAR_CORRUPT' },
  },
  {
    title: 'a file that ends too early',
    tar: () => Buffer.concat([rawHeader('f', '0', 1 << 20), Buffer.alloc(TAR_RECORD)]),
    outcome: { refused: 'LAYER_TAR_CORRUPT' },
  },
];

export const HOSTILE_LAYERS: readonly HostileLayer[] = [...PATHS, ...LINKS, ...KINDS, ...ENTRIES, ...RECORDS];
