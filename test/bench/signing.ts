// Keys and signatures beside both cosigns: making a key pair, signing an image with every request 50 ms late, signing a large file.
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseReference } from '../../src/core/oci/reference.ts';
import type { FormatChoice } from '../../src/core/signing/signImage.ts';
import type { SigningEngine } from '../../src/core/signingEngine.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { requirePeers, startDistribution } from '../support/peers.ts';
import { startSlowProxy, type SlowProxy } from '../support/slowProxy.ts';
import { inTurn } from './programs.ts';
import { median, row, type Row } from './report.ts';

const never = new AbortController().signal;
const latencyMs = 50;

/**
 * The fewest requests that can come one after another when a tag is signed that nobody has signed, at a registry that does not list referrers
 * itself. By the protocol, not by what we do: more of ours must not move it.
 *
 * - legacy, 6: the image's manifest (its digest names all that follows), what is under the `.sig` tag, POST and PUT of the payload and the
 *   configuration beside each other, the manifest under the tag, and reading it again: that alone tells whether others were overwritten.
 * - bundle, 8: the image's manifest, the referrers (which says that it does not list them), the fallback tag, POST and PUT of the bundle, the
 *   manifest that refers, the index under the fallback tag, and reading it again.
 * - both, 8: beside each other.
 */
const fewestRoundTrips = { legacy: 6, bundle: 8, both: 8 } as const;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

async function times(count: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) values.push(await timed(() => work(round)));
  return values;
}

export async function benchSigning(quick: boolean): Promise<readonly Row[]> {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  const registry = await startDistribution();
  const proxy = await startSlowProxy(registry.host);
  const cosigns = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const engine = testEngine();
  const rounds = quick ? 2 : 5;
  try {
    const { signing } = engine;
    const makeKey = (name: string): Promise<unknown> =>
      signing.generateKeyPair({ paths: { privateKey: join(folder, `${name}.key`), publicKey: join(folder, `${name}.pub`) }, password: 'bench', overwrite: false }, never);
    const generated = await times(rounds, (round) => makeKey(`made${round}`));
    const generatedByCosign = await oneByOne(cosigns, (cosign) => times(rounds, (round) => cosign.generateKeyPair(`made${round}`)));
    const key = { name: 'bench', reference: join(folder, 'made0.key') };
    const unlocking = await longestBlock(() => times(rounds, () => signing.unlock(key, 'bench', 3_600_000, never)));

    const rows: Row[] = [
      row('make a key pair', 'ours', generated, 'ms'),
      ...cosigns.map(({ major }, at) => row('make a key pair', `cosign ${major}`, generatedByCosign[at] ?? [], 'ms', { ratio: median(generatedByCosign[at] ?? []) / median(generated) })),
    ];
    rows.push(row('event loop held up at most, unlocking a key', 'ours', [unlocking], 'ms', { target: '≤ 16 ms', most: 16 }));
    for (const format of ['legacy', 'bundle', 'both'] as const) rows.push(...await benchFormat(format, { signing, key, proxy, cosigns, rounds }));
    rows.push(...await benchLargeFile(quick ? 1 : 4, folder, signing, key));
    return rows;
  } finally {
    await engine.dispose();
    proxy.close();
    await registry.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns how long the event loop stood still at most, in milliseconds; on a busy computer others are part of it */
async function longestBlock(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.max / 1e6;
}

async function oneByOne<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}

interface ImageBench {
  readonly signing: SigningEngine;
  readonly key: { readonly name: string; readonly reference: string };
  readonly proxy: SlowProxy;
  readonly cosigns: readonly Cosign[];
  readonly rounds: number;
}

async function benchFormat(format: FormatChoice, { signing, key, proxy, cosigns, rounds }: ImageBench): Promise<readonly Row[]> {
  const what = `sign an image, ${format}, ${latencyMs} ms a request`;
  const signers = cosigns.filter(({ major }) => major === 3 || format === 'legacy');
  const ours: number[] = [];
  const theirs = signers.map((): number[] => []);
  let traffic = { requests: 0, serial: 0 };
  const fresh = async (who: string, round: number): Promise<string> => {
    await proxy.delay(0);
    const { repository } = await pushImage(proxy.host, `bench/${format}-${who}${round}`, '1.0');
    await proxy.delay(latencyMs);
    return `${proxy.host}/${repository}:1.0`;
  };
  const sign = async (round: number): Promise<void> => {
    const image = await fresh('ours', round);
    await proxy.reset();
    const took = await timed(async () => {
      const plan = await signing.planImage({ reference: parseReference(image), format, recursive: false }, never);
      await signing.signImage({ plan, key, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
    });
    // The first is compiled while it runs.
    if (round > 0) ours.push(took);
    traffic = await proxy.measure();
  };
  const signTheirs = async (cosign: Cosign, index: number, round: number): Promise<void> => {
    const image = await fresh(`cosign${cosign.major}`, round);
    const took = await timed(async () => {
      for (const each of format === 'both' ? ['legacy', 'bundle'] as const : [format]) await cosign.sign(join(cosign.directory, 'made0.key'), image, each);
    });
    if (round > 0) theirs[index]?.push(took);
  };
  for (let round = 0; round <= rounds; round++) {
    for (const turn of inTurn([() => sign(round), ...signers.map((cosign, index) => () => signTheirs(cosign, index, round))], round)) await turn();
  }
  const tripMs = await roundTripMs(proxy.host);
  const fewest = fewestRoundTrips[format];
  return [
    row(what, 'ours (in the editor)', ours, 'ms', { target: `≤ ${Math.round(fewest * tripMs * 1.2)} ms (${fewest} round trips of ${tripMs.toFixed(1)} ms + 20 %)`, most: fewest * tripMs * 1.2 }),
    ...signers.map(({ major }, index) => row(what, `cosign ${major}${format === 'both' ? ', twice' : ''}`, theirs[index] ?? [], 'ms', { ratio: median(theirs[index] ?? []) / median(ours) })),
    row(`${what}: requests`, 'ours (in the editor)', [traffic.requests], ''),
    row(`${what}: serial round trips`, 'ours (in the editor)', [traffic.serial], '', { target: `≥ ${fewest}, the fewest possible` }),
  ];
}

/** What one request costs a client that does nothing else, over a connection that is open: the delay, the way there and back, and the registry. */
async function roundTripMs(host: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (): Promise<void> => new Promise((done, fail) => {
    get(`http://${host}/v2/`, { agent }, (answer) => { answer.resume().once('end', done); }).once('error', fail);
  });
  await ask();
  const took = await times(20, ask);
  agent.destroy();
  return median(took);
}

/** A sparse file: the disk is not what is measured. */
async function benchLargeFile(gigabytes: number, folder: string, signing: SigningEngine, key: { readonly name: string; readonly reference: string }): Promise<readonly Row[]> {
  const file = join(folder, 'large.bin');
  writeFileSync(file, '');
  truncateSync(file, gigabytes * 1024 ** 3);
  const before = process.memoryUsage().rss;
  let peak = before;
  const took = await timed(() => signing.signFile({ file, key, signature: `${file}.sig`, bundle: `${file}.sigstore.json`, overwrite: true }, () => { peak = Math.max(peak, process.memoryUsage().rss); }, never));
  return [
    row(`sign a file of ${gigabytes} GB`, 'ours', [took], 'ms'),
    row(`memory above base, ${gigabytes} GB`, 'ours', [(peak - before) / 1024 ** 2], 'MB', { target: 'constant' }),
  ];
}
