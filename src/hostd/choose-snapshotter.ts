import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { HostError } from '../core/errors.ts';
import type { SnapshotterName } from '../core/sandbox.ts';
import { errnoOf } from '../io/host-error.ts';
import { findProgram } from '../io/programs.ts';
import type { HostSettings } from '../rootfs/host-messages.ts';
import { CopySnapshotter } from './copy-snapshots.ts';
import { LayerDirectories, type LayerDirectoriesOptions } from './layer-directories.ts';
import type { Mounter } from './mounter.ts';
import { fuseOverlay, kernelOverlay, type MountOverlay } from './overlay.ts';
import { OverlaySnapshotter } from './overlay-snapshots.ts';
import { removeTree } from './removal.ts';
import type { Snapshotter } from './snapshotter.ts';
import { usePlainForm } from './whiteout-files.ts';

export interface SnapshotterParts {
  readonly snapshotter: Snapshotter;
  readonly layers: LayerDirectories;
  readonly passedOver: readonly string[];
}

export interface MountTools {
  readonly mounter: Mounter;
  /** For what this host keeps to itself; on the file system of the layers. */
  readonly ownDir: string;
  /** In memory; where overlays appear. */
  readonly pointsDir: string;
}

type Found = Omit<SnapshotterParts, 'passedOver'>;

/** Best first. */
const SNAPSHOTTERS: readonly SnapshotterName[] = ['overlay', 'fuse-overlayfs', 'copy'];

/**
 * The wanted snapshotter, or the best one that works on the file system of `tempDir`, by trying.
 * @throws HostError `HOST_NO_OVERLAY` when the only one that is wanted does not work
 */
export async function chooseSnapshotter(settings: HostSettings, tools: MountTools): Promise<SnapshotterParts> {
  const wanted = settings.snapshotter === 'auto' ? SNAPSHOTTERS : [settings.snapshotter];
  const passedOver: string[] = [];
  let cause: unknown;
  for (const name of wanted) {
    try {
      return { ...(await openSnapshotter(name, settings, tools)), passedOver };
    } catch (error) {
      cause = error;
      passedOver.push(`${name}: ${reasonOf(error)}`);
    }
  }
  throw refused(settings, passedOver, cause);
}

async function openSnapshotter(name: SnapshotterName, settings: HostSettings, tools: MountTools): Promise<Found> {
  const { tempDir, flavor } = settings;
  const { mounter, ...places } = tools;
  const directories = (options: Pick<LayerDirectoriesOptions, 'whiteouts' | 'isLazy'>): LayerDirectories =>
    new LayerDirectories({ ...settings, ...options });
  switch (name) {
    case 'overlay': {
      const mount = kernelOverlay({ ...places, mounter, flavor });
      await tryMount(mount, tempDir, mounter);
      const layers = directories({ whiteouts: 'overlay', isLazy: false });
      return { layers, snapshotter: new OverlaySnapshotter({ ...places, name, layers, mounter, mount }) };
    }
    case 'fuse-overlayfs': {
      const mount = fuseOverlay(programOf(name), places);
      await tryMount(mount, tempDir, mounter);
      const layers = directories({ whiteouts: 'files', isLazy: false });
      const parts = { ...places, name, layers, mounter, mount, normalise: usePlainForm };
      return { layers, snapshotter: new OverlaySnapshotter(parts) };
    }
    case 'copy': {
      const layers = directories({ whiteouts: 'files', isLazy: true });
      return { layers, snapshotter: new CopySnapshotter({ tempDir, layers }) };
    }
  }
}

/** Whether an overlay is refused depends on the kernel, the namespace and the file system: only a try can tell. */
async function tryMount(mount: MountOverlay, tempDir: string, mounter: Mounter): Promise<void> {
  const folder = mkdtempSync(join(tempDir, 'try-'));
  try {
    mkdirSync(join(folder, 'lower'));
    const { merged } = await mount({ folder, lowers: [join(folder, 'lower')], writable: true });
    mkdirSync(join(merged, 'made'));
    await mounter.unmount(merged);
  } finally {
    await removeTree(folder);
  }
}

function programOf(name: string): string {
  const program = findProgram(name);
  if (program === undefined) throw new Error('it is not installed');
  return program;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const stderr = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : '';
  // Programs remark on other things first.
  if (stderr !== '') return stderr.slice(stderr.lastIndexOf('\n') + 1);
  return errnoOf(cause) ?? (cause instanceof Error ? cause.message : String(cause));
}

function refused({ snapshotter, tempDir }: HostSettings, reasons: readonly string[], cause: unknown): HostError {
  const why = reasons.join('; ');
  return new HostError(
    'HOST_NO_OVERLAY',
    `cannot stack layers in ${tempDir} with the snapshotter ${snapshotter}: ${why}`,
    {
      hint: 'use --snapshotter auto or copy, or a cache folder on a local file system such as ext4 or xfs',
      cause,
    },
  );
}
