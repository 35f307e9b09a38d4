import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runCli } from '../support/run-cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ARM64_HANDLER, kernelEmulatesArm64, type Outcome, onMachine } from './arm64-machine.ts';

const CLI = fileURLToPath(new URL('../../bin/lamella.js', import.meta.url));
function build(handler: string, ...words: readonly string[]): Outcome {
  const files = { Dockerfile: 'FROM scratch\nCOPY --chmod=755 p /p\nRUN ["/p"]\n', p: arm64Program() };
  const own = ['--progress', 'plain', '--cache-dir', tempDir(), ...words, tempDir(files)];
  return onMachine(handler, process.execPath, CLI, 'build', ...own);
}

if (kernelEmulatesArm64) {
  describe('RUN for another platform', () => {
    it('runs by an emulator that the kernel knows', () => {
      const { status, stderr } = build(ARM64_HANDLER, '--platform', 'linux/arm64');
      expect(stderr).toMatch(/^#2 +[\d.]+s arm64$/m);
      expect(status).toBe(0);
    });

    it('is refused before it starts where there is none, with a way out', () => {
      const { status, stderr } = build('', '--platform', 'linux/arm64');
      expect(stderr).toContain('STEP_FOREIGN_PLATFORM');
      expect(stderr).toContain('qemu-user-static');
      expect(status).toBe(1);
    });

    it('is refused for the platform that has no emulator, when another one has', () => {
      const { status, stderr } = build(ARM64_HANDLER, '--platform', 'linux/arm64,linux/s390x');
      expect(stderr).toContain('linux/s390x');
      expect(status).toBe(1);
    });
  });
}

it('COPY for another platform needs no emulator', async () => {
  const files = { Dockerfile: 'FROM scratch\nCOPY p /p\n', p: arm64Program() };
  const { exitCode } = await runCli(['build', '--cache-dir', tempDir(), '--platform', 'linux/s390x', tempDir(files)]);
  expect(exitCode).toBe(0);
});

/** An ELF program of eight instructions for arm64: writes a line, and ends. */
function arm64Program(): Buffer {
  const code = [0xd2800020, 0x100000e1, 0xd28000c2, 0xd2800808, 0xd4000001, 0xd2800000, 0xd2800ba8, 0xd4000001];
  const text = Buffer.from('arm64\n');
  const file = Buffer.alloc(0x78 + code.length * 4 + text.length);
  const base = 0x400000n;
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(2, 0x10);
  file.writeUInt16LE(183, 0x12);
  file.writeUInt32LE(1, 0x14);
  file.writeBigUInt64LE(base + 0x78n, 0x18);
  file.writeBigUInt64LE(0x40n, 0x20);
  file.writeUInt16LE(0x40, 0x34);
  file.writeUInt16LE(0x38, 0x36);
  file.writeUInt16LE(1, 0x38);
  file.writeUInt32LE(1, 0x40);
  file.writeUInt32LE(5, 0x44);
  for (const at of [0x50, 0x58]) file.writeBigUInt64LE(base, at);
  for (const at of [0x60, 0x68]) file.writeBigUInt64LE(BigInt(file.length), at);
  file.writeBigUInt64LE(0x10000n, 0x70);
  for (const [at, word] of code.entries()) file.writeUInt32LE(word, 0x78 + at * 4);
  text.copy(file, 0x78 + code.length * 4);
  return file;
}
