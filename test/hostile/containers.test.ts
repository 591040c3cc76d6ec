// Mutants of what carries signatures and is itself unsigned: signature manifests, bundles with their envelope, referrers and their index.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSignatureManifest } from '../../src/core/cosign/signatureManifest.ts';
import { parseIndex, parseManifest } from '../../src/core/oci/manifest.ts';
import { assertHolds, attack, dig, newRandom, readJson, saysTheSame, wanted, type Target, type Truth } from './campaign.ts';
import { bundle, bundled, bundleSignature, cosignFile, digestOf, exampleDigest, exampleSignature, examples, inTotoType, legacy, payload, signatureAnnotation, signatureManifest, simpleSigningType, statement, trustOf } from './material.ts';
import { byteMutants, jsonMutants, oneIn, randomMutants, type Mutant } from './mutants.ts';

const payloadDigest = digestOf(payload);

function* all(original: Uint8Array, byChance = 4000): Generator<Mutant> {
  yield* jsonMutants(original);
  yield* byteMutants(original);
  yield* randomMutants(original, Math.max(byChance, Math.ceil((wanted - 100_000) / 8)), newRandom());
}

/** Whatever else it says: the bytes that were signed and their signature must still be there, together. */
const holds = (original: Uint8Array, stillThere: (json: unknown) => boolean) => (bytes: Uint8Array, kind: string): Truth => {
  if (saysTheSame(bytes, original, kind)) return 'always';
  return stillThere(readJson(bytes)) ? 'either' : 'never';
};

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const manifest: Target & { readonly original: Uint8Array } = {
  name: 'signature manifest', original: signatureManifest, mutants: () => all(signatureManifest),
  truth: holds(signatureManifest, (json) => list(dig(json, 'layers')).some((layer) =>
    dig(layer, 'digest') === payloadDigest && dig(layer, 'mediaType') === simpleSigningType && dig(layer, 'annotations', signatureAnnotation) === exampleSignature)),
  trusts: (bytes) => parseSignatureManifest(bytes).layers.some(({ descriptor, signature }) =>
    // A store of blobs by digest, as every registry is one.
    descriptor.digest === payloadDigest && trustOf(legacy(payload, signature))),
};

function bundleTarget(judge = bundled): Target & { readonly original: Uint8Array } {
  return {
    name: 'bundle with its envelope', original: bundle, mutants: () => all(bundle),
    truth: holds(bundle, (json) => {
      const envelope = dig(json, 'dsseEnvelope');
      const signatures = list(dig(envelope, 'signatures'));
      return dig(envelope, 'payload') === statement.toString('base64') && dig(envelope, 'payloadType') === inTotoType && signatures.length === 1
        && dig(signatures[0], 'sig') === bundleSignature && (dig(json, 'messageSignature') ?? null) === null;
    }),
    trusts: (bytes) => trustOf(judge(bytes)),
  };
}

const referrerDigest = digestOf(Buffer.from(examples.rman));
const bundleDigest = digestOf(bundle);

const referrer: Target & { readonly original: Uint8Array } = {
  name: 'referrer manifest', original: Buffer.from(examples.rman), mutants: () => all(Buffer.from(examples.rman), 1500),
  truth: holds(Buffer.from(examples.rman), (json) => dig(json, 'subject', 'digest') === exampleDigest && list(dig(json, 'layers')).some((layer) => dig(layer, 'digest') === bundleDigest)),
  trusts: (bytes) => {
    const { subject, layers } = parseManifest(bytes);
    return subject?.digest === exampleDigest && layers.some(({ digest, mediaType }) => digest === bundleDigest && mediaType.startsWith('application/vnd.dev.sigstore.bundle'));
  },
};

const index: Target & { readonly original: Uint8Array } = {
  name: 'index of referrers', original: Buffer.from(examples.idx), mutants: () => all(Buffer.from(examples.idx), 1500),
  truth: holds(Buffer.from(examples.idx), (json) => list(dig(json, 'manifests')).some((entry) => dig(entry, 'digest') === referrerDigest)),
  trusts: (bytes) => parseIndex(bytes).manifests.some(({ digest }) => digest === referrerDigest),
};

describe('no mutant leads to trust of', () => {
  let total = 0;
  for (const target of [manifest, bundleTarget(), referrer, index]) {
    it(`the ${target.name}`, async (test) => {
      total += (await assertHolds(test, target, target.original)).total;
    });
  }

  // What real cosigns stored, of which the white space differs.
  for (const [version, file] of [['2.5.0', 'sig-manifest.json'], ['3.1.1', 'sig-manifest.json'], ['3.1.1', 'referrer-manifest.json'], ['3.1.1', 'referrers-index.json'], ['3.1.1', 'bundle.json']] as const) {
    it(`the ${file} that cosign ${version} wrote, nor a crash`, async (test) => {
      const original = cosignFile(version, 'p256', file);
      const parse = file === 'referrers-index.json' ? parseIndex : file === 'sig-manifest.json' ? parseSignatureManifest : parseManifest;
      const trusts = (bytes: Uint8Array): boolean => (file === 'bundle.json' ? trustOf(bundled(bytes)) : (parse(bytes), false));
      const tally = await attack({ name: file, mutants: () => oneIn(5, all(original, 500)), trusts, truth: () => 'never' });
      assert.deepEqual(tally.wrong, []);
      test.diagnostic(`» ${file} of cosign ${version}: ${tally.total} mutants`);
      total += tally.total;
    });
  }

  it('enough of them', (test) => {
    test.diagnostic(`» unsigned containers: ${total} mutants`);
    assert.ok(total >= 100_000, `${total}`);
  });
});

describe('judges that trust too much are caught:', () => {
  const good = bundled(bundle);
  const weak: Readonly<Record<string, typeof bundled>> = {
    'one that looks at the first of several signatures': (bytes) => {
      const json = readJson(bytes);
      const [first] = list(dig(json, 'dsseEnvelope', 'signatures'));
      if (first === undefined || saysTheSame(bytes, bundle, '')) return bundled(bytes);
      return bundled(Buffer.from(JSON.stringify({ ...(json as object), dsseEnvelope: { ...(dig(json, 'dsseEnvelope') as object), signatures: [first] } })));
    },
    'one that ignores the payload type': (bytes) => {
      const json = readJson(bytes);
      return dig(json, 'dsseEnvelope', 'payload') === undefined ? bundled(bytes)
        : bundled(Buffer.from(JSON.stringify({ ...(json as object), dsseEnvelope: { ...(dig(json, 'dsseEnvelope') as object), payloadType: inTotoType } })));
    },
    'one that trusts what it cannot read': (bytes) => (bundled(bytes).fault === 'malformed' ? good : bundled(bytes)),
    'one that remembers the last answer': () => good,
  };
  for (const [name, judge] of Object.entries(weak)) {
    it(name, async () => {
      const tally = await attack(bundleTarget(judge), 'first wrong');
      assert.ok(tally.wrong.length > 0, `${tally.total} mutants let it through`);
    });
  }
});
