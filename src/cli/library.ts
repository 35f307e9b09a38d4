export type {
  BuildEvent,
  BuilderError,
  BuildOptions,
  BuildResult,
  CheckOptions,
  CheckReport,
  Diagnostic,
  ErrorFamily,
  Finding,
  HostCheck,
  HostReport,
  ImageDifference,
  InspectOptions,
  LoginOptions,
  MethodReport,
  Output,
  RegistryOptions,
  Secret,
  SourceSpan,
  SourceText,
  StepInfo,
  StoredImage,
  VerifyReport,
} from '../index.ts';

/** What the command line needs of the library at run time; loaded only when there is work for it. */
export type Library = Pick<
  typeof import('../index.ts'),
  | 'build'
  | 'check'
  | 'examineHost'
  | 'checkReproducible'
  | 'fix'
  | 'formatGraph'
  | 'formatGraphDot'
  | 'formatOutline'
  | 'isBuilderError'
  | 'lintViolation'
  | 'listImages'
  | 'login'
  | 'logout'
  | 'outline'
  | 'parse'
  | 'plan'
  | 'removeImage'
  | 'toCheckJson'
  | 'toDump'
  | 'toGraphJson'
  | 'toParseJson'
  | 'toSarif'
  | 'verifyCache'
>;
