// Many signed images in one registry behind the slow proxy, and Dockerfiles that name them.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '../../src/core/oci/reference.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { requirePeers, startDistribution } from '../support/peers.ts';
import { startSlowProxy, type SlowProxy } from '../support/slowProxy.ts';
import { ourCommandLine, theirCommandLine, type Program } from './programs.ts';

const never = new AbortController().signal;
/** So many images are made at once. */
const atOnce = 25;

export interface SignedImages {
  readonly proxy: SlowProxy;
  readonly programs: readonly Program[];
  /** PEM. */
  readonly publicKey: string;
  /** `host/repository:1.0`, signed in the legacy format. */
  readonly images: readonly string[];
  /** One image signed as a bundle only. */
  readonly bundled: string;
  /** Writes the file into every program's folder. */
  write(name: string, text: string): void;
  close(): Promise<void>;
}

/** `bench.key` and `bench.pub` lie in every program's folder. */
export async function startSignedImages(count: number): Promise<SignedImages> {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  const registry = await startDistribution();
  const proxy = await startSlowProxy(registry.host);
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'));
  const [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  const engine = testEngine();
  const close = async (): Promise<void> => {
    await engine.dispose();
    proxy.close();
    await registry.close();
    for (const each of [folder, two.directory, three.directory]) rmSync(each, { recursive: true, force: true });
  };
  try {
    const keys = await two.generateKeyPair('bench');
    for (const to of [folder, three.directory]) for (const file of [keys.key, keys.pub]) copyFileSync(file, join(to, file.endsWith('.key') ? 'bench.key' : 'bench.pub'));
    const key = { name: 'bench', reference: keys.key };
    await engine.signing.unlock(key, '', 3_600_000, never);
    const sign = async (name: string, format: 'legacy' | 'bundle'): Promise<string> => {
      await pushImage(proxy.host, name, '1.0');
      const plan = await engine.signing.planImage({ reference: parseReference(`${proxy.host}/${name}:1.0`), format, recursive: false }, never);
      await engine.signing.signImage({ plan, key, annotations: {}, dockerMediaTypes: false }, () => undefined, never);
      return `${proxy.host}/${name}:1.0`;
    };
    const images: string[] = [];
    for (let from = 0; from < count; from += atOnce) {
      images.push(...await Promise.all(Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => sign(`bench/app${from + at}`, 'legacy'))));
    }
    return {
      proxy, images, publicKey: keys.pem, bundled: await sign('bench/bundled', 'bundle'),
      programs: [ourCommandLine(folder), theirCommandLine(two, peers.cosign2), theirCommandLine(three, peers.cosign3)],
      write: (name, text) => { for (const to of [folder, two.directory, three.directory]) writeFileSync(join(to, name), text); },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export const dockerfileOf = (images: readonly string[]): string => images.map((image, n) => `FROM ${image} AS stage${n}\n`).join('');
export const verifyWords = (file: string): readonly string[] => ['dockerfile', 'verify', '--key', 'bench.pub', '--allow-http-registry', file];
