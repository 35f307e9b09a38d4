import { describe, expect, it } from 'vitest';
import { ContentError, HostError, isBuilderError, LayerError, OptionError, StepError } from '../../src/core/errors.ts';
import { decodeError, encodeError, type SentError } from '../../src/rootfs/host-errors.ts';

function sent(error: unknown): Error {
  return decodeError(JSON.parse(JSON.stringify(encodeError(error))) as SentError);
}

describe('an error of the sandbox host', () => {
  it.each([
    new StepError('STEP_X', 'step', { hint: 'do', exitCode: 3, output: ['a', 'b'] }),
    new LayerError('LAYER_X', 'layer', { hint: 'do', entry: 'a/b' }),
    new ContentError('CONTENT_X', 'content', { expected: 'x', found: 1 }),
    new OptionError('OPTION_X', 'option'),
    new HostError('HOST_X', 'host', { hint: 'do' }),
  ])('keeps family, code, message, hint and details: $code', (error) => {
    const received = sent(error);
    expect(received).toBeInstanceOf(error.constructor);
    expect({ ...received, message: received.message }).toEqual({ ...error, message: error.message });
  });

  it('that is a bug stays one, with the stack of where it happened', () => {
    const bug = new TypeError('broken');
    const received = sent(bug);
    expect(isBuilderError(received)).toBe(false);
    expect(received.message).toContain('broken');
    expect(received.stack).toBe(bug.stack);
  });
});
