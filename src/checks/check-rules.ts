import type { Rule } from './rule.ts';
import { consistentInstructionCasing, fromAsCasing, stageNameCasing } from './rules/casing.ts';
import { jsonArgsRecommended, multipleInstructionsDisallowed } from './rules/commands.ts';
import { copyIgnoredFile, copySourceNotFound } from './rules/copy-sources.ts';
import { invalidDefinitionDescription } from './rules/descriptions.ts';
import { invalidDefaultArgInFrom, undefinedArgInFrom } from './rules/from-args.ts';
import {
  fromPlatformFlagConstDisallowed,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
} from './rules/from-platform.ts';
import { legacyKeyValueFormat, maintainerDeprecated, noEmptyContinuation } from './rules/outdated.ts';
import { exposeInvalidFormat, exposeProtoCasing, workdirRelativePath } from './rules/ports-and-paths.ts';
import { duplicateStageName, reservedStageName } from './rules/stage-names.ts';
import { secretsUsedInArgOrEnv, undefinedVar } from './rules/variables.ts';

/** Every rule (reference, section 17), and last those that only lamella has. */
export const CHECK_RULES: readonly Rule[] = [
  stageNameCasing,
  fromAsCasing,
  noEmptyContinuation,
  consistentInstructionCasing,
  duplicateStageName,
  reservedStageName,
  jsonArgsRecommended,
  maintainerDeprecated,
  undefinedArgInFrom,
  workdirRelativePath,
  undefinedVar,
  multipleInstructionsDisallowed,
  legacyKeyValueFormat,
  invalidBaseImagePlatform,
  redundantTargetPlatform,
  secretsUsedInArgOrEnv,
  invalidDefaultArgInFrom,
  fromPlatformFlagConstDisallowed,
  copyIgnoredFile,
  exposeProtoCasing,
  exposeInvalidFormat,
  invalidDefinitionDescription,
  copySourceNotFound,
];
