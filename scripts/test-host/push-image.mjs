import { createHash } from 'node:crypto';
import { arch } from 'node:process';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

// The distribution specification spoken with fetch: the base images must not depend on what they are there to test.
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const ARCHITECTURES = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' };
const HERE = ARCHITECTURES[arch] ?? arch;

export async function hasImage(registry, name, tag) {
  return (await readImage(registry, name, tag)) !== undefined;
}

/** Manifest and configuration of an image; `undefined` when the registry does not have it. */
export async function readImage(registry, name, tag) {
  const url = `http://${registry}/v2/${name}`;
  const answer = await fetch(`${url}/manifests/${tag}`, { headers: { accept: MANIFEST } });
  if (answer.status === 404) return undefined;
  const manifest = await (await checked(answer)).json();
  const config = await (await checked(await fetch(`${url}/blobs/${manifest.config.digest}`))).json();
  return { name, manifest, config };
}

/** Pushes an image of uncompressed layer tars, on the layers of `base` if there is one. */
export async function pushImage(registry, name, tag, { layers, config, base, architecture = HERE }) {
  const url = `http://${registry}/v2/${name}`;
  const compressed = await Promise.all(layers.map((tar) => promisify(gzip)(tar)));
  const inherited = base?.manifest.layers ?? [];
  for (const { digest } of inherited) await post(`${url}/blobs/uploads/?mount=${digest}&from=${base.name}`);
  const own = [];
  for (const layer of compressed) own.push(await pushBlob(url, LAYER, layer));
  const imageConfig = {
    created: '1970-01-01T00:00:00Z',
    architecture,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: [...(base?.config.rootfs.diff_ids ?? []), ...layers.map(digestOf)] },
    history: [...(base?.config.history ?? []), ...layers.map(() => ({ created_by: `test-host ${name}` }))],
  };
  const manifest = {
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: await pushBlob(url, CONFIG, Buffer.from(JSON.stringify(imageConfig))),
    layers: [...inherited, ...own],
  };
  const body = JSON.stringify(manifest);
  await checked(await fetch(`${url}/manifests/${tag}`, { method: 'PUT', headers: { 'content-type': MANIFEST }, body }));
}

async function pushBlob(url, mediaType, bytes) {
  const digest = digestOf(bytes);
  const location = new URL((await post(`${url}/blobs/uploads/`)).headers.get('location'), url);
  location.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream' };
  await checked(await fetch(location, { method: 'PUT', headers, body: bytes }));
  return { mediaType, digest, size: bytes.length };
}

async function post(url) {
  return await checked(await fetch(url, { method: 'POST' }));
}

async function checked(response) {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
}

function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
