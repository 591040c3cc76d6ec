// Two registries that hold nothing: one makes up the layers of an image as they are read, however large, the other forgets what it is sent.
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const megabyte = 1024 * 1024;
const type = 'application/vnd.oci.image.manifest.v1+json';
const digestOf = (bytes: string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

interface Layer {
  /** Sent again and again. */
  readonly piece: Buffer;
  readonly size: number;
}

export interface StreamedImages {
  /** `host/image256:1.0>host/image256:1.0` for so many megabytes. */
  pair(sizeMegabytes: number): string;
  /** Bytes of layers that came to the destination. */
  readonly taken: number;
  close(): void;
}

/** @param sizes of the images, in megabytes: four layers each */
export async function startStreamedImages(sizes: readonly number[]): Promise<StreamedImages> {
  const layers = new Map<string, Layer>();
  const manifests = new Map<string, string>();
  for (const size of sizes) {
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', size: 2, digest: digestOf('{}') };
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [1, 2, 3, 4].map((number) => addLayer(layers, `${size} ${number}`, size / 4 * megabyte)) });
    for (const reference of ['1.0', digestOf(manifest)]) manifests.set(`image${size} ${reference}`, manifest);
  }
  const source = await listen((request, response) => {
    const { route, name, target } = partsOf(request);
    const [layer, manifest] = [layers.get(target), manifests.get(`${name} ${target}`)];
    if (route === 'manifests' && manifest !== undefined) answer(request, response, manifest);
    else if (route === 'blobs' && target === digestOf('{}')) answer(request, response, '{}');
    else if (route === 'blobs' && layer) stream(request, response, layer);
    else response.writeHead(404).end();
  });
  let taken = 0;
  const stored = new Map<string, string>();
  const destination = await listen((request, response) => {
    const { route, name, target, url } = partsOf(request);
    const [manifest, digest] = [stored.get(`${name} ${target}`), url.searchParams.get('digest')];
    if (request.method === 'POST') response.writeHead(202, { location: `/v2/${name}/blobs/uploads/1` }).end();
    else if (request.method === 'PUT' && route === 'manifests') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => { chunks.push(chunk); }).on('end', () => {
        const text = Buffer.concat(chunks).toString();
        for (const reference of [target, digestOf(text)]) stored.set(`${name} ${reference}`, text);
        response.writeHead(201).end();
      });
    } else if (request.method === 'PUT' && digest !== null) {
      request.on('data', (chunk: Buffer) => { taken += chunk.byteLength; }).on('end', () => { response.writeHead(201).end(); });
    } else if (manifest !== undefined) answer(request, response, manifest);
    else response.writeHead(404).end();
  });
  return {
    pair: (size) => `${source.host}/image${size}:1.0>${destination.host}/image${size}:1.0`,
    get taken() { return taken; },
    close: () => {
      source.close();
      destination.close();
    },
  };
}

function addLayer(layers: Map<string, Layer>, seed: string, size: number): object {
  const piece = Buffer.alloc(megabyte, `layer ${seed} `);
  const hash = createHash('sha256');
  for (let at = 0; at < size; at += megabyte) hash.update(piece.subarray(0, Math.min(megabyte, size - at)));
  const digest = `sha256:${hash.digest('hex')}`;
  layers.set(digest, { piece, size });
  return { mediaType: 'application/vnd.oci.image.layer.v1.tar', size, digest };
}

function partsOf({ url: text = '' }: IncomingMessage): { readonly name: string; readonly route: string; readonly target: string; readonly url: URL } {
  const url = new URL(text, 'http://registry.invalid');
  const [, name = '', route = '', target = ''] = /^\/v2\/([^/]+)\/(manifests|blobs)\/(.+)$/.exec(url.pathname) ?? [];
  return { name, route, target, url };
}

function answer({ method, url = '' }: IncomingMessage, response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': url.includes('/manifests/') ? type : 'application/octet-stream', 'content-length': body.length }).end(method === 'HEAD' ? undefined : body);
}

function stream({ method, headers }: IncomingMessage, response: ServerResponse, { piece, size }: Layer): void {
  const range = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '');
  let [at, end] = range ? [Number(range[1]), Number(range[2]) + 1] : [0, size];
  response.writeHead(range ? 206 : 200, { 'content-length': end - at, ...(range ? { 'content-range': `bytes ${at}-${end - 1}/${size}` } : {}) });
  if (method === 'HEAD') end = at;
  const more = (): void => {
    while (at < end) {
      const start = at % megabyte;
      const bytes = piece.subarray(start, Math.min(megabyte, start + end - at));
      at += bytes.byteLength;
      if (response.write(bytes)) continue;
      response.once('drain', more);
      return;
    }
    response.end();
  };
  more();
}

async function listen(serve: (request: IncomingMessage, response: ServerResponse) => void): Promise<{ readonly host: string; readonly close: () => void }> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
