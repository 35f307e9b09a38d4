import { spawnSync } from 'node:child_process';
import { describe, expect, it, test } from 'vitest';
import {
  BuilderError,
  ContentError,
  ContextError,
  type Diagnostic,
  HostError,
  isBuilderError,
  LayerError,
  OptionError,
  ParseError,
  PlanError,
  RegistryError,
  StepError,
} from '../../src/core/errors.ts';

const SPAN = { start: { offset: 0, line: 1, column: 1 }, end: { offset: 3, line: 1, column: 4 } };
const SOURCE = { name: 'Dockerfile', text: 'RUM true\n' };

describe('BuilderError', () => {
  test.each([
    [new OptionError('OPTION_X', 'm'), 'option', 'OptionError'],
    [new PlanError('PLAN_X', 'm'), 'plan', 'PlanError'],
    [new StepError('STEP_X', 'm'), 'step', 'StepError'],
    [new LayerError('LAYER_X', 'm'), 'layer', 'LayerError'],
    [new ContentError('CONTENT_X', 'm'), 'content', 'ContentError'],
    [new RegistryError('REGISTRY_X', 'm'), 'registry', 'RegistryError'],
    [new ContextError('CONTEXT_X', 'm'), 'context', 'ContextError'],
    [new HostError('HOST_X', 'm'), 'host', 'HostError'],
  ])('%s has its family and its name', (error, family, name) => {
    expect(error).toBeInstanceOf(BuilderError);
    expect(error).toMatchObject({ family, name, message: 'm' });
    expect(error.code).toBe(`${family.toUpperCase()}_X`);
  });

  it('carries hint, place and cause', () => {
    const cause = new Error('below');
    const error = new PlanError('PLAN_X', 'm', { hint: 'do this', span: SPAN, source: SOURCE, cause });
    expect(error).toMatchObject({ hint: 'do this', span: SPAN, source: SOURCE, cause });
    expect('cause' in new PlanError('PLAN_X', 'm')).toBe(false);
  });

  it('fills in what a family knows by itself', () => {
    expect(new StepError('STEP_X', 'm').output).toEqual([]);
    expect(new RegistryError('REGISTRY_X', 'm').retryable).toBe(false);
  });
});

describe('ParseError', () => {
  it('speaks with the first of its diagnostics', () => {
    const first: Diagnostic = { severity: 'error', code: 'PARSE_A', message: 'first', span: SPAN, hint: 'try' };
    const second: Diagnostic = { severity: 'error', code: 'PARSE_B', message: 'second', span: SPAN };
    const error = new ParseError([first, second], SOURCE);
    expect(error).toMatchObject({ family: 'parse', code: 'PARSE_A', message: 'first', hint: 'try', span: SPAN });
    expect(error.diagnostics).toEqual([first, second]);
  });
});

describe('isBuilderError', () => {
  it('tells our errors from others', () => {
    expect(isBuilderError(new HostError('HOST_X', 'm'))).toBe(true);
    for (const other of [new Error('m'), { code: 'HOST_X' }, null, undefined, 'HOST_X']) {
      expect(isBuilderError(other)).toBe(false);
    }
  });

  it('knows an error of another copy of the package', () => {
    const copy = `
      const url = (n) => new URL(n, ${JSON.stringify(new URL('../../src/core/errors.ts', import.meta.url))});
      const { HostError } = await import(url('./errors.ts?copy=1'));
      const { isBuilderError, HostError: Other } = await import(url('./errors.ts?copy=2'));
      const error = new HostError('HOST_X', 'm');
      console.log(isBuilderError(error), error instanceof Other);`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', copy], { encoding: 'utf8' });
    expect(run.stdout.trim()).toBe('true false');
  });
});
