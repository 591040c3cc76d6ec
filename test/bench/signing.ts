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
import { median, row, type Row } from './report.ts';

const never = new AbortController().signal;
const latencyMs = 50;

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
    const generatedByCosign = await inTurn(cosigns, (cosign) => times(rounds, (round) => cosign.generateKeyPair(`made${round}`)));
    const key = { name: 'bench', reference: join(folder, 'made0.key') };
    const unlocking = await longestBlock(() => times(rounds, () => signing.unlock(key, 'bench', 3_600_000, never)));

    const rows: Row[] = [
      row('make a key pair', 'ours', generated, 'ms'),
      ...cosigns.map(({ major }, at) => row('make a key pair', `cosign ${major}`, generatedByCosign[at] ?? [], 'ms', { ratio: median(generatedByCosign[at] ?? []) / median(generated) })),
    ];
    rows.push(row('event loop held up at most, unlocking a key', 'ours', [unlocking], 'ms', { target: '≤ 16 ms' }));
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

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
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
  const ours: number[] = [];
  let trips = 0;
  // Half a second each: enough of them that the first, which is compiled while it runs, does not decide.
  for (let round = 0; round < Math.max(rounds, 5); round++) {
    await proxy.delay(0);
    const image = await pushImage(proxy.host, `bench/${format}${round}`, '1.0');
    await proxy.delay(latencyMs);
    await proxy.reset();
    ours.push(await timed(async () => {
      const plan = await signing.planImage({ reference: parseReference(`${proxy.host}/${image.repository}:1.0`), format, recursive: false }, never);
      await signing.signImage({ plan, key, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
    }));
    trips = (await proxy.measure()).serial;
  }
  const tripMs = await roundTripMs(proxy.host);
  const [targetMs, tookMs] = [Math.round(trips * tripMs * 1.2), Math.round(median(ours))];
  const rows = [row(what, 'ours', ours, 'ms', { target: `≤ ${targetMs} ms (${trips} round trips of ${tripMs.toFixed(1)} ms + 20 %): ${tookMs <= targetMs ? 'met' : 'missed'} with ${tookMs} ms` })];
  for (const cosign of cosigns.filter(({ major }) => major === 3 || format === 'legacy')) {
    const formats = format === 'both' ? ['legacy', 'bundle'] as const : [format];
    const theirs = await times(Math.min(rounds, 3), async (round) => {
      for (const each of formats) await cosign.sign(join(cosign.directory, 'made0.key'), `${proxy.host}/bench/${format}${round}:1.0`, each);
    });
    rows.push(row(what, `cosign ${cosign.major}`, theirs, 'ms', { ratio: median(theirs) / median(ours) }));
  }
  return rows;
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
