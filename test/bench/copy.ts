// An image of 256 MB from one real registry to another: our engine beside crane, oras and cosign, in alternation; and what a copy within a registry asks.
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
  const peers = await requirePeers(['cosign2', 'crane', 'oras', 'registry']);
  const cosign = new Cosign(peers.cosign2, 2);
  const [from, to] = await Promise.all([startDistribution({ storage: 'filesystem' }), startDistribution({ storage: 'filesystem' })]);
  const engine = testEngine();
  try {
    const image = await pushLarge(from.host, 4, 64 * megabyte);
    const source = `${from.host}/${image}:1.0`;
    const programs: readonly (readonly [string, (target: string) => Promise<unknown>])[] = [
      ['ours', (target) => copy(engine, source, target)],
      ['crane', (target) => run(peers.crane, ['copy', '--insecure', source, target])],
      ['oras', (target) => run(peers.oras, ['cp', '-r', '--from-plain-http', '--to-plain-http', source, target])],
      ['cosign 2', (target) => cosign.must(['copy', '--allow-http-registry', source, target])],
    ];
    const times = programs.map((): number[] => []);
    const peaks: number[] = [];
    for (let round = 0; round < (quick ? 2 : 5); round++) {
      for (const [index, [name, work]] of programs.entries()) {
        const peak = watchMemory();
        const start = performance.now();
        await work(`${to.host}/round${round}/${name.replace(' ', '')}:1.0`);
        times[index]?.push(performance.now() - start);
        const above = peak();
        if (index === 0) peaks.push(above);
      }
    }
    const ours = median(times[0] ?? []);
    return [
      ...programs.map(([name], index) => row('copy 256 MB between registries', name, times[index] ?? [], 'ms', index === 0 ? { target: '≤ 1.1 × the fastest' } : { ratio: median(times[index] ?? []) / ours })),
      row('copy 256 MB, memory above base', 'ours', peaks, 'MB', { target: '≤ 64 MB' }),
    ];
  } finally {
    await engine.dispose();
    await Promise.all([from.close(), to.close()]);
  }
}

/** Three platforms of four layers each, with nothing that hangs on them. */
async function withinRegistry(): Promise<readonly Row[]> {
  const registry = await startRegistry();
  const engine = testEngine();
  try {
    const children = await Promise.all(['amd64', 'arm64', 's390x'].map(async (architecture) => ({ ...await pushImage(registry.host, 'bench/app', '', 4, megabyte), platform: { os: 'linux', architecture } })));
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    const manifests = children.map(({ mediaType: type, digest, size, platform }) => ({ mediaType: type, digest, size, platform }));
    await pushManifest(registry.host, 'bench/app', '1.0', { schemaVersion: 2, mediaType, manifests }, mediaType);
    registry.clearLog();
    await copy(engine, `${registry.host}/bench/app:1.0`, `${registry.host}/bench/copy:1.0`);
    return [
      row('copy within a registry, bytes sent', 'ours', [registry.count('PUT upload') + registry.count('PATCH upload')], 'uploads', { target: '0' }),
      row('copy within a registry, mounts of 15 blobs', 'ours', [registry.count('POST upload')], ''),
      row('copy within a registry, other requests for 4 manifests', 'ours', [registry.count() - registry.count('POST upload')], '', { target: '∝ manifests' }),
    ];
  } finally {
    await engine.dispose();
    await registry.close();
  }
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
