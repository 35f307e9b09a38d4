import { StepError } from '../../core/errors.ts';

export function sourceNotFound(source: string, hint: string): StepError {
  return new StepError('STEP_COPY_SOURCE_NOT_FOUND', `source ${JSON.stringify(source)} not found`, { hint });
}

export function linkLoop(path: string): StepError {
  return new StepError('STEP_COPY_LINK_LOOP', `too many symbolic links on the way to ${JSON.stringify(path)}`, {
    hint: 'its symbolic links form a circle: name the place they should lead to',
  });
}

/** A here-document whose name leads to a directory. */
export function notAFileName(name: string): StepError {
  return new StepError('STEP_COPY_BAD_NAME', `${JSON.stringify(name)} is no name of a file`, {
    hint: 'name the here-document as the file is to be called',
  });
}

/** A component of the destination path is not a directory. */
export function notADirectory(path: string): StepError {
  return new StepError('STEP_COPY_NOT_A_DIRECTORY', `cannot copy into "/${path}": it is not a directory`, {
    hint: 'choose another destination, or remove what is there in an earlier RUN',
  });
}

export function ontoDirectory(path: string): StepError {
  return new StepError('STEP_COPY_ONTO_DIRECTORY', `cannot replace to directory "/${path}" with a file`, {
    hint: 'choose another destination, or remove the directory in an earlier RUN',
  });
}

export function ontoNonDirectory(path: string): StepError {
  return new StepError('STEP_COPY_ONTO_NON_DIRECTORY', `cannot copy to non-directory "/${path}"`, {
    hint: 'a directory is copied only onto a directory: choose another destination, or remove what is there before',
  });
}

export function badArchiveLink(path: string, link: string): StepError {
  return new StepError(
    'STEP_ADD_BAD_LINK',
    `cannot unpack ${JSON.stringify(path)}: it is a hard link to ${JSON.stringify(link)}, which is not a file`,
    { hint: 'the archive is incomplete or out of order: make it again' },
  );
}
