export type {
  BuildEvent,
  BuilderError,
  BuildOptions,
  BuildResult,
  Diagnostic,
  ErrorFamily,
  Output,
  Secret,
  SourceSpan,
  SourceText,
  StepInfo,
  StoredImage,
} from '../index.ts';

/** What the command line needs of the library at run time; loaded only when there is work for it. */
export type Library = Pick<
  typeof import('../index.ts'),
  'build' | 'parse' | 'toParseJson' | 'toDump' | 'listImages' | 'removeImage' | 'isBuilderError'
>;
