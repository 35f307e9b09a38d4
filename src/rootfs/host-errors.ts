import {
  type BuilderError,
  ContentError,
  ContextError,
  HostError,
  isBuilderError,
  LayerError,
  OptionError,
  StepError,
} from '../core/errors.ts';

/** An error in a form that JSON carries. */
export interface SentError {
  readonly family: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly exitCode?: number | undefined;
  readonly output?: readonly string[] | undefined;
  readonly entry?: string | undefined;
  readonly expected?: string | number | undefined;
  readonly found?: string | number | undefined;
  /** Stack of the error, and of its causes, for what is not a lamella error. */
  readonly stack?: string | undefined;
}

export function encodeError(error: unknown): SentError {
  if (!isBuilderError(error)) {
    const stack = error instanceof Error ? error.stack : String(error);
    return { family: 'none', code: '', message: error instanceof Error ? error.message : String(error), stack };
  }
  const { family, code, message, hint } = error;
  return { family, code, message, hint, ...detailsOf(error) };
}

function detailsOf(error: BuilderError): Partial<SentError> {
  if (error instanceof StepError) return { exitCode: error.exitCode, output: error.output };
  if (error instanceof LayerError) return { entry: error.entry };
  if (error instanceof ContentError) return { expected: error.expected, found: error.found };
  return {};
}

export function decodeError(sent: SentError): Error {
  const { code, message, ...details } = sent;
  switch (sent.family) {
    case 'step':
      return new StepError(code, message, details);
    case 'layer':
      return new LayerError(code, message, details);
    case 'content':
      return new ContentError(code, message, details);
    case 'context':
      return new ContextError(code, message, details);
    case 'option':
      return new OptionError(code, message, details);
    case 'host':
      return new HostError(code, message, details);
    default:
      return Object.assign(new Error(`in the sandbox host: ${message}`), { stack: sent.stack });
  }
}
