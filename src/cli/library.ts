export type {
  BuildEvent,
  BuildExplanation,
  BuilderError,
  BuildOptions,
  BuildResult,
  CacheItem,
  CheckOptions,
  CheckReport,
  CopyResult,
  Diagnostic,
  ErrorFamily,
  Finding,
  HostCheck,
  HostReport,
  ImageDifference,
  ImageOptions,
  InspectedImage,
  InspectOptions,
  LoginOptions,
  MethodReport,
  Output,
  PruneOptions,
  PruneReport,
  RegistryOptions,
  SbomOptions,
  Secret,
  SharedPruneOptions,
  SharedPruneReport,
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
  | 'copyImage'
  | 'explainLastBuild'
  | 'fix'
  | 'formatGraph'
  | 'formatGraphDot'
  | 'formatOutline'
  | 'initProject'
  | 'inspectImage'
  | 'isBuilderError'
  | 'lintViolation'
  | 'listCache'
  | 'listImages'
  | 'login'
  | 'logout'
  | 'outline'
  | 'parse'
  | 'plan'
  | 'pruneCache'
  | 'pruneSharedCache'
  | 'removeImage'
  | 'sbom'
  | 'toCheckJson'
  | 'toDump'
  | 'toGraphJson'
  | 'toParseJson'
  | 'toSarif'
  | 'verifyCache'
>;
