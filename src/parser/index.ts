export { type CheckOptions, parseCheckOptions } from './check-options.ts';
export type { Directives, Dockerfile, Piece } from './dockerfile.ts';
export { toDump } from './dump.ts';
export { insertAfter, insertBefore, removeInstruction, replaceInstruction } from './edit-instructions.ts';
export { type ArgDefault, type StageSelector, setArgDefault, setBase } from './edit-words.ts';
export { type ExpandOptions, expandHeredoc, expandWord, expandWords, type Lookup } from './expand/expand.ts';
export { heredocBody } from './heredoc.ts';
export type {
  AddInstruction,
  ArgInstruction,
  CmdInstruction,
  Command,
  CopyInstruction,
  CopySource,
  EntrypointInstruction,
  EnvInstruction,
  ExposeInstruction,
  Flag,
  FromInstruction,
  HealthcheckInstruction,
  Heredoc,
  Instruction,
  InstructionKind,
  KeyValue,
  LabelInstruction,
  MaintainerInstruction,
  OnbuildInstruction,
  RunInstruction,
  ShellInstruction,
  StopsignalInstruction,
  UserInstruction,
  VolumeInstruction,
  Word,
  WorkdirInstruction,
} from './instruction.ts';
export {
  type BindMountSpec,
  type CacheMountSpec,
  type MountSpec,
  parseMount,
  type SecretMountSpec,
  type SshMountSpec,
  type TmpfsMountSpec,
} from './mount.ts';
export { assertParsed, type ParseOptions, parse } from './parse.ts';
export { type ParsedInstruction, parseInstruction } from './parse-instruction.ts';
export { type HeredocJson, type InstructionJson, type ParseJson, toParseJson } from './parse-json.ts';
export { print } from './print.ts';
