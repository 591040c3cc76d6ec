// What a stored signature can do to a verdict, and what it cannot: against a registry in memory, with a store whose every byte a test can change.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { digestOf, type Digest } from '../../../../src/core/crypto/digest.ts';
import type { Descriptor } from '../../../../src/core/oci/manifest.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { SignerRule } from '../../../../src/core/policy/demand.ts';
import { parseKeys, parsePolicies } from '../../../../src/core/policy/parseTrust.ts';
import type { TrustSettings } from '../../../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../../../src/core/policy/verdict.ts';
import type { ContentStore } from '../../../../src/core/verification/contentStore.ts';
import { KeptSignatures } from '../../../../src/core/verification/keptSignatures.ts';
import { encodeNote, readNote } from '../../../../src/core/verification/signatureNote.ts';
import { signaturesLifetimeMs, Verifier } from '../../../../src/core/verification/verifier.ts';
import { bundleType, indexType, makeBundle, makeKey, makePayload, manifestType, MemoryRegistry, putImage, sha256, signBundle, signLegacy, simpleSigningType, type TestKey } from '../../../support/signedImages.ts';

const [release, team, stranger] = [makeKey(), makeKey(), makeKey()];
const name = 'localhost:5000/demo/app';
const never = new AbortController().signal;

/** Believes every byte it holds to be what it was put in as, so that what proves them is proven here, too. */
class MemoryStore implements ContentStore {
  contents = new Map<string, Uint8Array>();
  notes = new Map<string, Uint8Array>();

  content(digest: Digest, limitBytes: number): Promise<Uint8Array | undefined> {
    const bytes = this.contents.get(digest);
    return Promise.resolve(bytes && bytes.byteLength <= limitBytes && digestOf(bytes) === digest ? bytes : undefined);
  }

  note(key: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.notes.get(key));
  }

  keep(key: string, note: Uint8Array, contents: readonly Uint8Array[]): void {
    this.notes.set(key, note);
    for (const bytes of contents) this.keepContent(bytes);
  }

  keepContent(bytes: Uint8Array): void {
    this.contents.set(digestOf(bytes), bytes);
  }

  forget(key: string): void {
    this.notes.delete(key);
  }
}

let registry: MemoryRegistry;
let store: MemoryStore;
let verifier: Verifier;
let image: Descriptor;
let now: number;

beforeEach(() => {
  now = 1_000_000;
  registry = new MemoryRegistry();
  store = new MemoryStore();
  verifier = opened();
  image = putImage(registry, '1.0');
});

/** A window with an empty memory, as after a restart. */
function opened(kept: ContentStore = store): Verifier {
  return new Verifier({
    registry, tagLifetimeMs: 60_000, clock: { now: () => now, sleep: () => Promise.resolve() }, kept: new KeptSignatures(kept),
    keySource: { read: ({ reference }) => (reference === 'unreadable' ? Promise.reject(new CosignError('KEY_UNREADABLE', said`gone`)) : Promise.resolve(Buffer.from(reference))) },
  });
}

interface Asked {
  readonly keys?: Readonly<Record<string, string>>; readonly policies?: unknown; readonly trust?: TrustSettings; readonly platform?: string;
  readonly fresh?: boolean; readonly checkClaims?: boolean; readonly signatureRepository?: string; readonly besideImage?: boolean; readonly with?: Verifier;
}

function ask(reference: string, { keys: given = { release: release.pem }, policies: wanted, with: asked = verifier, ...options }: Asked = {}): Promise<Verdict> {
  const keys = parseKeys(given);
  const policies = parsePolicies(wanted, new Set(keys.values.map((key) => key.name)));
  const trust = { keys: keys.values, policies: policies.values, problems: [...keys.problems, ...policies.problems] };
  return asked.verify({ reference: parseReference(reference), trust, fresh: false, ...options }, never);
}

