import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { subordinateRange } from '../../src/rootfs/host-id-maps.ts';
import { hostLaunches, withoutMapAuto } from '../../src/rootfs/host-launch.ts';
import { tempDir } from '../support/temp-dir.ts';

describe('subordinate ids', () => {
  function range(text: string): unknown {
    const file = join(tempDir(), 'subuid');
    writeFileSync(file, text);
    return subordinateRange(file, 'ada', 1000);
  }

  it('are those of the line for the name of the user, or for the number', () => {
    expect(range('bob:1:2\nada:100000:65536\n')).toEqual([100000, 65536]);
    expect(range('1000:7:8\n')).toEqual([7, 8]);
  });

  it('are missing where there is no line', () => {
    expect(() => range('bob:1:2\n')).toThrow('no line for ada');
  });
});

describe.skipIf(process.platform !== 'linux')('the ways to start the sandbox host', () => {
  it('begin with the one that gives most', () => {
    expect(hostLaunches('linux', 0).map(({ flavor }) => flavor)).toEqual(['root', 'mapped', 'single-id']);
    expect(hostLaunches('linux', 1000).map(({ flavor }) => flavor)).toEqual(['mapped', 'single-id']);
  });

  it('leave the ids to us where unshare cannot map them', () => {
    const [mapped, single] = withoutMapAuto(hostLaunches('linux', 1000));
    expect(mapped).toMatchObject({ waitsForIds: true });
    expect(mapped?.args).not.toContain('--map-auto');
    expect(single?.args).toContain('--map-root-user');
  });

  it('are none on other systems, which is said with what to do', () => {
    expect(() => hostLaunches('darwin', 501)).toThrow(
      expect.objectContaining({ code: 'STEP_SANDBOX_UNAVAILABLE', hint: expect.stringContaining('Linux') }),
    );
  });
});
