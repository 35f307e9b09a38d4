import { execFileSync } from 'node:child_process';
import { HostError } from '../core/errors.ts';
import { loadLibc } from '../io/libc/libc.ts';
import { findProgram } from '../io/programs.ts';
import type { MakeNode } from '../layers/unpack.ts';
import type { HostFlavor } from '../rootfs/host-messages.ts';

const CAPABILITY = 'security.capability';
const TYPE_BITS = { character: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

/** In base64. Inside a user namespace the kernel shows it in its portable form (version 2). */
export function readCapability(path: string): string | undefined {
  return loadLibc()?.readAttribute(path, CAPABILITY)?.toString('base64');
}

/** Program arguments that are surely not too long together. */
const AT_ONCE = 200;

/**
 * Without koffi capabilities cannot be read: makes sure that no file has any, by the program getcap.
 * @throws HostError `HOST_NO_XATTR` when one has, and without getcap when there is a file that could
 */
export function checkNoCapabilities(programs: readonly string[]): void {
  if (loadLibc() !== undefined || programs.length === 0) return;
  const getcap = findProgram('getcap');
  for (let at = 0; at < programs.length; at += AT_ONCE) {
    const some = programs.slice(at, at + AT_ONCE);
    if (getcap === undefined || execFileSync(getcap, some).length > 0) throw noAttributes(some[0] ?? '');
  }
}

/** @throws HostError `HOST_NO_XATTR` without koffi: a file must not lose its capabilities in silence */
export function writeCapability(path: string, base64: string): void {
  const libc = loadLibc();
  if (libc === undefined) throw noAttributes(path);
  libc.writeAttribute(path, CAPABILITY, Buffer.from(base64, 'base64'));
}

/** Directories and files of overlayfs carry its marks in `trusted.`, or in `user.` when it was mounted in a user namespace. */
export function overlayAttribute(name: string, flavor: HostFlavor): string {
  return `${flavor === 'root' ? 'trusted' : 'user'}.overlay.${name}`;
}

/** Makes an overlay's directory hide what lower ones have. */
export function markOpaque(path: string, flavor: HostFlavor): void {
  const libc = loadLibc();
  if (libc === undefined) throw noAttributes(path);
  libc.writeAttribute(path, overlayAttribute('opaque', flavor), Buffer.from('y'));
}

export const makeNode: MakeNode = (path, type, mode, major, minor) => {
  const libc = loadLibc();
  if (libc !== undefined) return libc.makeNode(path, TYPE_BITS[type] | mode, major, minor);
  const letter = { character: 'c', block: 'b', fifo: 'p' }[type];
  const device = type === 'fifo' ? [] : [String(major), String(minor)];
  execFileSync('mknod', ['-m', (mode & 0o777).toString(8), path, letter, ...device], { stdio: 'ignore' });
};

function noAttributes(path: string): HostError {
  return new HostError('HOST_NO_XATTR', `cannot handle the extended attributes of ${path}`, {
    hint: 'the optional package koffi does it: install lamella with its dependencies for this platform',
  });
}
