import { OptionError } from '../core/errors.ts';
import { suggest } from '../core/suggest.ts';
import type { Dockerfile } from './dockerfile.ts';
import { badEdit, replaceRange } from './edit.ts';
import { instructionOf } from './edit-instructions.ts';
import type { ArgInstruction, FromInstruction, Instruction } from './instruction.ts';
import { quoteWord } from './quote-word.ts';

/** A stage by its number from 0, or by name; of several of a name, the last. */
export type StageSelector = number | string;

/**
 * The Dockerfile with another image, or stage, after the FROM of a stage.
 * @throws OptionError `OPTION_BAD_EDIT`, `OPTION_NO_STAGE`
 *
 * @example print(setBase(parse('FROM node:22 AS build\n'), 'build', 'node:24')) // 'FROM node:24 AS build\n'
 */
export function setBase(dockerfile: Dockerfile, stage: StageSelector, image: string): Dockerfile {
  const index = stageStart(dockerfile, stage);
  const { start, end } = fromAt(dockerfile, index).image.span;
  const edited = replaceRange(dockerfile, { start: start.offset, end: end.offset, text: image });
  if (image === '' || fromAt(edited, index).image.text !== image) throw badEdit(image, 'it is not one word');
  return edited;
}

export interface ArgDefault {
  readonly name: string;
  /** Taken as it is, nothing in it is expanded; `undefined` takes the default away. */
  readonly value: string | undefined;
  /** Default: the ARGs above the first FROM. */
  readonly stage?: StageSelector;
}

/**
 * The Dockerfile with another default for an ARG; where it is declared more than once, the last one.
 * @throws OptionError `OPTION_BAD_EDIT`, `OPTION_NO_STAGE`, `OPTION_NO_ARG`
 */
export function setArgDefault(dockerfile: Dockerfile, { name, value, stage }: ArgDefault): Dockerfile {
  if (value !== undefined && /[\r\n]/.test(value)) throw badEdit(value, 'an ARG has one line');
  const arg = findArg(argsOf(dockerfile, stage), name);
  const text = value === undefined ? name : `${name}=${quoteWord(value, dockerfile.directives.escape)}`;
  const end = (arg.value ?? arg.name).span.end.offset;
  return replaceRange(dockerfile, { start: arg.name.span.start.offset, end, text });
}

type Arg = ArgInstruction['args'][number];

function argsOf({ instructions, ...rest }: Dockerfile, stage: StageSelector | undefined): readonly Arg[] {
  const start = stage === undefined ? 0 : stageStart({ instructions, ...rest }, stage) + 1;
  const section = instructions.slice(start);
  const end = section.findIndex(({ kind }) => kind === 'FROM');
  return section.slice(0, end < 0 ? section.length : end).flatMap((each) => (each.kind === 'ARG' ? each.args : []));
}

function findArg(args: readonly Arg[], name: string): Arg {
  const found = args.findLast((arg) => arg.name.text === name);
  if (found !== undefined) return found;
  const near = suggest(
    name,
    args.map((arg) => arg.name.text),
  );
  throw new OptionError('OPTION_NO_ARG', `no ARG ${JSON.stringify(name)} is declared there`, {
    hint: near === undefined ? 'ARGs above the first FROM and those of each stage are apart' : `did you mean ${near}?`,
  });
}

/** Index of the FROM among the instructions. */
function stageStart({ instructions }: Dockerfile, stage: StageSelector): number {
  const starts = instructions.flatMap((each, index) => (each.kind === 'FROM' ? [{ from: each, index }] : []));
  const found =
    typeof stage === 'number' ? starts[stage] : starts.findLast(({ from }) => nameOf(from) === stage.toLowerCase());
  if (found !== undefined) return found.index;
  const near =
    typeof stage === 'number'
      ? undefined
      : suggest(
          stage,
          starts.flatMap(({ from }) => nameOf(from) ?? []),
        );
  throw new OptionError('OPTION_NO_STAGE', `there is no stage ${JSON.stringify(stage)}`, {
    hint: near === undefined ? `stages are counted from 0; there are ${starts.length}` : `did you mean ${near}?`,
  });
}

function nameOf({ stageName }: FromInstruction): string | undefined {
  return stageName?.text.toLowerCase();
}

function fromAt(dockerfile: Dockerfile, index: number): FromInstruction {
  const instruction: Instruction = instructionOf(dockerfile, index);
  if (instruction.kind !== 'FROM') throw badEdit(instruction.keyword.text, 'it is no FROM');
  return instruction;
}
