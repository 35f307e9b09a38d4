import type { IToken } from 'chevrotain';
import { type Context, keywordSpan, rangeOf, report, wordAt } from '../context.ts';
import { flagList, flagSwitch, flagText, type ReadFlag } from '../flags.ts';
import type { AddInstruction, CopyInstruction, CopySource, Word } from '../instruction.ts';
import type { Draft } from './draft.ts';
import { readJsonWords } from './json-words.ts';

interface Transfer {
  readonly sources: readonly CopySource[];
  readonly destination: Word;
  readonly json: boolean;
}

export function readCopy(draft: Draft, items: readonly IToken[] | undefined): CopyInstruction | undefined {
  const transfer = readTransfer(draft, items);
  if (transfer === undefined) return undefined;
  const from = readFromFlag(draft);
  const parents = flagSwitch(draft.flags, 'parents') ?? false;
  return { kind: 'COPY', ...draft.base, ...transfer, ...commonFlags(draft.flags), ...(from && { from }), parents };
}

export function readAdd(draft: Draft, items: readonly IToken[] | undefined): AddInstruction | undefined {
  const transfer = readTransfer(draft, items);
  if (transfer === undefined) return undefined;
  const checksum = flagText(draft.flags, 'checksum');
  const keepGitDir = flagSwitch(draft.flags, 'keep-git-dir');
  const unpack = flagSwitch(draft.flags, 'unpack');
  return {
    kind: 'ADD',
    ...draft.base,
    ...transfer,
    ...commonFlags(draft.flags),
    ...(checksum && { checksum }),
    ...(keepGitDir !== undefined && { keepGitDir }),
    ...(unpack !== undefined && { unpack }),
  };
}

function commonFlags(flags: readonly ReadFlag[]): Pick<CopyInstruction, 'chown' | 'chmod' | 'link' | 'exclude'> {
  const chown = flagText(flags, 'chown');
  const chmod = flagText(flags, 'chmod');
  return {
    ...(chown && { chown }),
    ...(chmod && { chmod }),
    link: flagSwitch(flags, 'link') ?? false,
    exclude: flagList(flags, 'exclude'),
  };
}

/** An empty `--from=` is none. */
function readFromFlag({ context, flags }: Draft): Word | undefined {
  const from = flagText(flags, 'from');
  if (from?.text.includes('$')) {
    report(context, from.span, {
      code: 'PARSE_VARIABLE_IN_FROM',
      message: `variable expansion is not supported for --from=${from.text}`,
      hint: 'define a stage with FROM and a global ARG, and name that stage here',
    });
  }
  return from?.text === '' ? undefined : from;
}

/** Without `items` the arguments have JSON form. */
function readTransfer({ context, base }: Draft, items: readonly IToken[] | undefined): Transfer | undefined {
  const json = items === undefined;
  const words = items?.map((item) => wordAt(context, rangeOf(context, item))) ?? readJsonWords(context);
  if (words === undefined) return undefined;
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) return reportTooFew(context);
  const heredocs = new Map(base.heredocs.map((heredoc) => [heredoc.span.start.offset, heredoc]));
  const sources = words.map((word): CopySource => {
    const heredoc = heredocs.get(word.span.start.offset);
    return heredoc === undefined ? { kind: 'path', word } : { kind: 'heredoc', word, heredoc };
  });
  if (sources.pop()?.kind === 'heredoc') reportHeredocDestination(context, destination);
  return { sources, destination, json };
}

function reportTooFew(context: Context): undefined {
  const { kind } = context.clause;
  return report(context, keywordSpan(context), {
    code: 'PARSE_TOO_FEW_ARGUMENTS',
    message: `${kind} needs a source and a destination`,
    hint: `write ${kind} SOURCE... DESTINATION`,
  });
}

function reportHeredocDestination(context: Context, { span, text }: Word): void {
  report(context, span, {
    code: 'PARSE_HEREDOC_DESTINATION',
    message: `the destination cannot be the heredoc ${text}`,
    hint: 'name the path to write to as the last argument',
  });
}
