import { join } from 'node:path';
import { hexOf } from '../core/digest.ts';
import { compressionOf } from '../core/media-types.ts';
import { allAtRest } from '../io/at-rest.ts';
import { markUsed } from '../io/touch.ts';
import type { ActiveSnapshot, SandboxHost } from '../rootfs/sandbox-host.ts';
import type { LayerStack } from './layer-stack.ts';
import type { Session } from './session.ts';

/**
 * Name of the directory that holds a layer for snapshots. By chain, not by diff ID: what an opaque directory hides, and
 * where links of lower layers lead, depends on what is below.
 */
export function snapshotId(stack: LayerStack): string {
  return stack.chainId === undefined ? 'empty' : hexOf(stack.chainId).slice(0, 24);
}

/** Directories of the layers of a stack, lowest first, unpacked where they are missing. */
export async function prepareLayers(session: Session, host: SandboxHost, stack: LayerStack): Promise<string[]> {
  const lineage = stack.lineage();
  await allAtRest(lineage.map((level) => prepareLayer(session, host, level)));
  return lineage.map(snapshotId);
}

/** A fresh snapshot on top of a stack. */
export async function openSnapshot(session: Session, host: SandboxHost, stack: LayerStack): Promise<ActiveSnapshot> {
  return await host.openSnapshot(await prepareLayers(session, host, stack));
}

async function prepareLayer(session: Session, host: SandboxHost, stack: LayerStack): Promise<void> {
  const { top } = stack;
  const id = snapshotId(stack);
  if (await session.claims.claim(id)) markUsed(join(session.folders.used, id));
  if (top === undefined || (await host.hasLayer(id))) return;
  const { descriptor, diffId } = top.layer;
  await session.lazyLayers.ensure(descriptor);
  const applied = await stack.applied();
  await host.unpackLayer({
    id,
    blobPath: session.store.pathOf(descriptor.digest),
    compression: compressionOf(descriptor.mediaType) ?? 'none',
    digest: descriptor.digest,
    diffId,
    rename: Object.fromEntries(applied?.renames ?? []),
    opaques: applied?.opaques ?? [],
  });
}
