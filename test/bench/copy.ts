// An image of 256 MB from one real registry to another: our engine beside crane, oras, skopeo and cosign, in alternation; and what a copy within a registry asks.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { parseReference } from '../../src/core/oci/reference.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushBlob, pushManifest } from '../support/images.ts';
import { requirePeers, startDistribution } from '../support/peers.ts';
import { startRegistry } from '../support/registry.ts';
import { median, row, type Row } from './report.ts';

const megabyte = 1024 * 1024;
const never = new AbortController().signal;

export async function benchCopy(quick: boolean): Promise<readonly Row[]> {
  return [...await acrossRegistries(quick), ...await withinRegistry()];
}

async function acrossRegistries(quick: boolean): Promise<readonly Row[]> {
  const peers = await requirePeers(['cosign2', 'crane', 'oras', 'skopeo', 'registry']);
  const cosign = new Cosign(peers.cosign2, 2);
  const from = await startDistribution({ storage: 'filesystem' });
  const engine = testEngine();
  try {
    const image = await pushLarge(from.host, 4, 64 * megabyte);
    const source = `${from.host}/${image}:1.0`;
    const programs: readonly (readonly [string, (target: string) => Promise<unknown>])[] = [
      ['ours', (target) => copy(engine, source, target)],
      ['crane', (target) => run(peers.crane, ['copy', '--insecure', source, target])],
      ['oras', (target) => run(peers.oras, ['cp', '-r', '--from-plain-http', '--to-plain-http', source, target])],
      ['skopeo', (target) => run(peers.skopeo, ['copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${source}`, `docker://${target}`])],
      ['cosign 2', (target) => cosign.must(['copy', '--allow-http-registry', source, target])],
    ];
    const times = programs.map((): number[] => []);
    const peaks: number[] = [];
    // The first round is not counted: the programs start anew each time, but our engine lives in an editor that runs for long.
    for (let round = 0; round <= (quick ? 2 : 7); round++) {
      for (const [index, [name, work]] of programs.entries()) {
        // An empty one for each: skopeo remembers what a registry has, and would mount it.
        const to = await startDistribution({ storage: 'filesystem' });
        const peak = watchMemory();
        const start = performance.now();
        try {
          await work(`${to.host}/round${round}/${name.replace(' ', '')}:1.0`);
          if (round > 0) times[index]?.push(performance.now() - start);
        } finally {
          const above = peak();
          if (index === 0) peaks.push(above);
          await to.close();
        }
      }
    }
    const ours = median(times[0] ?? []);
    const fastest = Math.min(...times.slice(1).map(median));
    return [
      ...programs.map(([name], index) => row('copy 256 MB between registries', name, times[index] ?? [], 'ms', index === 0 ? { target: '≤ 1.1 × the fastest' } : { ratio: median(times[index] ?? []) / ours })),
      row('copy 256 MB, beside the fastest of them', 'ours', [ours / fastest], '×', { target: '≤ 1.1' }),
      row('copy 256 MB, memory above base', 'ours', peaks, 'MB', { target: '≤ 64 MB' }),
    ];
  } finally {
    await engine.dispose();
    await from.close();
  }
}

/** Platforms of four layers each, with nothing that hangs on them. */
async function withinRegistry(): Promise<readonly Row[]> {
  const registry = await startRegistry();
  const engine = testEngine();
  try {
    const rows: Row[] = [];
    for (const platforms of [1, 3, 12]) {
      const name = `bench/app${platforms}`;
      await pushIndex(registry.host, name, platforms);
      registry.clearLog();
      await copy(engine, `${registry.host}/${name}:1.0`, `${registry.host}/copy/${name}:1.0`);
      const [blobs, manifests] = [5 * platforms, platforms + 1];
      const mounts = registry.count('POST upload');
      rows.push(
        row(`copy of ${blobs} blobs within a registry, bytes sent`, 'ours', [registry.count('PUT upload') + registry.count('PATCH upload')], 'uploads', { target: '0' }),
        row(`copy of ${blobs} blobs within a registry, mounts`, 'ours', [mounts], '', { target: String(blobs) }),
        row(`copy of ${manifests} manifests within a registry, other requests for each`, 'ours', [(registry.count() - mounts) / manifests], '', { target: 'the same for any number' }),
      );
    }
    return rows;
  } finally {
    await engine.dispose();
    await registry.close();
  }
}

async function pushIndex(host: string, repository: string, platforms: number): Promise<void> {
  const children = await Promise.all(Array.from({ length: platforms }, async (_, at) => ({ ...await pushImage(host, repository, '', 4, 64 * 1024), platform: { os: 'linux', architecture: `a${at}` } })));
  const mediaType = 'application/vnd.oci.image.index.v1+json';
  const manifests = children.map(({ mediaType: type, digest, size, platform }) => ({ mediaType: type, digest, size, platform }));
  await pushManifest(host, repository, '1.0', { schemaVersion: 2, mediaType, manifests }, mediaType);
}

async function copy(engine: ReturnType<typeof testEngine>, source: string, target: string): Promise<void> {
  const plan = await engine.copying.plan({ source: parseReference(source), destination: parseReference(target) }, never);
  await engine.copying.copy(plan, {}, { trust: { keys: [], policies: [], problems: [] } }, () => undefined, never);
}

async function pushLarge(host: string, layers: number, sizeBytes: number): Promise<string> {
  await pushImage(host, 'bench/large', '1.0', layers, sizeBytes);
  return 'bench/large';
}

async function pushImage(host: string, repository: string, tag: string, count: number, sizeBytes: number): Promise<Awaited<ReturnType<typeof pushManifest>>> {
  const layers = [];
  for (let n = 0; n < count; n++) layers.push({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...await pushBlob(host, repository, randomBytes(sizeBytes)) });
  const config = await pushBlob(host, repository, Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) } })));
  return pushManifest(host, repository, tag, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...config }, layers });
}

/** @returns stops, and tells the peak of this process above what it was at the start, in MB */
function watchMemory(): () => number {
  globalThis.gc?.();
  const base = process.memoryUsage.rss();
  let peak = base;
  const timer = setInterval(() => { peak = Math.max(peak, process.memoryUsage.rss()); }, 10);
  return () => {
    clearInterval(timer);
    return (peak - base) / megabyte;
  };
}

function run(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { timeout: 300_000 }, (error, _stdout, stderr) => {
      if (error) reject(new Error(`${program} ${args[0] ?? ''}: ${stderr}`));
      else resolve();
    });
  });
}
