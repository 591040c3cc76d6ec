// Puts small images into any registry over plain HTTP, without the product's own client, so that tests have an independent hand.
import { createHash } from 'node:crypto';

export interface PushedImage {
  readonly host: string;
  readonly repository: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
  /** `host/repository@digest`. */
  readonly byDigest: string;
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const indexType = 'application/vnd.oci.image.index.v1+json';
export const sha256 = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

async function expectStatus(response: Response, allowed: readonly number[], what: string): Promise<Response> {
  if (!allowed.includes(response.status)) throw new Error(`${what}: HTTP ${response.status} ${await response.text()}`);
  return response;
}

export async function pushBlob(host: string, repository: string, bytes: Uint8Array): Promise<{ digest: string; size: number }> {
  const digest = sha256(bytes);
  const started = await expectStatus(await fetch(`http://${host}/v2/${repository}/blobs/uploads/`, { method: 'POST' }), [202], 'start upload');
  const location = new URL(started.headers.get('location') ?? '', `http://${host}`);
  location.searchParams.set('digest', digest);
  await expectStatus(await fetch(location, { method: 'PUT', body: bytes, headers: { 'content-type': 'application/octet-stream' } }), [201], 'finish upload');
  return { digest, size: bytes.byteLength };
}

export async function pushManifest(host: string, repository: string, reference: string, manifest: object | Uint8Array, mediaType = manifestType): Promise<PushedImage> {
  const bytes = manifest instanceof Uint8Array ? manifest : Buffer.from(JSON.stringify(manifest));
  const digest = sha256(bytes);
  await expectStatus(await fetch(`http://${host}/v2/${repository}/manifests/${reference === '' ? digest : reference}`, { method: 'PUT', body: bytes, headers: { 'content-type': mediaType } }), [201], `put ${repository}:${reference}`);
  return { host, repository, digest, mediaType, size: bytes.byteLength, byDigest: `${host}/${repository}@${digest}` };
}

/** One layer, one config; `content` makes the digest its own. */
export async function pushImage(host: string, repository: string, tag: string, content = `${repository}:${tag}`, platform = { os: 'linux', architecture: 'amd64' }): Promise<PushedImage> {
  const layer = await pushBlob(host, repository, Buffer.from(content));
  const config = await pushBlob(host, repository, Buffer.from(JSON.stringify({ ...platform, rootfs: { type: 'layers', diff_ids: [layer.digest] } })));
  return pushManifest(host, repository, tag, {
    schemaVersion: 2, mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...layer }],
  });
}

/** An index over one image per platform (`os/architecture`). */
export async function pushIndex(host: string, repository: string, tag: string, platforms: readonly string[]): Promise<{ index: PushedImage; children: ReadonlyMap<string, PushedImage> }> {
  const children = new Map<string, PushedImage>();
  for (const platform of platforms) {
    const [os = '', architecture = ''] = platform.split('/');
    children.set(platform, await pushImage(host, repository, '', `${repository}:${tag} ${platform}`, { os, architecture }));
  }
  const manifests = [...children].map(([platform, { mediaType, digest, size }]) => {
    const [os, architecture] = platform.split('/');
    return { mediaType, digest, size, platform: { os, architecture } };
  });
  return { index: await pushManifest(host, repository, tag, { schemaVersion: 2, mediaType: indexType, manifests }, indexType), children };
}