const pinned = (descriptor = image): string => `${name}@${descriptor.digest}`;
const offline = (): void => { registry.fail = () => new CosignError('REGISTRY_UNREACHABLE', said`cut off`); };
const told = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);
const storedAt = (verdict: Verdict): number | undefined => (verdict.kind === 'verified' ? verdict.storedAt : undefined);
const fates = (verdict: Verdict): unknown => ('signatures' in verdict ? verdict.signatures.map(({ format, store: where, signedBy, fault }) => [format, where, signedBy?.key ?? fault]) : told(verdict));

/** Verifies once with the registry, and is then a window that was opened anew, an hour later, without any registry. */
async function restart(reference = pinned(), options: Asked = {}): Promise<void> {
  assert.equal(told(await ask(reference, options)), 'verified');
  now += 3_600_000;
  verifier = opened();
  offline();
  registry.calls.length = 0;
}

describe('a pinned image that was verified before', () => {
  const ways: Readonly<Record<string, () => void>> = {
    'a legacy signature': () => signLegacy(registry, image.digest, release),
    'a legacy signature with annotations': () => signLegacy(registry, image.digest, release, { annotations: { a: 'b' } }),
    'a bundle': () => signBundle(registry, image, release),
    'a bundle under the fallback tag': () => signBundle(registry, image, release, { where: 'tag' }),
    'a bundle on a host without referrers': () => { registry.referrersApi = 'unsupported on host'; signBundle(registry, image, release); },
    'both formats and other people\'s signatures': () => {
      for (const key of [stranger, release, team]) signLegacy(registry, image.digest, key);
      signBundle(registry, image, stranger);
      signBundle(registry, image, release);
    },
    'a legacy signature among the referrers': () => {
      const { payload, signature } = makePayload(image.digest, release);
      const layer = { ...registry.putBlob(payload, simpleSigningType), annotations: { 'dev.cosignproject.cosign/signature': signature } };
      registry.addReferrer(image.digest, { schemaVersion: 2, mediaType: manifestType, config: registry.putBlob(Buffer.from('{}'), 'x'), layers: [layer], subject: image });
    },
  };
  for (const [way, sign] of Object.entries(ways)) {
    it(`by ${way} is verified by the same evidence without a single question, and says since when`, async () => {
      sign();
      const before = await ask(pinned());
      await restart();
      const verdict = await ask(pinned());
      assert.equal(told(verdict), 'verified');
      assert.deepEqual(fates(verdict), fates(before));
      assert.ok(verdict.kind === 'verified' && before.kind === 'verified');
      assert.deepEqual([verdict.storedAt, verdict.checkedAt, verdict.decidedBy, before.storedAt], [1_000_000, now, image.digest, undefined]);
      assert.deepEqual(registry.calls, []);
    });
  }

  it('may have been verified by its tag', async () => {
    signLegacy(registry, image.digest, release);
    await restart(`${name}:1.0`);
    assert.equal(told(await ask(pinned())), 'verified');
    assert.equal(told(await ask(`${name}:1.0@${image.digest}`)), 'verified');
  });

  it('is asked about again by "Verify Again", whatever is stored', async () => {
    signLegacy(registry, image.digest, release);
    await restart();
    assert.equal(told(await ask(pinned(), { fresh: true })), 'REGISTRY_UNREACHABLE');
    registry.fail = () => undefined;
    assert.deepEqual(storedAt(await ask(pinned(), { fresh: true })), undefined);
  });

  it('is the registry\'s word as long as that is fresh, and a stored one afterwards', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal(storedAt(await ask(pinned())), undefined);
    assert.equal(storedAt(await ask(pinned())), undefined);
    now += signaturesLifetimeMs + 1;
    registry.calls.length = 0;
    assert.equal(storedAt(await ask(pinned())), 1_000_000);
    assert.deepEqual(registry.calls, []);
  });

  it('counts what keys and policies are today', async () => {
    signLegacy(registry, image.digest, release, { annotations: { stage: 'test' } });
    await restart();
    const policy = (more: object): readonly object[] => [{ name: 'p', images: ['**'], keys: ['release'], ...more }];
    assert.equal(told(await ask(pinned(), { policies: policy({ annotations: { stage: 'test' } }) })), 'verified');
    assert.equal(told(await ask(pinned(), { policies: policy({ annotations: { stage: 'production' } }) })), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(pinned(), { keys: { team: team.pem } })), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(pinned(), { keys: { release: release.pem, team: team.pem }, policies: policy({ keys: ['release', 'team'], require: 'all' }) })), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(pinned(), { keys: { release: 'unreadable' } })), 'KEY_UNREADABLE');
    assert.equal(told(await ask(pinned(), { keys: {} })), 'SETTING_INVALID');
    assert.equal(told(await ask(pinned(), { keys: { other: team.pem, release: release.pem } })), 'verified');
  });

  it('is verified for others by signatures that did not count here', async () => {
    for (const key of [release, team]) signLegacy(registry, image.digest, key);
    await restart();
    assert.equal(told(await ask(pinned(), { keys: { team: team.pem } })), 'verified');
  });

  it('is not of another repository or digest', async () => {
    signLegacy(registry, image.digest, release);
    await restart();
    assert.equal(told(await ask(`localhost:5000/demo/other@${image.digest}`)), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(`localhost:5001/demo/app@${image.digest}`)), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(`${name}@${sha256('other')}`)), 'REGISTRY_UNREACHABLE');
  });

  it('is asked about when claims do not matter', async () => {
    signLegacy(registry, image.digest, release);
    await restart();
    assert.equal(told(await ask(pinned(), { checkClaims: false })), 'REGISTRY_UNREACHABLE');
  });

  it('does not bear the time of a note that is in the future', async () => {
    signLegacy(registry, image.digest, release);
    await restart();
    now = 500;
    assert.equal(storedAt(await ask(pinned())), 500);
  });

  it('is verified from where the settings say signatures are, and from beside the image', async () => {
    signLegacy(registry, image.digest, release);
    const elsewhere = { signatureRepository: 'localhost:5000/signatures', besideImage: true };
    await restart(pinned(), elsewhere);
    assert.equal(told(await ask(pinned(), elsewhere)), 'verified');
    assert.deepEqual(registry.calls, []);
    assert.equal(told(await ask(pinned(), { signatureRepository: 'localhost:5000/signatures' })), 'verified');
    assert.equal(told(await ask(pinned(), { signatureRepository: 'localhost:5000/third' })), 'REGISTRY_UNREACHABLE');
  });
});

