export type {
  BoundsReport,
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
  FailedRun,
  Finding,
  HostCheck,
  HostReport,
  ImageDifference,
  ImageOptions,
  InspectedImage,
  InspectOptions,
  IsolatedNetworkReport,
  KeptRun,
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
  ShellTerminal,
  SnapshotterReport,
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
  | 'enterKeptRun'
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
  | 'listKeptRuns'
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
