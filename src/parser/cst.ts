import type { CstNode, IToken } from 'chevrotain';

/*
 * The nodes that the grammar makes, in the form of Chevrotain's `generateCstDts`; a test compares them. A child that
 * the grammar demands may still be missing in a node with `recoveredNode`.
 */

export interface DockerfileCstNode extends CstNode {
  name: 'dockerfile';
  children: DockerfileCstChildren;
}

export type DockerfileCstChildren = {
  Bom?: IToken[];
  BlankLine?: IToken[];
  CommentLine?: IToken[];
  instruction?: InstructionCstNode[];
};

export interface InstructionCstNode extends CstNode {
  name: 'instruction';
  children: InstructionCstChildren;
}

export type InstructionCstChildren = {
  onbuild?: OnbuildCstNode[];
  clause?: ClauseCstNode[];
  LineEnd: IToken[];
  HeredocBody?: IToken[];
  HeredocEnd?: IToken[];
};

export interface OnbuildCstNode extends CstNode {
  name: 'onbuild';
  children: OnbuildCstChildren;
}

export type OnbuildCstChildren = {
  OnbuildKeyword: IToken[];
  flags: FlagsCstNode[];
  clause?: ClauseCstNode[];
  ForbiddenTrigger?: IToken[];
  Text?: IToken[];
};

export interface ClauseCstNode extends CstNode {
  name: 'clause';
  children: ClauseCstChildren;
}

export type ClauseCstChildren = {
  list?: ListCstNode[];
  files?: FilesCstNode[];
  words?: WordsCstNode[];
  text?: TextCstNode[];
  command?: CommandCstNode[];
  healthcheck?: HealthcheckCstNode[];
  unknown?: UnknownCstNode[];
};
export interface ListCstNode extends CstNode {
  name: 'list';
  children: ListCstChildren;
}

export type ListCstChildren = {
  ListKeyword: IToken[];
  flags: FlagsCstNode[];
  Item: IToken[];
};

export interface FilesCstNode extends CstNode {
  name: 'files';
  children: FilesCstChildren;
}

export type FilesCstChildren = {
  FilesKeyword: IToken[];
  flags: FlagsCstNode[];
  Json?: IToken[];
  Item?: IToken[];
};

export interface WordsCstNode extends CstNode {
  name: 'words';
  children: WordsCstChildren;
}

export type WordsCstChildren = {
  WordsKeyword: IToken[];
  flags: FlagsCstNode[];
  Word: IToken[];
};

export interface TextCstNode extends CstNode {
  name: 'text';
  children: TextCstChildren;
}

export type TextCstChildren = {
  TextKeyword: IToken[];
  flags: FlagsCstNode[];
  Text: IToken[];
};

export interface CommandCstNode extends CstNode {
  name: 'command';
  children: CommandCstChildren;
}

export type CommandCstChildren = {
  CommandKeyword: IToken[];
  flags: FlagsCstNode[];
  Json?: IToken[];
  Text?: IToken[];
};

export interface HealthcheckCstNode extends CstNode {
  name: 'healthcheck';
  children: HealthcheckCstChildren;
}

export type HealthcheckCstChildren = {
  HealthcheckKeyword: IToken[];
  flags: FlagsCstNode[];
  HealthcheckNone?: IToken[];
  Item?: IToken[];
  HealthcheckCmd?: IToken[];
  Json?: IToken[];
  Text?: IToken[];
};

export interface UnknownCstNode extends CstNode {
  name: 'unknown';
  children: UnknownCstChildren;
}

export type UnknownCstChildren = {
  UnknownKeyword: IToken[];
  Text?: IToken[];
};

export interface FlagsCstNode extends CstNode {
  name: 'flags';
  children: FlagsCstChildren;
}

export type FlagsCstChildren = {
  Flag?: IToken[];
  FlagsEnd?: IToken[];
};