describe('an image that is not verified from the store', () => {
  it('is one that is named by a tag', async () => {
    signLegacy(registry, image.digest, release);
    await restart(`${name}:1.0`);
    assert.equal(told(await ask(`${name}:1.0`)), 'REGISTRY_UNREACHABLE');
  });

  it('is never called unsigned or untrusted by what is stored', async () => {
    signLegacy(registry, image.digest, stranger);
    assert.equal(told(await ask(pinned())), 'untrusted');
    const bare = putImage(registry, '2.0');
    assert.equal(told(await ask(pinned(bare))), 'unsigned');
    verifier = opened();
    offline();
    assert.deepEqual([told(await ask(pinned())), told(await ask(pinned(bare)))], ['REGISTRY_UNREACHABLE', 'REGISTRY_UNREACHABLE']);
  });

  it('is asked about, and then verified by a signature that is new', async () => {
    signLegacy(registry, image.digest, stranger);
    await ask(pinned());
    verifier = opened();
    signLegacy(registry, image.digest, release);
    const verdict = await ask(pinned());
    assert.deepEqual([told(verdict), storedAt(verdict)], ['verified', undefined]);
  });

  it('is one whose signatures the registry was seen to have lost', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal(told(await ask(pinned())), 'verified');
    registry.tags.delete(`${image.digest.replace(':', '-')}.sig`);
    assert.equal(told(await ask(pinned(), { fresh: true })), 'unsigned');
    for (const next of [verifier, opened()]) {
      now += signaturesLifetimeMs + 1;
      assert.equal(told(await ask(pinned(), { with: next })), 'unsigned');
    }
  });

  it('is one whose signature was replaced by others', async () => {
    signLegacy(registry, image.digest, release);
    assert.equal(told(await ask(pinned())), 'verified');
    registry.tags.delete(`${image.digest.replace(':', '-')}.sig`);
    signLegacy(registry, image.digest, stranger);
    assert.equal(told(await ask(pinned(), { fresh: true })), 'untrusted');
    assert.equal(told(await ask(pinned(), { with: opened() })), 'untrusted');
  });

  it('keeps what is stored when the registry cannot be asked completely', async () => {
    signLegacy(registry, image.digest, release);
    await restart();
    assert.equal(told(await ask(pinned(), { fresh: true })), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(pinned())), 'verified');
  });

  it('is one of an index that counts because the index has no signature: that, only the registry knows', async () => {
    const child = putImage(registry, 'amd64');
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }] }, indexType, 'multi');
    signLegacy(registry, child.digest, release);
    await restart(pinned(index), { platform: 'linux/amd64' });
    assert.equal(told(await ask(pinned(index), { platform: 'linux/amd64' })), 'REGISTRY_UNREACHABLE');
    assert.equal(told(await ask(pinned(child))), 'verified', 'the image itself is');
  });

  it('is an index whose signatures are its own, whatever the platform', async () => {
    const child = putImage(registry, 'amd64');
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [{ ...child, platform: { os: 'linux', architecture: 'amd64' } }] }, indexType, 'multi');
    signLegacy(registry, index.digest, release);
    await restart(pinned(index));
    assert.equal(told(await ask(pinned(index), { platform: 'linux/amd64' })), 'verified');
  });
});

