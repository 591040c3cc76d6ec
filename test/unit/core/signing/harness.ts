// A registry in this process, the product's own client for it, keys, and an independent look at what is signed.
import { setMaxListeners } from 'node:events';
import { after } from 'node:test';
import { generateKeyPairSync } from 'node:crypto';
import { importPrivateKey, type PrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import { RegistryClient } from '../../../../src/core/oci/registryClient.ts';
import { parseReference, type Reference } from '../../../../src/core/oci/reference.ts';
import type { Clock } from '../../../../src/core/oci/transport.ts';
import type { Verdict } from '../../../../src/core/policy/verdict.ts';
import { planSigning, signPlan, type FormatChoice, type SignedManifest, type SignOptions } from '../../../../src/core/signing/signImage.ts';
import type { PushContext } from '../../../../src/core/signing/tagUpdate.ts';
import { Verifier } from '../../../../src/core/verification/verifier.ts';
import { NodeTransport } from '../../../support/nodeTransport.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';

export const never = new AbortController().signal;
setMaxListeners(0, never);

/** Time that passes only when somebody sleeps. */
export function steppedClock(): Clock & { sleptMs: number } {
  const clock = {
    sleptMs: 0,
    now: () => 1_767_323_045_000 + clock.sleptMs,
    sleep: async (ms: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      clock.sleptMs += ms;
      await new Promise((done) => { setImmediate(done); });
    },
  };
  return clock;
}

export function newKey(): PrivateKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return importPrivateKey(Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })));
}

export interface Harness {
  readonly registry: TestRegistry;
  readonly client: RegistryClient;
  readonly context: PushContext;
  readonly clock: ReturnType<typeof steppedClock>;
}

export async function startHarness(options: RegistryOptions = {}): Promise<Harness> {
  const registry = await startRegistry(options);
  const transport = new NodeTransport();
  const clock = steppedClock();
  const client = newClient(transport, clock);
  after(async () => {
    transport.close();
    await registry.close();
  });
  return { registry, client, clock, context: { registry: client, clock, random: () => 0.5 } };
}

export function newClient(transport: NodeTransport, clock: Clock): RegistryClient {
  return new RegistryClient({ transport, keychain: { find: () => Promise.resolve(undefined) }, rules: { allowsPlainHttp: () => true }, clock, random: () => 0.5 });
}

export const reference = ({ registry }: Harness, name: string): Reference => parseReference(`${registry.host}/${name}`);

export interface SignAsk extends Partial<SignOptions> {
  readonly key: PrivateKey;
  readonly format?: FormatChoice;
  readonly recursive?: boolean;
  readonly signatureRepository?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly context?: PushContext;
}

/** Plans and signs. */
export async function sign(harness: Harness, name: string, ask: SignAsk): Promise<readonly SignedManifest[]> {
  const { key, format = 'both', recursive = false, annotations = {}, dockerMediaTypes = false, signal = never, onProgress = () => undefined, context = harness.context } = ask;
  const signatureRepository = ask.signatureRepository === undefined ? {} : { signatureRepository: parseReference(`${harness.registry.host}/${ask.signatureRepository}`) };
  const plan = await planSigning(context.registry, { reference: reference(harness, name), format, recursive, ...signatureRepository }, signal);
  return signPlan(context, plan, { key, annotations, dockerMediaTypes }, onProgress, signal);
}

/** What a verifier that knows nothing says about an image with these keys. */
export function verify(harness: Harness, name: string, keys: Readonly<Record<string, PrivateKey>>): Promise<Verdict> {
  const keySource = { read: (key: { readonly reference: string }) => Promise.resolve(new TextEncoder().encode(key.reference)) };
  const verifier = new Verifier({ registry: harness.client, keySource, clock: harness.clock, tagLifetimeMs: 0 });
  const trust = { keys: Object.entries(keys).map(([keyName, { publicKey }]) => ({ name: keyName, reference: publicKey.pem })), policies: [], problems: [] };
  return verifier.verify({ reference: reference(harness, name), trust, fresh: true }, never);
}

/** `legacy release`, `bundle other-key`, sorted; or the verdict where there are no signatures. */
export async function signers(harness: Harness, name: string, keys: Readonly<Record<string, PrivateKey>>): Promise<readonly string[] | string> {
  const verdict = await verify(harness, name, keys);
  if (verdict.kind === 'unchecked') return `unchecked ${verdict.reason.code}`;
  return 'signatures' in verdict && verdict.signatures.length > 0
    ? verdict.signatures.map(({ format, signedBy, fault }) => `${format} ${signedBy?.key ?? fault ?? ''}`).sort()
    : verdict.kind;
}
