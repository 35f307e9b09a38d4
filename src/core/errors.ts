import type { SourceSpan, SourceText } from './span.ts';

const brand: unique symbol = Symbol.for('lamella.BuilderError') as never;

export type ErrorFamily = 'option' | 'parse' | 'plan' | 'step' | 'layer' | 'content' | 'registry' | 'context' | 'host';

export interface BuilderErrorDetails {
  /** What to do next, one sentence. */
  readonly hint?: string | undefined;
  /** Where in the Dockerfile. */
  readonly span?: SourceSpan | undefined;
  /** The text that `span` points into. */
  readonly source?: SourceText | undefined;
  readonly cause?: unknown;
}

/**
 * Base of every error that lamella throws on purpose. `code` is stable and meant for programs; `message` says what
 * failed, with the value; `hint` what to do next. Broken invariants are plain assertion errors instead.
 */
export abstract class BuilderError extends Error {
  abstract readonly family: ErrorFamily;
  readonly code: string;
  readonly hint: string | undefined;
  readonly span: SourceSpan | undefined;
  readonly source: SourceText | undefined;

  constructor(code: string, message: string, details: BuilderErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
    this.span = details.span;
    this.source = details.source;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** True for a lamella error, also one made by another copy of this package. */
export function isBuilderError(value: unknown): value is BuilderError {
  return typeof value === 'object' && value !== null && brand in value;
}

/** A wrong flag, option or combination of options. */
export class OptionError extends BuilderError {
  override readonly family = 'option';
}

/** A problem found while reading a Dockerfile. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly message: string;
  readonly span: SourceSpan;
  readonly hint?: string;
}

/** One or more diagnostics of severity `error`; `message`, `code` and `span` are those of the first. */
export class ParseError extends BuilderError {
  override readonly family = 'parse';
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], source: SourceText) {
    const first = diagnostics[0];
    super(first?.code ?? 'PARSE', first?.message ?? 'parse error', { hint: first?.hint, span: first?.span, source });
    this.diagnostics = diagnostics;
  }
}

/** Stages, targets, arguments or values that do not fit together. */
export class PlanError extends BuilderError {
  override readonly family = 'plan';
}

export interface StepErrorDetails extends BuilderErrorDetails {
  readonly exitCode?: number | undefined;
  /** The last lines that the command wrote. */
  readonly output?: readonly string[] | undefined;
  /** Id by which the root that the command left can be entered: where it was kept. */
  readonly keptRun?: string | undefined;
}

/** A step that failed while it was carried out. */
export class StepError extends BuilderError {
  override readonly family = 'step';
  readonly exitCode: number | undefined;
  readonly output: readonly string[];
  readonly keptRun: string | undefined;

  constructor(code: string, message: string, details: StepErrorDetails = {}) {
    super(code, message, details);
    this.keptRun = details.keptRun;
    this.exitCode = details.exitCode;
    this.output = details.output ?? [];
  }
}

export interface LayerErrorDetails extends BuilderErrorDetails {
  /** Path of the tar entry, as in the archive. */
  readonly entry?: string | undefined;
}

/** A layer or archive that is damaged, hostile or not representable. */
export class LayerError extends BuilderError {
  override readonly family = 'layer';
  readonly entry: string | undefined;

  constructor(code: string, message: string, details: LayerErrorDetails = {}) {
    super(code, message, details);
    this.entry = details.entry;
  }
}

export interface ContentErrorDetails extends BuilderErrorDetails {
  readonly expected?: string | number | undefined;
  readonly found?: string | number | undefined;
}

/** Content that is missing or is not what its descriptor promises. */
export class ContentError extends BuilderError {
  override readonly family = 'content';
  readonly expected: string | number | undefined;
  readonly found: string | number | undefined;

  constructor(code: string, message: string, details: ContentErrorDetails = {}) {
    super(code, message, details);
    this.expected = details.expected;
    this.found = details.found;
  }
}

export interface RegistryErrorDetails extends BuilderErrorDetails {
  readonly method?: string | undefined;
  /** Without user, password, query or fragment. */
  readonly url?: string | undefined;
  readonly status?: number | undefined;
  readonly retryable?: boolean | undefined;
  /** How long the registry asks to wait (`Retry-After`). */
  readonly retryAfterMs?: number | undefined;
}

/** A registry that cannot be reached, refuses, or answers against the distribution specification. */
export class RegistryError extends BuilderError {
  override readonly family = 'registry';
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly status: number | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, message: string, details: RegistryErrorDetails = {}) {
    super(code, message, details);
    this.method = details.method;
    this.url = details.url;
    this.status = details.status;
    this.retryable = details.retryable ?? false;
    this.retryAfterMs = details.retryAfterMs;
  }
}

/** A build context, Dockerfile or ignore file that is missing or unreadable. */
export class ContextError extends BuilderError {
  override readonly family = 'context';
}

/** The machine: disk full, no rights, a missing program. */
export class HostError extends BuilderError {
  override readonly family = 'host';
}
