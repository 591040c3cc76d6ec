// Our copies between real and in-process registries in every direction, judged by the real cosign 2.5 and 3.1, crane and oras.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { parseReference } from '../../src/core/oci/reference.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushBlob, pushManifest, sha256, type PushedImage } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const shapes = ['image', 'index', 'nested index'] as const;
const formats = ['legacy', 'bundle', 'both', 'attestation'] as const;
type Kind = 'distribution' | 'in-process';
type Shape = (typeof shapes)[number];
type Format = (typeof formats)[number];

const engine = testEngine();
const never = new AbortController().signal;
/** Two of each kind, so that every direction crosses from one registry to another. */
let sources: Record<Kind, Distribution | TestRegistry>;
let destinations: Record<Kind, Distribution | TestRegistry>;
let two: Cosign;
let three: Cosign;
let keys: Awaited<ReturnType<Cosign['generateKeyPair']>>;
let peers: Awaited<ReturnType<typeof requirePeers<'cosign2' | 'cosign3' | 'crane' | 'oras' | 'registry'>>>;
/** `host shape format` → what is to be copied. */
const images = new Map<string, Pushed>();

before(async () => {
  peers = await requirePeers(['cosign2', 'cosign3', 'crane', 'oras', 'registry']);
  const [one, other] = await Promise.all([startDistribution(), startDistribution()]);
  sources = { distribution: one, 'in-process': await startRegistry() };
  destinations = { distribution: other, 'in-process': await startRegistry() };
  [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  keys = await two.generateKeyPair('release');
  for (const cosign of [two, three]) writeFileSync(join(cosign.directory, 'predicate.json'), '{"built":"here"}');
  for (const { host } of Object.values(sources)) {
    await Promise.all(shapes.map(async (shape) => {
      for (const format of formats) {
        const image = await push(host, shape, `${shape.replace(' ', '-')}-${format}`);
        await prove(image, format);
        images.set(`${host} ${shape} ${format}`, image);
      }
    }));
  }
});
after(async () => {
  await engine.dispose();
  await Promise.all([...Object.values(sources), ...Object.values(destinations)].map((registry) => registry.close()));
});

/** One file called by its content, in a tar archive. */
function tar(content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write('file', 0);
  header.write('0000644\x000000000\x000000000\x00', 100);
  header.write(`${Buffer.byteLength(content).toString(8).padStart(11, '0')}\x00${'0'.padStart(11, '0')}\x00        0`, 124);
  header.write('ustar\u000000', 257);
  header.write(`${header.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\x00 `, 148);
  const body = Buffer.alloc(512);
  body.write(content);
  return Buffer.concat([header, body, Buffer.alloc(1024)]);
}

interface Pushed extends PushedImage {
  /** All manifests that it lists, at any depth. */
  readonly below: readonly PushedImage[];
}

async function push(host: string, shape: Shape, name: string): Promise<Pushed> {
  const repository = `source/${name}`;
  const one = async (tag: string, architecture: string): Promise<PushedImage> => {
    const files = tar(`${name} ${architecture}`);
    const layer = await pushBlob(host, repository, gzipSync(files));
    const config = await pushBlob(host, repository, Buffer.from(JSON.stringify({ os: 'linux', architecture, config: {}, rootfs: { type: 'layers', diff_ids: [sha256(files)] } })));
    return pushManifest(host, repository, tag, {
      schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }],
    });
  };
  const index = (tag: string, entries: readonly object[]): Promise<PushedImage> => {
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    return pushManifest(host, repository, tag, { schemaVersion: 2, mediaType, manifests: entries }, mediaType);
  };
  const entry = ({ mediaType, digest, size }: PushedImage, architecture?: string): object => ({ mediaType, digest, size, ...(architecture === undefined ? {} : { platform: { os: 'linux', architecture } }) });
  if (shape === 'image') return { ...await one('1.0', 'amd64'), below: [] };
  const children = [await one('', 'amd64'), await one('', 'arm64')];
  const entries = children.map((child, at) => entry(child, ['amd64', 'arm64'][at]));
  if (shape === 'index') return { ...await index('1.0', entries), below: children };
  const inner = await index('', entries);
  return { ...await index('1.0', [entry(inner)]), below: [inner, ...children] };
}

