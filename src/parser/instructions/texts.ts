import { argumentsRange, wordAt } from '../context.ts';
import type {
  Instruction,
  MaintainerInstruction,
  StopsignalInstruction,
  UserInstruction,
  WorkdirInstruction,
} from '../instruction.ts';
import type { Draft } from './draft.ts';

type TextInstruction = UserInstruction | WorkdirInstruction | StopsignalInstruction | MaintainerInstruction;

/** Instructions whose argument is all the text, quotes kept. */
export function readText({ context, base }: Draft, kind: Instruction['kind'] | undefined): TextInstruction | undefined {
  const argument = wordAt(context, argumentsRange(context));
  switch (kind) {
    case 'USER':
      return { kind, ...base, user: argument };
    case 'WORKDIR':
      return { kind, ...base, path: argument };
    case 'STOPSIGNAL':
      return { kind, ...base, signal: argument };
    case 'MAINTAINER':
      return { kind, ...base, name: argument };
    default:
      return undefined;
  }
}
