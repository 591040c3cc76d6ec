// 20 images in one registry, every request 50 ms late: our engine beside both cosigns, in alternation.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cosign } from '../support/cosign.ts';
import { ask, testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { requirePeers, startDistribution } from '../support/peers.ts';
import { startSlowProxy } from '../support/slowProxy.ts';
import { median, row, type Row } from './report.ts';

export async function benchDockerfileVerify(quick: boolean): Promise<readonly Row[]> {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  const registry = await startDistribution();
  const proxy = await startSlowProxy(registry.host);
  const cosigns = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  const [signer] = cosigns;
  if (!signer) throw new Error('no cosign');
  try {
    const keys = await signer.generateKeyPair('bench');
    const images: string[] = [];
    for (let n = 0; n < 20; n++) {
      const image = await pushImage(proxy.host, `bench/app${n}`, '1.0');
      await signer.sign(keys.key, image.byDigest, 'legacy');
      images.push(`${proxy.host}/${image.repository}:1.0`);
    }
    for (const cosign of cosigns) writeFileSync(join(cosign.directory, 'Dockerfile'), images.map((image, n) => `FROM ${image} AS stage${n}\n`).join(''));
    await proxy.delay(50);

    const rounds = 5;
    const cosignRounds = quick ? 2 : 5;
    const ours: number[] = [];
    const theirs: number[][] = cosigns.map(() => []);
    let cold = { requests: 0, serial: 0 };
    let warmTag = 0;
    let warmDigest = 0;
    const verifyAll = async (engine: ReturnType<typeof testEngine>, names: readonly string[]): Promise<readonly string[]> => {
      const verdicts = await Promise.all(names.map((image) => ask(engine, image, { bench: keys.pem })));
      const bad = verdicts.find(({ kind }) => kind !== 'verified');
      if (bad) throw new Error(`a bench image is ${JSON.stringify(bad)}`);
      return verdicts.map((verdict) => ('digest' in verdict ? String(verdict.digest) : ''));
    };
    let first = 0;
    // The first round is that of a process which has verified nothing before: it is compiled while it runs, and is a row of its own.
    for (let round = 0; round <= rounds; round++) {
      const engine = testEngine({ tagLifetimeMs: 0 });
      await proxy.reset();
      const start = performance.now();
      const digests = await verifyAll(engine, images);
      const took = performance.now() - start;
      if (round === 0) first = took;
      else ours.push(took);
      cold = await proxy.measure();
      await proxy.reset();
      await verifyAll(engine, images);
      warmTag = (await proxy.measure()).requests;
      await proxy.reset();
      await verifyAll(engine, images.map((image, n) => image.replace(/:1\.0$/, `@${digests[n] ?? ''}`)));
      warmDigest = (await proxy.measure()).requests;
      await engine.dispose();
      for (const [index, cosign] of round < cosignRounds ? cosigns.entries() : []) {
        const began = performance.now();
        await cosign.must(['dockerfile', 'verify', '--key', keys.pub, '--insecure-ignore-tlog', '--allow-http-registry', 'Dockerfile']);
        theirs[index]?.push(performance.now() - began);
      }
    }
    return [
      row('20 images cold, 50 ms a request', 'ours, first of a process', [first], 'ms'),
      row('20 images cold, 50 ms a request', 'ours', ours, 'ms'),
      ...cosigns.map(({ major }, index) => row('20 images cold, 50 ms a request', `cosign ${major}`, theirs[index] ?? [], 'ms', { ratio: median(theirs[index] ?? []) / median(ours) })),
      row('20 images cold, beside the faster cosign', 'ours', [Math.min(...theirs.map(median)) / median(ours)], '× as fast', { target: '≥ 20', least: 20 }),
      row('requests, cold', 'ours', [cold.requests], '', { target: '≤ 65', most: 65 }),
      row('serial round trips, cold', 'ours', [cold.serial], '', { target: '≤ 3', most: 3 }),
      row('requests, warm tags', 'ours', [warmTag], '', { target: '20', most: 20 }),
      row('requests, warm digests', 'ours', [warmDigest], '', { target: '0', most: 0 }),
    ];
  } finally {
    proxy.close();
    await registry.close();
  }
}
