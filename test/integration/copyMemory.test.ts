// Layers far larger than what may be held: to a destination that stops reading, and measured in a process that only copies.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { copyMemory } from '../bench/copyMemory.ts';
import { CliProcess } from '../support/cliProcess.ts';
import { testEngine } from '../support/engine.ts';
import { startStreamedImages } from '../support/streamedImages.ts';

const megabyte = 1024 * 1024;
const layerBytes = 256 * megabyte;
const piece = Buffer.alloc(megabyte, 'layer');
const never = new AbortController().signal;
const engine = testEngine({ timeoutMs: 60_000 });
const servers: Server[] = [];
after(async () => {
  await engine.dispose();
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const digestOf = (bytes: string | Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

it('a copy holds no more of a layer than a few pieces, however large it is and however slowly it is taken', async () => {
  const hash = createHash('sha256');
  for (let at = 0; at < layerBytes; at += megabyte) hash.update(piece);
  const layer = `sha256:${hash.digest('hex')}`;
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: digestOf('{}') };
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', size: layerBytes, digest: layer }] });
  const isManifest = (url = ''): boolean => url.endsWith('/manifests/1.0') || url.endsWith(digestOf(manifest));

  let fetched = 0;
  const source = await listen((request, response) => {
    const { url = '', method } = request;
    if (url.endsWith(layer) && method === 'GET') {
      response.writeHead(200, { 'content-length': layerBytes });
      const more = (): void => {
        while (fetched < layerBytes) {
          fetched += megabyte;
          if (!response.write(piece)) {
            response.once('drain', more);
            return;
          }
        }
        response.end();
      };
      more();
    } else if (isManifest(url)) response.writeHead(200, { 'content-type': type, 'content-length': manifest.length }).end(method === 'HEAD' ? undefined : manifest);
    else if (url.endsWith(config.digest)) response.writeHead(200, { 'content-length': 2 }).end(method === 'HEAD' ? undefined : '{}');
    else response.writeHead(404).end();
  });

  let [taken, isTagged] = [0, false];
  let stopped: ((request: IncomingMessage) => void) | undefined;
  const stopping = new Promise<IncomingMessage>((resolve) => { stopped = resolve; });
  const destination = await listen((request, response) => {
    const { url = '', method } = request;
    if (method === 'POST') response.writeHead(202, { location: '/v2/mirror/app/blobs/uploads/1' }).end();
    else if (method === 'PUT') {
      isTagged ||= url.endsWith('/manifests/1.0');
      request.on('data', (chunk: Buffer) => {
        taken += chunk.byteLength;
        if (taken < 8 * megabyte || !stopped) return;
        request.pause();
        stopped(request);
        stopped = undefined;
      }).on('end', () => { response.writeHead(201).end(); });
    } else if (isTagged && isManifest(url)) response.writeHead(200, { 'content-type': type, 'content-length': manifest.length }).end(method === 'HEAD' ? undefined : manifest);
    else response.writeHead(404).end();
  });

  const plan = await engine.copying.plan({ source: parseReference(`${source}/team/app:1.0`), destination: parseReference(`${destination}/mirror/app:1.0`) }, never);
  const copying = engine.copying.copy(plan, {}, { trust: { keys: [], policies: [], problems: [] } }, () => undefined, never);
  const upload = await stopping;
  // Until nothing moves any more: then all that is fetched and not taken lies between the two, the systems' socket buffers included.
  for (let before = -1; before !== fetched;) {
    before = fetched;
    await new Promise((resolve) => { setTimeout(resolve, 500); });
  }
  assert.ok(fetched - taken < 64 * megabyte, `${String((fetched - taken) / megabyte)} MB are on their way`);
  upload.resume();
  const { sentBytes } = await copying;
  assert.deepEqual([sentBytes, taken >= layerBytes, isTagged], [layerBytes + 2, true, true]);
});

// The registries are in this process: only the copying is measured.
it('a copy takes at most 64 MB of memory above what a small one takes, and a larger one no more', { skip: process.platform !== 'linux' }, async () => {
  const { engine: bundle } = await CliProcess.build();
  // When memory is cleaned up varies; what grows with the size of a layer would do so in every run.
  const growths: number[] = [];
  for (let run = 0; run < 3 && Math.min(...growths) > 24; run++) growths.push(await growth(bundle));
  assert.ok(Math.min(...growths) <= 24, `${String(growths)} MB more for 1 GB than for 256 MB`);
});

/** How much more a copy of 1 GB takes than one of 256 MB, in MB. */
async function growth(bundle: string): Promise<number> {
  const images = await startStreamedImages([1, 256, 1024]);
  try {
    const [some = Number.NaN, more = Number.NaN] = await copyMemory(bundle, images.pair(1), [256, 1024].map((size) => images.pair(size)));
    assert.equal(Math.floor(images.taken / megabyte), 1 + 256 + 1024);
    assert.ok(some <= 64 && more <= 64, `${some} MB for 256 MB, ${more} MB for 1 GB`);
    return more - some;
  } finally {
    images.close();
  }
}
