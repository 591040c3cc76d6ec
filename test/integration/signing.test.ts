// Many signers of one image at once: nobody's signature is lost, in either format, whatever the registry can do.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { setMaxListeners } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { importPrivateKey } from '../../src/core/crypto/privateKey.ts';
import { RegistryClient } from '../../src/core/oci/registryClient.ts';
import { parseReference } from '../../src/core/oci/reference.ts';
import { planSigning, signPlan, type FormatChoice } from '../../src/core/signing/signImage.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import { systemClock } from '../../src/node/systemClock.ts';
import { generateKeyPairSync } from 'node:crypto';
import { pushImage } from '../support/images.ts';
import { NodeTransport } from '../support/nodeTransport.ts';
import { startDistribution, type Distribution } from '../support/peers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

const signerCount = 32;
const never = new AbortController().signal;
setMaxListeners(0, never);

interface Signer { readonly pem: string; readonly publicPem: string }

function newSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { pem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString() };
}

/** A client of its own for every signer, as if each sat at another computer. */
async function signAs({ pem }: Pick<Signer, 'pem'>, image: string, format: FormatChoice): Promise<void> {
  const transport = new NodeTransport();
  try {
    const registry = newClient(transport);
    const plan = await planSigning(registry, { reference: parseReference(image), format, recursive: false }, never);
    await signPlan({ registry, clock: systemClock, random: Math.random }, plan, { key: importPrivateKey(Buffer.from(pem)), annotations: {}, dockerMediaTypes: false }, () => undefined, never);
  } finally {
    transport.close();
  }
}

function newClient(transport: NodeTransport): RegistryClient {
  return new RegistryClient({ transport, keychain: { find: () => Promise.resolve(undefined) }, rules: { allowsPlainHttp: () => true }, clock: systemClock, random: Math.random });
}

/** How many signatures of each format count, and by how many of the signers. */
async function counted(image: string, signers: readonly Signer[]): Promise<Readonly<Record<string, number>>> {
  const transport = new NodeTransport();
  try {
    const keySource = { read: ({ reference }: { readonly reference: string }) => Promise.resolve(Buffer.from(reference)) };
    const verifier = new Verifier({ registry: newClient(transport), keySource, clock: systemClock, tagLifetimeMs: 0 });
    const keys = signers.map(({ publicPem }, index) => ({ name: String(index), reference: publicPem }));
    const verdict = await verifier.verify({ reference: parseReference(image), trust: { keys, policies: [], problems: [] }, fresh: true }, never);
    assert.ok(verdict.kind === 'verified', verdict.kind);
    const by = (format: string): number => new Set(verdict.signatures.flatMap((one) => (one.format === format && one.signedBy ? [one.signedBy.key] : []))).size;
    return { legacy: by('legacy'), bundle: by('bundle'), stored: verdict.signatures.length };
  } finally {
    transport.close();
  }
}

/** Runs as a process of its own: signs with every key it is sent. */
function serveSigner(): void {
  process.once('message', (message) => {
    const { pems, image } = message as { readonly pems: readonly string[]; readonly image: string };
    Promise.all(pems.map((pem) => signAs({ pem }, image, 'both'))).then(() => process.exit(0), (error: unknown) => {
      console.error(error);
      process.exit(1);
    });
  });
  process.send?.('ready');
}

async function signInProcesses(signers: readonly Signer[], image: string, processes: number): Promise<void> {
  const children = await Promise.all(Array.from({ length: processes }, async () => {
    const child = fork(__filename, { env: { ...process.env, COUNTERSIGN_TEST_SIGNER: '1' }, execArgv: [] });
    await new Promise((ready) => { child.once('message', ready); });
    return child;
  }));
  const codes = await Promise.all(children.map((child, index) => new Promise<number | null>((done) => {
    child.once('exit', done);
    child.send({ image, pems: signers.filter((_, at) => at % processes === index).map(({ pem }) => pem) });
  })));
  assert.deepEqual(codes, Array.from({ length: processes }, () => 0));
}

if (process.env['COUNTERSIGN_TEST_SIGNER'] !== undefined) serveSigner();
else describe(`${signerCount} signers of one image at once`, () => {
  const signers = Array.from({ length: signerCount }, newSigner);
  const registries = new Map<string, { readonly host: string }>();
  const running: (TestRegistry | Distribution)[] = [];
  before(async () => {
    for (const [name, start] of [
      ['native referrers', () => startRegistry()],
      ['no referrers and no conditions', () => startRegistry({ referrers: 'router 404' })],
      ['no referrers, every answer taking 10 ms more or less', () => startRegistry({ referrers: 'router 404', latencyMs: () => 5 + Math.random() * 10 })],
      ['no referrers but conditions', () => startRegistry({ referrers: 'json 404', etags: true })],
      ['Debian\'s distribution registry', () => startDistribution()],
    ] as const) {
      const registry = await start();
      running.push(registry);
      registries.set(name, registry);
    }
  });
  after(async () => { for (const registry of running) await registry.close(); });
  const host = (name: string): string => registries.get(name)?.host ?? '';
  const everybody = { legacy: signerCount, bundle: signerCount, stored: 2 * signerCount };

  for (const name of ['native referrers', 'no referrers and no conditions', 'no referrers, every answer taking 10 ms more or less', 'no referrers but conditions', 'Debian\'s distribution registry']) {
    it(`with different keys lose nothing: ${name}`, async () => {
      const image = await pushImage(host(name), 'demo/crowd', '1.0');
      await Promise.all(signers.map((signer) => signAs(signer, image.byDigest, 'both')));
      assert.deepEqual(await counted(image.byDigest, signers), everybody);
    });
  }

  for (const name of ['no referrers and no conditions', 'Debian\'s distribution registry']) {
    it(`in 8 processes lose nothing: ${name}`, async () => {
      const image = await pushImage(host(name), 'demo/processes', '1.0');
      await signInProcesses(signers, image.byDigest, 8);
      assert.deepEqual(await counted(image.byDigest, signers), everybody);
    });
  }

  it('of two that begin one after the other, the later adds to the earlier', async () => {
    const image = await pushImage(host('no referrers and no conditions'), 'demo/two', '1.0');
    for (const signer of signers.slice(0, 2)) await signAs(signer, image.byDigest, 'both');
    assert.deepEqual(await counted(image.byDigest, signers), { legacy: 2, bundle: 2, stored: 4 });
  });
});
