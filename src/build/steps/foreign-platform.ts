import { StepError } from '../../core/errors.ts';
import { formatPlatform } from '../../core/platform.ts';
import { canRun } from '../../io/emulation.ts';
import type { StepContext } from './context.ts';

/**
 * A command of RUN is a program of the stage's platform. Where the kernel does not show what it can emulate, it is tried.
 * @throws StepError `STEP_FOREIGN_PLATFORM`
 */
export function refuseForeignCommand({ session, platform }: Pick<StepContext, 'session' | 'platform'>): void {
  const { buildPlatform } = session.settings;
  if (platform.os === buildPlatform.os && canRun(platform.architecture, buildPlatform.architecture) !== false) return;
  const wanted = formatPlatform(platform);
  throw new StepError(
    'STEP_FOREIGN_PLATFORM',
    `this machine (${formatPlatform(buildPlatform)}) runs no programs for ${wanted}`,
    {
      hint: 'install an emulator (qemu-user-static and binfmt-support of Debian), or do it in a stage FROM --platform=$BUILDPLATFORM and COPY the result',
    },
  );
}
