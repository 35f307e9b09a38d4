import { type Diagnostic, isBuilderError } from '../../core/errors.ts';
import type { ImageConfig } from '../../core/image.ts';
import { choosePlatform, formatPlatform, type Platform, parsePlatform } from '../../core/platform.ts';
import type { FromInstruction } from '../../parser/instruction.ts';
import { buildArg } from '../../plan/build-args.ts';
import type { Stage } from '../../plan/graph.ts';
import { defineRule, type Found, type Rule } from '../rule.ts';
import { type CheckScope, isOnOneLine } from '../scope.ts';
import type { TextEdit } from '../text-edit.ts';

export const redundantTargetPlatform: Rule = defineRule<FromInstruction>({
  name: 'RedundantTargetPlatform',
  description: 'FROM needs no --platform=$TARGETPLATFORM, which holds anyway.',
  find: (scope) => {
    if (hasOwnTargetPlatform(scope)) return [];
    return scope.sections.flatMap(({ from }) =>
      isTargetPlatform(from) ? [{ span: platformSpan(from), facts: from }] : [],
    );
  },
  message: ({ platform }) => `--platform=${platform?.text} asks for the platform that FROM takes anyway`,
  hint: () => 'leave the flag out',
  fix: ({ facts }) => removePlatform(facts),
});

export const fromPlatformFlagConstDisallowed: Rule = defineRule<string>({
  name: 'FromPlatformFlagConstDisallowed',
  description: 'FROM names no fixed platform, unless the name of the stage says so.',
  find: ({ sections }) => sections.flatMap(({ from }) => constantPlatform(from)),
  message: (platform) => `--platform=${platform} makes the stage the same for every target platform`,
  hint: () => 'use $BUILDPLATFORM, or leave it out; if it is meant, name the stage after its platform',
});

interface ForeignBase {
  readonly image: string;
  readonly found: Platform;
  readonly wanted: Platform;
}

export const invalidBaseImagePlatform: Rule = defineRule<ForeignBase>({
  name: 'InvalidBaseImagePlatform',
  description: 'A base image is for the platform that was asked for.',
  find: ({ outcomes, request }) =>
    outcomes.flatMap(({ stage }) => {
      const config = stage.base.kind === 'image' ? request.baseConfig?.(stage.base.reference) : undefined;
      return (config && foreignBase(stage, config, request.platform)) ?? [];
    }),
  message: foreignBaseMessage,
  hint: () => FOREIGN_BASE_HINT,
});

const FOREIGN_BASE_HINT = 'ask for a platform that the image has, or use another image';

/** What a build says of a base image, once it knows its configuration; `target` is the target platform. */
export function foreignBaseWarning(stage: Stage, config: ImageConfig, target: Platform): Diagnostic | undefined {
  const found = foreignBase(stage, config, target);
  if (found === undefined) return undefined;
  const { name: code, severity } = invalidBaseImagePlatform;
  return { severity, code, message: foreignBaseMessage(found.facts), span: found.span, hint: FOREIGN_BASE_HINT };
}

function foreignBase(stage: Stage, config: ImageConfig, target: Platform): Found<ForeignBase> | undefined {
  const wanted = stage.platform ?? target;
  const found = platformOf(config);
  // A processor may run a base of 32 bits too; who wrote the Dockerfile should know.
  const fits = found.architecture === wanted.architecture && choosePlatform([found], wanted) !== undefined;
  if (stage.base.kind !== 'image' || fits) return undefined;
  return { span: stage.from.image.span, facts: { image: stage.base.reference, found, wanted } };
}

function foreignBaseMessage({ image, found, wanted }: ForeignBase): string {
  return `base image ${image} is for ${formatPlatform(found)}, not for ${formatPlatform(wanted)}`;
}

/** Who gives TARGETPLATFORM a value changes what it means. */
function hasOwnTargetPlatform({ globalArgs, request }: CheckScope): boolean {
  const declared = globalArgs.some(({ args }) =>
    args.some(({ name, value }) => name.text === 'TARGETPLATFORM' && value),
  );
  return declared || buildArg(request.buildArgs ?? {}, 'TARGETPLATFORM') !== undefined;
}

function isTargetPlatform({ platform }: FromInstruction): boolean {
  return /^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform?.text ?? '');
}

/** Of the whole flag. */
function platformSpan({ flags, image }: FromInstruction): Found<unknown>['span'] {
  return flags.find(({ name }) => name === 'platform')?.span ?? image.span;
}

/** With the white space behind the flag. */
function removePlatform(from: FromInstruction): readonly TextEdit[] | undefined {
  const span = platformSpan(from);
  if (from.flags.length !== 1 || !isOnOneLine({ start: span.start, end: from.image.span.start })) return undefined;
  return [{ start: span.start.offset, end: from.image.span.start.offset, text: '' }];
}

function constantPlatform(from: FromInstruction): readonly Found<string>[] {
  const text = from.platform?.text ?? '';
  if (text === '' || text.includes('$')) return [];
  const platform = readPlatform(text);
  const name = from.stageName?.text.toLowerCase() ?? '';
  if (platform === undefined || name.includes(platform.os) || name.includes(platform.architecture)) return [];
  return [{ span: platformSpan(from), facts: text }];
}

/** What is no platform is the planner's to refuse. */
function readPlatform(text: string): Platform | undefined {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (!isBuilderError(error)) throw error;
    return undefined;
  }
}

function platformOf({ os, architecture, variant }: ImageConfig): Platform {
  return { os, architecture, ...(variant !== undefined && { variant }) };
}