describe('a demand about the image of the platform', () => {
  const rule: SignerRule = { kind: 'signers', keys: [{ name: 'release', reference: release.pem }], threshold: 1, annotations: {}, ofPlatform: true };
  const trust: TrustSettings = { keys: [], policies: [], problems: [], files: [{ uri: 'file:///policy.json', demandsFor: () => [{ policy: 'p', origin: { kind: 'containers-policy' }, rule }] }] };
  it('is met by stored signatures, as the index says for ever which image that is', async () => {
    const [amd, arm] = [putImage(registry, 'amd64'), putImage(registry, 'arm64')];
    const index = registry.putJson({ schemaVersion: 2, mediaType: indexType, manifests: [{ ...amd, platform: { os: 'linux', architecture: 'amd64' } }, { ...arm, platform: { os: 'linux', architecture: 'arm64' } }] }, indexType, 'multi');
    signLegacy(registry, amd.digest, release);
    await restart(pinned(index), { trust });
    const verdict = await ask(pinned(index), { trust, platform: 'linux/amd64' });
    assert.ok(verdict.kind === 'verified' && verdict.decidedBy === amd.digest && verdict.digest === index.digest && verdict.platform === 'linux/amd64');
    assert.deepEqual(registry.calls, []);
    assert.equal(told(await ask(pinned(index), { trust, platform: 'linux/arm64' })), 'REGISTRY_UNREACHABLE');
    store.contents.delete(index.digest);
    assert.equal(told(await ask(pinned(index), { trust, with: opened() })), 'REGISTRY_UNREACHABLE');
  });
});

