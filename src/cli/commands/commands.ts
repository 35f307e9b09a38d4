import type { Command } from '../command.ts';
import { buildCommand } from './build.ts';
import { imagesCommand } from './images.ts';
import { parseCommand } from './parse.ts';
import { rmCommand } from './rm.ts';

/** Every command, in the order of the help. */
export const COMMANDS: readonly Command[] = [buildCommand, parseCommand, imagesCommand, rmCommand];
