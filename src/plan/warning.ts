import type { Diagnostic } from '../core/errors.ts';
import type { SourceText } from '../core/span.ts';

/** Told of each lint rule (reference, section 17) that only shows while variables are expanded. `code` is its name. */
export type WarningListener = (warning: Diagnostic, source: SourceText) => void;
