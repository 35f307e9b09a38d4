import type { Command, Instruction } from './instruction.ts';

/** The arguments of an instruction as the dump lists them, values raw; ENV and LABEL give name, value, separator. */
export function rawArguments(instruction: Instruction): readonly string[] {
  switch (instruction.kind) {
    case 'FROM':
      return texts([instruction.image, instruction.asKeyword, instruction.stageName]);
    case 'COPY':
    case 'ADD':
      return texts([...instruction.sources.map(({ word }) => word), instruction.destination]);
    case 'ENV':
    case 'LABEL':
      return instruction.pairs.flatMap(({ name, value }) => [name.text, value.text, instruction.legacy ? '' : '=']);
    case 'ARG':
      return instruction.args.map(({ name, value }) =>
        value === undefined ? name.text : `${name.text}=${value.text}`,
      );
    case 'EXPOSE':
      return texts(instruction.ports);
    case 'VOLUME':
      return texts(instruction.paths);
    case 'SHELL':
      return instruction.argv;
    case 'HEALTHCHECK':
      return instruction.test.kind === 'none' ? ['NONE'] : ['CMD', ...commandArguments(instruction.test.command)];
    case 'ONBUILD':
      return [];
    case 'RUN':
    case 'CMD':
    case 'ENTRYPOINT':
      return commandArguments(instruction.command);
    case 'USER':
      return [instruction.user.text];
    case 'WORKDIR':
      return [instruction.path.text];
    case 'STOPSIGNAL':
      return [instruction.signal.text];
    case 'MAINTAINER':
      return [instruction.name.text];
  }
}

/** Whether the arguments were a JSON array. */
export function isJson(instruction: Instruction): boolean {
  switch (instruction.kind) {
    case 'COPY':
    case 'ADD':
    case 'VOLUME':
      return instruction.json;
    case 'RUN':
    case 'CMD':
    case 'ENTRYPOINT':
      return instruction.command.form === 'exec';
    case 'HEALTHCHECK':
      return instruction.test.kind === 'command' && instruction.test.command.form === 'exec';
    default:
      return instruction.kind === 'SHELL';
  }
}

export function flagTexts({ flags }: Instruction): readonly string[] {
  return flags.map(({ name, value }) => (value === undefined ? `--${name}` : `--${name}=${value}`));
}

function commandArguments(command: Command): readonly string[] {
  if (command.form === 'exec') return command.argv;
  return command.text === '' ? [] : [command.text];
}

function texts(words: readonly ({ readonly text: string } | undefined)[]): readonly string[] {
  return words.flatMap((word) => word?.text ?? []);
}
