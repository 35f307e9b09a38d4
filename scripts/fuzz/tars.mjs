import assert from 'node:assert/strict';
import { encodeTarHeader, TAR_RECORD, tarPadding } from '../../src/io/tar-header.ts';
import { TarParser } from '../../src/io/tar-reader.ts';
import { TAR_END } from '../../src/io/tar-writer.ts';
import { mutated } from './random.mjs';

const NAMES = ['a', 'dir/b', 'ü', 'n'.repeat(120), `${'d/'.repeat(120)}x`, '../up', '/abs', 'new\nline'];
const TYPES = ['file', 'directory', 'symlink', 'hardlink', 'fifo', 'character'];

/** A sound archive, or one with some bytes changed; cut into chunks, it has to read the same or be refused. */
export function fuzzTar(random, show) {
  const sound = Buffer.concat([...random.times(4, () => entry(random)), TAR_END]);
  const noise = () => Buffer.from(random.times(40, () => random.below(256)));
  const archive = random.below(4) === 0 ? sound : mutated(random, sound, noise);
  show(archive.toString('base64'));
  const { error, ...whole } = outcome(archive, [archive.length]);
  const cuts = random.times(20, () => 1 + random.below(TAR_RECORD * 2));
  const { error: _error, ...cut } = outcome(archive, cuts);
  assert.deepEqual(cut, whole);
  if (error !== undefined) throw error;
}

function entry(random) {
  const type = random.pick(TYPES);
  const content = type === 'file' ? Buffer.alloc(random.below(1500), 'x') : Buffer.alloc(0);
  const header = encodeTarHeader({
    ...{ path: random.pick(NAMES), type, size: content.length, mode: random.below(0o10000) },
    ...{ uid: random.below(2 ** 22), gid: 0, mtime: random.below(2 ** 31) },
    ...((type === 'symlink' || type === 'hardlink') && { link: random.pick(NAMES) }),
    ...(type === 'character' && { major: 1, minor: 3 }),
    ...(random.below(4) === 0 && { xattrs: { 'user.note': 'AA==' } }),
  });
  return Buffer.concat([header, content, Buffer.alloc(tarPadding(content.length))]);
}

/** What a reader is told, and the code of what it throws: chunks must make no difference. */
function outcome(archive, cuts) {
  const told = [];
  let size = 0;
  const parser = new TarParser({
    onEntry: (header, offset) => told.push({ header, offset }),
    onData: (chunk) => {
      size += chunk.length;
    },
    onEnd: () => told.push(size),
  });
  try {
    for (let at = 0, index = 0; at < archive.length; index++) {
      const end = index < cuts.length ? at + cuts[index] : archive.length;
      parser.push(archive.subarray(at, end));
      at = end;
    }
    parser.end();
    return { told };
  } catch (error) {
    return { told, code: error.code, error };
  }
}