async function prove({ byDigest }: PushedImage, format: Format): Promise<void> {
  if (format === 'attestation') {
    for (const cosign of [two, three]) {
      const flags = cosign.major === 3 ? ['--use-signing-config=false'] : [];
      await cosign.must(['attest', '--key', keys.key, '--predicate', 'predicate.json', '--type', 'custom', '--tlog-upload=false', '--yes', '--allow-http-registry', ...flags, byDigest]);
    }
  }
  // On an image alone it changes nothing.
  if (format === 'legacy' || format === 'both') await two.sign(keys.key, byDigest, 'legacy', ['--recursive']);
  if (format === 'bundle' || format === 'both') await three.sign(keys.key, byDigest, 'bundle', ['--recursive']);
}

function run(program: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 60_000, env: { PATH: process.env['PATH'] ?? '', HOME: two.directory } }, (error, stdout, stderr) => {
      resolve({ code: error ? (typeof error.code === 'number' ? error.code : -1) : 0, output: stdout + stderr });
    });
  });
}

/** The digests of what hangs on an image, as oras finds them. */
async function discover(image: string): Promise<readonly string[]> {
  const { code, output } = await run(peers.oras, ['discover', '--plain-http', '--format', 'json', image]);
  assert.equal(code, 0, output);
  return (JSON.parse(output) as { readonly referrers: readonly { readonly digest: string }[] }).referrers.map(({ digest }) => digest).sort();
}

/** What each real program says of the copy; empty when all is well. */
async function complaints(image: string, original: string, format: Format): Promise<readonly string[]> {
  const plain = ['--key', keys.pub, '--insecure-ignore-tlog', '--allow-http-registry'];
  const attested = ['verify-attestation', '--type', 'custom', ...plain, image];
  const asks: Promise<readonly [string, { readonly code: number; readonly output?: string; readonly stderr?: string }]>[] = [];
  const ask = async (name: string, answer: Promise<{ readonly code: number; readonly output?: string; readonly stderr?: string }>): Promise<readonly [string, { readonly code: number; readonly output?: string; readonly stderr?: string }]> => [name, await answer];
  if (format === 'attestation') asks.push(ask('cosign 2', two.run(attested)), ask('cosign 3', three.run(attested)));
  if (format === 'legacy' || format === 'both') asks.push(ask('cosign 2', two.verify(keys.pub, image)));
  if (format !== 'attestation') asks.push(ask('cosign 3', three.verify(keys.pub, image)));
  asks.push(ask('crane', run(peers.crane, ['validate', '--remote', image])));
  const found = (await Promise.all(asks)).flatMap(([name, { code, output, stderr }]) => (code === 0 ? [] : [`${name}: ${output ?? stderr ?? ''}`]));
  const [before, after] = await Promise.all([discover(original), discover(image)]);
  const isSame = JSON.stringify(before) === JSON.stringify(after) && before.length === (format === 'legacy' ? 0 : 1);
  return isSame ? found : [...found, `oras: ${after.join(', ')} instead of ${before.join(', ')}`];
}

describe('copied by us', () => {
  for (const from of ['distribution', 'in-process'] as const) {
    for (const to of ['distribution', 'in-process'] as const) {
      for (const shape of shapes) {
        it(`from ${from} to ${to}, the ${shape} is accepted by every real program in every format`, async () => {
          const [source, destination] = [sources[from].host, destinations[to].host];
          await Promise.all(formats.map(async (format) => {
            const image = images.get(`${source} ${shape} ${format}`);
            assert.ok(image);
            const target = `${destination}/from-${from}/${image.repository}:1.0`;
            const plan = await engine.copying.plan({ source: parseReference(`${source}/${image.repository}:1.0`), destination: parseReference(target) }, never);
            const { digest, proof } = await engine.copying.copy(plan, {}, { trust: { keys: [{ name: 'release', reference: keys.pem }], policies: [], problems: [] } }, () => undefined, never);
            assert.deepEqual([digest, proof.holds, proof.destination.kind], [image.digest, true, format === 'attestation' ? proof.source.kind : 'verified']);
            // Attestations are made of what is named only; signatures of everything below it too.
            for (const each of [image, ...format === 'attestation' ? [] : image.below]) {
              assert.deepEqual(await complaints(target.replace(/:1\.0$/, `@${each.digest}`), each.byDigest, format), [], `${format} ${shape} ${each === image ? '' : 'below'}`);
            }
          }));
        });
      }
    }
  }
});
