import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { findProgram } from '../../src/io/programs.ts';
import { sealedProgram } from '../../src/sandbox/sealed-program.ts';
import { tempDir } from '../support/temp-dir.ts';

it('a program is executed as a copy that nobody can change, made once', () => {
  const program = findProgram('echo') ?? '';
  const sealed = sealedProgram(program);
  expect(sealed).not.toBe(program);
  expect(sealedProgram(program)).toBe(sealed);
  expect(execFileSync(sealed, ['on'], { encoding: 'utf8' })).toBe('on\n');
  const fd = openSync(sealed, 'r+');
  expect(() => writeSync(fd, 'x')).toThrow('EPERM');
  closeSync(fd);
});

it('a script, or what cannot be read, is executed by its own name', () => {
  const script = join(tempDir(), 'script');
  writeFileSync(script, '#!/bin/sh\n');
  expect(sealedProgram(script)).toBe(script);
  expect(sealedProgram('/no/such/program')).toBe('/no/such/program');
});
