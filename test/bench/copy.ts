// An image of 256 MB from one real registry to another and within one: ours beside crane, oras, skopeo and both cosigns, in alternation; what it asks, and how much memory it takes.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseReference } from '../../src/core/oci/reference.ts';
import { testEngine, testSettings } from '../support/engine.ts';
import { pushBlob, pushManifest } from '../support/images.ts';
import { requirePeers, startDistribution } from '../support/peers.ts';
import { startRegistry } from '../support/registry.ts';
import { startSlowProxy } from '../support/slowProxy.ts';
import { testCertificate } from '../support/testCertificate.ts';
import { copyMemory } from './copyMemory.ts';
import { inTurn, measured } from './programs.ts';
import { median, row, type Row } from './report.ts';

const megabyte = 1024 * 1024;
const never = new AbortController().signal;

export async function benchCopy(quick: boolean): Promise<readonly Row[]> {
  return [...await acrossRegistries(quick), ...await overTls(quick), ...await withinRealRegistry(quick ? 2 : 5), ...await memory(quick), ...await withinRegistry()];
}

type Copier = readonly [name: string, copy: (source: string, target: string) => Promise<unknown>];

/** Ours first: as a process beside their processes, and in one that runs already, as in the editor. */
async function copiers(engine: ReturnType<typeof testEngine>, secure = false): Promise<readonly Copier[]> {
  const cosignFlag = secure ? '--allow-insecure-registry' : '--allow-http-registry';
  const orasFlags = secure ? ['--from-insecure', '--to-insecure'] : ['--from-plain-http', '--to-plain-http'];
  const peers = await requirePeers(['cosign2', 'cosign3', 'crane', 'oras', 'skopeo']);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  process.once('exit', () => { rmSync(folder, { recursive: true, force: true }); });
  const run = (program: string, words: readonly string[]): Promise<unknown> => measured(program, words, folder);
  return [
    ['ours (process)', (source, target) => run(process.execPath, [resolve('dist/cli.js'), 'copy', cosignFlag, source, target])],
    ['ours (in the editor)', (source, target) => copy(engine, source, target)],
    ['crane', (source, target) => run(peers.crane, ['copy', '--insecure', source, target])],
    ['oras', (source, target) => run(peers.oras, ['cp', '-r', ...orasFlags, source, target])],
    ['skopeo', (source, target) => run(peers.skopeo, ['copy', '--all', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${source}`, `docker://${target}`])],
    ['cosign 2', (source, target) => run(peers.cosign2, ['copy', cosignFlag, source, target])],
    ['cosign 3', (source, target) => run(peers.cosign3, ['copy', cosignFlag, source, target])],
  ];
}

/** The first round is not counted: the engine lives in an editor that runs for long, and the others find their programs in memory then. */
async function rounds(programs: readonly Copier[], count: number, one: (copier: Copier, index: number, round: number) => Promise<number>): Promise<readonly (readonly number[])[]> {
  const times = programs.map((): number[] => []);
  for (let round = 0; round <= count; round++) {
    for (const [index, copier] of inTurn([...programs.entries()], round)) {
      const took = await one(copier, index, round);
      if (round > 0) times[index]?.push(took);
    }
  }
  return times;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function besides(what: string, programs: readonly Copier[], times: readonly (readonly number[])[], most: number): readonly Row[] {
  const ours = median(times[0] ?? []);
  const fastest = Math.min(...times.slice(2).map(median));
  return [
    ...programs.map(([name], index) => row(what, name, times[index] ?? [], 'ms', index === 0 ? {} : { ratio: median(times[index] ?? []) / ours })),
    ...programs.slice(0, 2).map(([name], index) => row(`${what}, beside the fastest of them`, name, [median(times[index] ?? []) / fastest], '×', { target: `≤ ${most}`, most })),
  ];
}

async function acrossRegistries(quick: boolean): Promise<readonly Row[]> {
  const what = 'copy 256 MB between registries';
  const { programs, times } = await toEmptyOnes(quick ? 2 : 7);
  return besides(what, programs, times, 1.1);
}

/** As nearly everybody's registry is reached; the certificate is one that nobody verifies. */
async function overTls(quick: boolean): Promise<readonly Row[]> {
  const { programs, times } = await toEmptyOnes(quick ? 1 : 5, testCertificate);
  return besides('copy 256 MB between registries over TLS', programs, times, 1.1).filter(({ most }) => most === undefined);
}

async function toEmptyOnes(count: number, tls?: typeof testCertificate): Promise<{ readonly programs: readonly Copier[]; readonly times: readonly (readonly number[])[] }> {
  const options = { storage: 'filesystem', ...(tls ? { tls } : {}) } as const;
  // What fills the source speaks plain http.
  const [from, pushed] = await Promise.all([startDistribution(options), startDistribution({ storage: 'filesystem' })]);
  const engine = testEngine(tls ? { insecureRegistries: [from.host] } : {});
  try {
    const name = await pushLarge(pushed.host, 4, 64 * megabyte);
    const source = `${from.host}/${name}:1.0`;
    await copy(engine, `${pushed.host}/${name}:1.0`, source);
    const programs = await copiers(engine, tls !== undefined);
    const times = await rounds(programs, count, async ([name, work], _, round) => {
      // An empty one for each: skopeo remembers what a registry has, and would mount it.
      const to = await startDistribution(options);
      if (tls) engine.configure({ ...testSettings, insecureRegistries: [from.host, to.host] });
      try {
        return await timed(() => work(source, `${to.host}/round${round}/${name.replaceAll(/\W/g, '')}:1.0`));
      } finally {
        await to.close();
      }
    });
    return { programs, times };
  } finally {
    await engine.dispose();
    await Promise.all([from.close(), pushed.close()]);
  }
}

/** The same image to other repositories of its registry, with every request counted on the way. */
async function withinRealRegistry(count: number): Promise<readonly Row[]> {
  const what = 'copy 256 MB within a registry';
  const registry = await startDistribution({ storage: 'filesystem' });
  const proxy = await startSlowProxy(registry.host);
  const engine = testEngine();
  try {
    const source = `${proxy.host}/${await pushLarge(registry.host, 4, 64 * megabyte)}:1.0`;
    const programs = await copiers(engine);
    const requests = programs.map(() => 0);
    const times = await rounds(programs, count, async ([name, work], index, round) => {
      await proxy.reset();
      const took = await timed(() => work(source, `${proxy.host}/within${round}/${name.replaceAll(/\W/g, '')}:1.0`));
      requests[index] = (await proxy.measure()).requests;
      return took;
    });
    return [...besides(what, programs, times, 1.1).filter(({ most }) => most === undefined), ...programs.map(([name], index) => row(`${what}: requests`, name, [requests[index] ?? 0], ''))];
  } finally {
    await engine.dispose();
    proxy.close();
    await registry.close();
  }
}

async function memory(quick: boolean): Promise<readonly Row[]> {
  const [from, to] = await Promise.all([startDistribution({ storage: 'filesystem' }), startDistribution({ storage: 'filesystem' })]);
  try {
    const sizes = quick ? [256] : [256, 1024];
    await pushImage(from.host, 'bench/small', '1.0', 4, 1024);
    for (const size of sizes) await pushImage(from.host, `bench/large${size}`, '1.0', 4, size / 4 * megabyte);
    const pair = (name: string): string => `${from.host}/bench/${name}:1.0>${to.host}/bench/${name}:1.0`;
    const peaks = await copyMemory('dist/engine.js', pair('small'), sizes.map((size) => pair(`large${size}`)));
    return sizes.map((size, at) => row(`copy ${size} MB, memory above base`, 'ours (in the editor)', [peaks[at] ?? Number.NaN], 'MB', { target: '≤ 64 MB', most: 64 }));
  } finally {
    await Promise.all([from.close(), to.close()]);
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
        row(`copy of ${blobs} blobs within a registry, bytes sent`, 'ours', [registry.count('PUT upload') + registry.count('PATCH upload')], 'uploads', { target: '0', most: 0 }),
        row(`copy of ${blobs} blobs within a registry, mounts`, 'ours', [mounts], '', { target: String(blobs), most: blobs, least: blobs }),
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