describe('what is not there as it was', () => {
  it('is asked for, byte by byte', async () => {
    signLegacy(registry, image.digest, release, { annotations: { a: 'b' } });
    signBundle(registry, image, release);
    assert.equal(told(await ask(pinned())), 'verified');
    assert.equal(store.contents.size, 4);
    for (const key of [...store.contents.keys()]) {
      const whole = store.contents.get(key) ?? new Uint8Array();
      for (const spoilt of [undefined, whole.subarray(1), new Uint8Array(), whole.map((byte, at) => (at === whole.length >> 1 ? byte ^ 1 : byte))]) {
        if (spoilt) store.contents.set(key, spoilt);
        else store.contents.delete(key);
        registry.calls.length = 0;
        const verdict = await ask(pinned(), { with: opened() });
        assert.deepEqual([told(verdict), storedAt(verdict)], ['verified', undefined]);
        assert.ok(registry.calls.length > 0);
        assert.deepEqual(store.contents.get(key), whole, 'and kept anew');
      }
    }
  });

  it('cannot make a note say more than it does', () => {
    const manifests = new Map([[sha256('m'), 'signature tag'], [sha256('n'), 'referrers API']] as const);
    assert.deepEqual(readNote(encodeNote({ readAt: 5, manifests })), { readAt: 5, manifests });
    const good = JSON.parse(Buffer.from(encodeNote({ readAt: 5, manifests })).toString()) as { manifests: object[] };
    const bad: readonly unknown[] = [
      null, [], 'x', {}, { ...good, version: 2 }, { ...good, readAt: -1 }, { ...good, readAt: 1.5 }, { ...good, readAt: '5' }, { ...good, manifests: {} },
      { ...good, manifests: [{ digest: 'sha256:x', store: 'signature tag' }] }, { ...good, manifests: [{ digest: sha256('m'), store: 'elsewhere' }] },
      { ...good, manifests: [null] }, { ...good, manifests: Array.from({ length: 201 }, () => good.manifests[0]) },
      { ...good, manifests: [good.manifests[0], { digest: sha256('o'), store: 'signature tag' }] },
    ];
    for (const value of bad) assert.equal(readNote(Buffer.from(JSON.stringify(value))), undefined, JSON.stringify(value));
    for (const text of ['', '{', '{"version":1,"version":1}', '\u{feff}{}']) assert.equal(readNote(Buffer.from(text)), undefined);
  });

  it('is never kept in more than a few megabytes for an image, and then what counts comes first', async () => {
    const padding = { _: 'x'.repeat(3 * 1024 * 1024) };
    for (const key of [stranger, stranger, stranger]) signBundle(registry, image, key, { annotations: { ...padding, n: String(registry.blobs.size) } });
    signBundle(registry, image, release);
    await restart();
    assert.ok([...store.contents.values()].reduce((sum, { byteLength }) => sum + byteLength, 0) <= 8 * 1024 * 1024);
    assert.equal(told(await ask(pinned())), 'verified');
  });
});

