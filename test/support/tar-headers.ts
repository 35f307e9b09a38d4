import fc from 'fast-check';
import type { TarHeader } from '../../src/io/tar-header.ts';

/** Names as file systems allow them: newlines, blanks, emoji, long ones; no slash or NUL, and neither `.` nor `..`. */
export const fileName: fc.Arbitrary<string> = fc
  .oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[a-z0-9_.-]{1,12}$/) },
    fc.constantFrom(
      'new\nline',
      'tab\tname',
      'ümlaut',
      '日本語',
      '🐚🚀',
      ' blank ',
      'a=b',
      '\u{10ffff}',
      '\uffff',
      '-n',
    ),
    fc.integer({ min: 90, max: 255 }).map((length) => 'n'.repeat(length)),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  )
  .map((name) => name.replaceAll(/[/\0]/g, '_'))
  .filter((name) => name !== '.' && name !== '..' && name.isWellFormed() && Buffer.byteLength(name) <= 255);

export const treePaths: fc.Arbitrary<string> = fc
  .array(fileName, { minLength: 1, maxLength: 5 })
  .map((names) => names.join('/'));

const id = fc.oneof(fc.nat(70000), fc.integer({ min: 2097150, max: 2 ** 32 - 2 }));

export const xattrs: fc.Arbitrary<Record<string, string>> = fc.dictionary(
  fc.constantFrom('security.capability', 'user.note', 'user.ünï'),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  { minKeys: 1, noNullPrototype: true },
);

const common = {
  path: treePaths,
  mode: fc.nat(0o7777),
  uid: id,
  gid: id,
  mtime: fc.oneof(fc.nat(2 ** 31), fc.integer({ min: -100000, max: -1 }), fc.constantFrom(0, 2 ** 33, 2 ** 34)),
};

const withXattrs = fc.option(
  xattrs.map((value) => ({ xattrs: value })),
  { nil: {} },
);

/** Headers of every type, without content. */
export const tarHeaders: fc.Arbitrary<TarHeader> = fc
  .oneof(
    fc.record({
      ...common,
      type: fc.constant('file' as const),
      size: fc.oneof(fc.nat(5000), fc.constantFrom(0, 2 ** 33 - 1, 2 ** 33, 2 ** 43)),
    }),
    fc.record({ ...common, type: fc.constantFrom('directory' as const, 'fifo' as const), size: fc.constant(0) }),
    fc.record({
      ...common,
      type: fc.constantFrom('symlink' as const, 'hardlink' as const),
      size: fc.constant(0),
      link: treePaths,
    }),
    fc.record({
      ...common,
      type: fc.constantFrom('character' as const, 'block' as const),
      size: fc.constant(0),
      major: fc.nat(4095),
      minor: fc.nat(1048575),
    }),
  )
  .chain((header) => withXattrs.map((extra) => ({ ...header, ...extra })));
