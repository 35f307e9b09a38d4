import { expect, it } from 'vitest';
import { commandFailed } from '../../src/build/steps/command-failed.ts';

const OUTPUT = ['chown: /d: Invalid argument'];

it('a failed command is told with its exit code and last lines', () => {
  const error = commandFailed({ argv: ['sh', '-c', 'x'] }, { exitCode: 1, output: OUTPUT, flavor: 'mapped' });
  expect(error).toMatchObject({ code: 'STEP_EXIT_CODE', exitCode: 1, output: OUTPUT });
  expect(error.message).toBe('process "sh -c x" did not complete successfully: exit code: 1');
  expect(error.hint).not.toContain('chown');
});

it('where all files belong to one id, a failed command comes with the way to subordinate ids', () => {
  const error = commandFailed({ argv: ['sh'] }, { exitCode: 1, output: OUTPUT, flavor: 'single-id' });
  expect(error.hint).toContain('all files belong to one id, so chown and setgroups fail');
});