describe('whatever is stored', () => {
  /** Everything a bad neighbour could put there, besides noise. */
  interface World { readonly signed: Descriptor; readonly foreign: Descriptor; readonly bare: Descriptor; readonly bytes: readonly Uint8Array[]; readonly notes: readonly string[] }

  async function world(): Promise<World> {
    const [signed, foreign, bare] = [putImage(registry, 'signed'), putImage(registry, 'foreign'), putImage(registry, 'bare')];
    signLegacy(registry, signed.digest, release);
    signBundle(registry, signed, release);
    signLegacy(registry, foreign.digest, stranger);
    signBundle(registry, foreign, stranger);
    const keys = { release: release.pem, stranger: stranger.pem };
    for (const one of [signed, foreign, bare]) await ask(pinned(one), { keys });
    const forged = (key: TestKey, of: Digest, claim: Digest): readonly Uint8Array[] => {
      const { payload, signature } = makePayload(of, key, { claim });
      const layer = { mediaType: simpleSigningType, digest: sha256(payload), size: payload.byteLength, annotations: { 'dev.cosignproject.cosign/signature': signature } };
      const bundle = makeBundle(of, key, { claim });
      return [
        payload, bundle, Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: layer, layers: [layer] })),
        Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config: layer, layers: [{ mediaType: bundleType, digest: sha256(bundle), size: bundle.byteLength }], subject: { mediaType: manifestType, digest: of, size: 1 } })),
      ];
    };
    const bytes = [...store.contents.values(), ...forged(release, bare.digest, signed.digest), ...forged(stranger, bare.digest, bare.digest), ...forged(release, foreign.digest, signed.digest)];
    return { signed, foreign, bare, bytes, notes: [signed, foreign, bare].map(({ digest }) => `${name} ${name}@${digest}`) };
  }

  it('an image is verified only by a true signature, and nothing else is said without the registry', async () => {
    const { signed, foreign, bare, bytes, notes } = await world();
    assert.ok(notes.slice(0, 2).every((key) => store.notes.has(key)), 'notes have these names');
    const noise = fc.uint8Array({ maxLength: 40 });
    const mutated = fc.tuple(fc.constantFrom(...bytes), fc.nat(), fc.nat({ max: 255 })).map(([content, at, byte]) => content.map((old, index) => (index === at % content.length ? byte : old)));
    const content = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...bytes) }, mutated, noise);
    const digest = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...bytes).map(sha256) }, noise.map(sha256), fc.constant('sha256:zz'));
    const entry = fc.record({ digest, store: fc.constantFrom('signature tag', 'referrers API', 'referrers tag', 'verified') });
    const note = fc.oneof({ weight: 4, arbitrary: fc.record({ version: fc.constant(1), readAt: fc.nat(), manifests: fc.array(entry, { maxLength: 4 }) }).map((value) => Buffer.from(JSON.stringify(value))) }, noise, fc.constantFrom(...store.notes.values()));
    offline();
    let verified = 0;
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(content, fc.boolean(), digest), { maxLength: 12 }), fc.array(fc.tuple(fc.constantFrom(...notes), note), { maxLength: 3 }), fc.boolean(), async (contents, written, whole) => {
      store.contents = new Map<string, Uint8Array>(whole ? bytes.map((one) => [sha256(one), one]) : []);
      // Some under the digest of something else.
      for (const [one, lies, other] of contents) store.contents.set(lies ? other : sha256(one), one);
      store.notes = new Map(written);
      const [first, second, third] = [await ask(pinned(signed), { with: opened() }), await ask(pinned(foreign), { with: opened() }), await ask(pinned(bare), { with: opened() })];
      assert.deepEqual([told(second), told(third)], ['REGISTRY_UNREACHABLE', 'REGISTRY_UNREACHABLE']);
      assert.ok(first.kind === 'verified' || told(first) === 'REGISTRY_UNREACHABLE');
      if (first.kind === 'verified') {
        verified += 1;
        assert.ok(first.signatures.some(({ signedBy }) => signedBy?.key === 'release'));
      }
    }), { numRuns: 400 });
    assert.ok(verified > 0, 'some of it does prove the image');
  });

  it('more signatures never take "verified" away, so that what is stored says what the registry would', async () => {
    const makers = [release, team, stranger];
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat({ max: 2 }), fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 5 }), fc.array(fc.tuple(fc.nat({ max: 2 }), fc.boolean(), fc.boolean()), { maxLength: 4 }), fc.constantFrom('any', 'all', 2), async (before, after, require) => {
      registry = new MemoryRegistry();
      store = new MemoryStore();
      image = putImage(registry, '1.0');
      const sign = ([who, legacy, other]: readonly [number, boolean, boolean]): void => {
        const options = other ? { claim: sha256('other') } : {};
        if (legacy) signLegacy(registry, image.digest, makers[who] ?? release, options);
        else signBundle(registry, image, makers[who] ?? release, options);
      };
      const asked: Asked = { keys: { release: release.pem, team: team.pem }, policies: [{ name: 'p', images: ['**'], keys: ['release', 'team'], require }] };
      before.forEach(sign);
      const first = await ask(pinned(), { ...asked, with: opened() });
      after.forEach(sign);
      const stored = await ask(pinned(), { ...asked, with: opened() });
      const fresh = await ask(pinned(), { ...asked, fresh: true, with: opened(new MemoryStore()) });
      assert.equal(storedAt(stored) !== undefined, first.kind === 'verified');
      if (stored.kind === 'verified' && stored.storedAt !== undefined) assert.equal(fresh.kind, 'verified');
      else assert.equal(stored.kind, fresh.kind);
    }), { numRuns: 150 });
  });
});
