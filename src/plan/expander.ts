import type { SourceSpan, SourceText } from '../core/span.ts';
import { expandHeredoc, expandWord, expandWords, type Lookup } from '../parser/index.ts';
import type { Word } from '../parser/instruction.ts';
import type { ExpansionBudget } from './expansion-budget.ts';
import { locateErrors } from './located.ts';

/** Expands what stands in one text with the variables of one moment (reference, section 6). */
export interface Expander {
  /** One word, quotes removed. */
  word(word: Word): string;
  /** One word, split where unquoted values hold white space. */
  words(word: Word): readonly string[];
  /** A body in which only `$` forms count. */
  heredoc(body: string, span: SourceSpan): string;
}

export interface ExpanderOptions {
  readonly lookup: Lookup;
  readonly source: SourceText;
  readonly escape: '\\' | '`';
  readonly onUndefined?: (name: string, span: SourceSpan) => void;
  readonly budget?: ExpansionBudget | undefined;
}

export function createExpander(options: ExpanderOptions): Expander {
  const { lookup, source } = options;
  const spend = (text: string): string => {
    options.budget?.spend(text.length);
    return text;
  };
  const at = (span: SourceSpan) => ({
    escape: options.escape,
    onUndefined: (name: string) => options.onUndefined?.(name, span),
  });
  return {
    word: ({ text, span }) => locateErrors({ span, source }, () => spend(expandWord(text, lookup, at(span)))),
    words: ({ text, span }) =>
      locateErrors({ span, source }, () => expandWords(text, lookup, at(span)).map((word) => spend(word))),
    heredoc: (body, span) => locateErrors({ span, source }, () => spend(expandHeredoc(body, lookup, at(span)))),
  };
}
