import type { IToken } from 'chevrotain';
import { suggest } from '../core/suggest.ts';
import { type Context, keywordSpan, rangeOf, report, wordAt } from './context.ts';
import type {
  ClauseCstNode,
  CommandCstNode,
  FilesCstNode,
  HealthcheckCstNode,
  InstructionCstNode,
  ListCstNode,
  OnbuildCstNode,
  TextCstNode,
  WordsCstNode,
} from './cst.ts';
import type { Instruction, Word } from './instruction.ts';
import { readArg } from './instructions/arg.ts';
import { readCmd, readEntrypoint, readRun, readShell } from './instructions/commands.ts';
import { readAdd, readCopy } from './instructions/copy-add.ts';
import { startCheckedDraft, startDraft } from './instructions/draft.ts';
import { readFrom } from './instructions/from.ts';
import { readHealthcheckCmd, readHealthcheckNone, reportMissingCommand } from './instructions/healthcheck.ts';
import { readExpose, readVolume } from './instructions/lists.ts';
import { reportForbiddenTrigger, toOnbuild } from './instructions/onbuild.ts';
import { readPairs } from './instructions/pairs.ts';
import { readText } from './instructions/texts.ts';
import { INSTRUCTION_KINDS } from './statement.ts';

/** The instruction of a node; `undefined`, and reported, where it makes no sense. */
export function visitInstruction({ children }: InstructionCstNode, context: Context): Instruction | undefined {
  const [onbuild] = children.onbuild ?? [];
  const [clause] = children.clause ?? [];
  if (onbuild !== undefined) return visitOnbuild(onbuild, context);
  return clause && visitClause(clause, context);
}

function visitOnbuild(node: OnbuildCstNode, context: Context): Instruction | undefined {
  const draft = startCheckedDraft(context, node.children.flags);
  const [forbidden] = node.children.ForbiddenTrigger ?? [];
  if (forbidden !== undefined) return reportForbiddenTrigger(context, forbidden);
  const [clause] = node.children.clause ?? [];
  const { trigger } = context.statement;
  if (clause === undefined || trigger === undefined) return reportMissingArgument(context);
  const instruction = visitClause(clause, { ...context, clause: trigger });
  return instruction && toOnbuild(draft, instruction);
}

function visitClause({ children }: ClauseCstNode, context: Context): Instruction | undefined {
  if (children.unknown !== undefined) return reportUnknownInstruction(context);
  if (children.healthcheck?.[0] !== undefined) return visitHealthcheck(children.healthcheck[0], context);
  const node = children.list ?? children.files ?? children.words ?? children.text ?? children.command;
  if (node?.[0] === undefined) return undefined;
  return node[0].recoveredNode ? reportMissingArgument(context) : visitArguments(node[0], context);
}

type ArgumentsNode = ListCstNode | FilesCstNode | WordsCstNode | TextCstNode | CommandCstNode;

function visitArguments(node: ArgumentsNode, context: Context): Instruction | undefined {
  switch (node.name) {
    case 'list':
      return visitList(node, context);
    case 'files':
      return visitFiles(node, context);
    case 'words':
      return visitWords(node, context);
    case 'text':
      return readText(startCheckedDraft(context, node.children.flags), context.clause.kind);
    case 'command':
      return visitCommand(node, context);
  }
}

function visitList({ children }: ListCstNode, context: Context): Instruction | undefined {
  const draft = startCheckedDraft(context, children.flags);
  const items = toWords(context, children.Item);
  return context.clause.kind === 'FROM' ? readFrom(draft, items) : readExpose(draft, items);
}

function visitFiles({ children }: FilesCstNode, context: Context): Instruction | undefined {
  const draft = startCheckedDraft(context, children.flags);
  if (context.clause.kind === 'COPY') return readCopy(draft, children.Item);
  if (context.clause.kind === 'ADD') return readAdd(draft, children.Item);
  return readVolume(draft, children.Item && toWords(context, children.Item));
}

function visitWords({ children }: WordsCstNode, context: Context): Instruction | undefined {
  const draft = startCheckedDraft(context, children.flags);
  const ranges = children.Word.map((token) => rangeOf(context, token));
  const { kind } = context.clause;
  return kind === 'ENV' || kind === 'LABEL' ? readPairs(draft, kind, ranges) : readArg(draft, ranges);
}

function visitCommand({ children }: CommandCstNode, context: Context): Instruction | undefined {
  const draft = startCheckedDraft(context, children.flags);
  const json = children.Json !== undefined;
  switch (context.clause.kind) {
    case 'RUN':
      return readRun(draft, json);
    case 'CMD':
      return readCmd(draft, json);
    case 'ENTRYPOINT':
      return readEntrypoint(draft, json);
    default:
      return readShell(draft, json);
  }
}

/** NONE does not look at flags. The command starts behind the word CMD. */
function visitHealthcheck({ children, recoveredNode }: HealthcheckCstNode, context: Context): Instruction | undefined {
  if (children.HealthcheckNone !== undefined) {
    return readHealthcheckNone(startDraft(context, children.flags), toWords(context, children.Item ?? []));
  }
  const draft = startCheckedDraft(context, children.flags);
  const [command] = children.Json ?? children.Text ?? [];
  if (command !== undefined) {
    const clause = { ...context.clause, argumentsAt: rangeOf(context, command).start };
    return readHealthcheckCmd({ ...draft, context: { ...context, clause } }, children.Json !== undefined);
  }
  if (children.HealthcheckCmd !== undefined) return reportMissingCommand(context);
  return recoveredNode ? reportHealthcheckType(context) : undefined;
}

function toWords(context: Context, tokens: readonly IToken[]): readonly Word[] {
  return tokens.map((token) => wordAt(context, rangeOf(context, token)));
}

function reportUnknownInstruction(context: Context): undefined {
  const { text } = wordAt(context, context.clause.keyword);
  const near = suggest(text, INSTRUCTION_KINDS);
  return report(context, keywordSpan(context), {
    code: 'PARSE_UNKNOWN_INSTRUCTION',
    message: text === '' ? 'a line without an instruction' : `unknown instruction: ${text}`,
    hint:
      near === undefined ? 'an instruction starts every line that does not continue another' : `did you mean ${near}?`,
  });
}

function reportMissingArgument(context: Context): undefined {
  return report(context, keywordSpan(context), {
    code: 'PARSE_MISSING_ARGUMENT',
    message: `${context.clause.kind} needs at least one argument`,
    hint: 'write it on the same line, or end the line with the escape character',
  });
}

function reportHealthcheckType(context: Context): undefined {
  return report(context, keywordSpan(context), {
    code: 'PARSE_BAD_HEALTHCHECK',
    message: 'HEALTHCHECK is followed by neither CMD nor NONE',
    hint: 'write HEALTHCHECK CMD COMMAND or HEALTHCHECK NONE',
  });
}
