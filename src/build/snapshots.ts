import { join } from 'node:path';
import { hexOf } from '../core/digest.ts';
import { compressionOf } from '../core/media-types.ts';
import { allAtRest } from '../io/at-rest.ts';
import { markUsedSoon } from '../io/touch.ts';
import type { AppliedLayer } from '../rootfs/applied-layer.ts';
import type { LayerToUnpack } from '../rootfs/host-messages.ts';
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
  return host.openSnapshot(await prepareLayers(session, host, stack));
}

async function prepareLayer(session: Session, host: SandboxHost, stack: LayerStack): Promise<void> {
  const { top } = stack;
  const id = snapshotId(stack);
  if (await session.claims.claim(id)) markUsedSoon(join(session.folders.used, id));
  if (top === undefined || (await host.hasLayer(id))) return;
  const { descriptor, diffId } = top.layer;
  await session.lazyLayers.ensure(descriptor);
  const layer = {
    id,
    blobPath: session.store.pathOf(descriptor.digest),
    compression: compressionOf(descriptor.mediaType) ?? 'none',
    digest: descriptor.digest,
    diffId,
    limits: session.settings.limits,
  };
  if (top.parent.top === undefined) await unpackLowest(host, stack, layer);
  else await host.unpackLayer({ ...layer, ...asApplied(await stack.applied()) });
}

/**
 * The lowest layer is unpacked while its table of contents is read, by two processes. Only an entry whose parent is a
 * link of the same layer lies elsewhere than its path says: unpacking refuses it, and is told then where it belongs.
 */
async function unpackLowest(host: SandboxHost, stack: LayerStack, layer: LayerToUnpack): Promise<void> {
  const applying = stack.applied();
  const [unpacked] = await Promise.allSettled([host.unpackLayer(layer), applying]);
  const applied = await applying;
  if (unpacked.status === 'fulfilled') return;
  if (applied === undefined || applied.renames.size === 0) throw unpacked.reason;
  await host.unpackLayer({ ...layer, ...asApplied(applied) });
}

/** What the tree knows of a layer that its own entries do not say. */
function asApplied(applied: AppliedLayer | undefined): Pick<LayerToUnpack, 'rename' | 'implied'> {
  if (applied === undefined) return {};
  return { rename: Object.fromEntries(applied.renames), implied: Object.fromEntries(applied.implied) };
}
