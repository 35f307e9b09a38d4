import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { requireTool, TEST_DOCKER } from '../support/host.ts';
import type { ReadImage } from '../support/image-tree.ts';
import { DOCKER, openBuildah, openDockerBuilder, openLamella } from './builders.ts';
import { listCorpusCases } from './corpus-cases.ts';
import { findDifferences } from './differences.ts';
import { listPeerCases, type PeerCase, type PeerName, type PreparedCase, prepareCase } from './peer-cases.ts';
import { QUIRKS, withoutQuirks } from './quirks.ts';

const started = Math.floor(Date.now() / 1000);
const temp = mkdtempSync(join(tmpdir(), 'lamella-peers-'));
const cases = [...listPeerCases(), ...listCorpusCases()];
const lamella = openLamella();
const peers = { docker: openDockerBuilder(), buildah: openBuildah() };
const met = new Set<(typeof QUIRKS)[number]>();
const ours = new Map<string, Promise<{ prepared: PreparedCase; image: ReadImage }>>();

afterAll(() => {
  for (const builder of [lamella, ...Object.values(peers)]) builder[Symbol.dispose]();
  rmSync(temp, { recursive: true, force: true });
});

/** Our image of a case, built once for all peers. */
function buildOurs(each: PeerCase): Promise<{ prepared: PreparedCase; image: ReadImage }> {
  const build = async (): Promise<{ prepared: PreparedCase; image: ReadImage }> => {
    const prepared = prepareCase(each, temp);
    return { prepared, image: await lamella.build(prepared) };
  };
  const started = ours.get(each.name) ?? build();
  ours.set(each.name, started);
  return started;
}

function comparePeer(peer: PeerName): void {
  const built = cases.filter(({ without }) => without?.[peer] === undefined);
  test.each(built)('$name: $about', async (each) => {
    const { prepared, image } = await buildOurs(each);
    const theirs = await peers[peer].build(prepared);
    const all = findDifferences({ lamella: image, theirs, history: peer === 'docker', started });
    const found = withoutQuirks(peer, all, met);
    const verdicts = (each.verdicts ?? []).filter((verdict) => verdict.peer === peer);
    expect(found).toEqual(verdicts.map(({ peer: _, why: __, ...difference }) => difference));
  });
}

const hasDocker = requireTool(DOCKER, ['-H', TEST_DOCKER, 'version']) && requireTool('skopeo');
const hasBuildah = requireTool('buildah');

describe.skipIf(!hasDocker)('the image that BuildKit makes, but for verdicts by the reference', () =>
  comparePeer('docker'),
);

describe.skipIf(!hasBuildah)('the image that buildah makes, but for verdicts by the reference', () =>
  comparePeer('buildah'),
);

test.skipIf(!hasDocker || !hasBuildah || process.env.LAMELLA_TEST_CASE !== undefined)(
  'the general verdicts on peers are all needed',
  () => {
    expect(QUIRKS.filter((quirk) => !met.has(quirk)).map(({ why }) => why)).toEqual([]);
  },
);
