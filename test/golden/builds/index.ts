import { ADD_CASES } from './add.ts';
import { COPY_CASES } from './copy.ts';
import type { GoldenCase } from './golden-case.ts';
import { HEREDOC_CASES } from './heredocs.ts';
import { METADATA_CASES } from './metadata.ts';
import { MOUNT_CASES } from './mounts.ts';
import { RUN_CASES } from './run.ts';

export const GOLDEN_CASES: readonly GoldenCase[] = [
  ...METADATA_CASES,
  ...COPY_CASES,
  ...ADD_CASES,
  ...HEREDOC_CASES,
  ...RUN_CASES,
  ...MOUNT_CASES,
];
