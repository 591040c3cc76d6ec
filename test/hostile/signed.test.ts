// Mutants of what is signed: the simple-signing payload, the in-toto statement, and the signatures over them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Judgement } from '../../src/core/cosign/judgement.ts';
import { assertHolds, attack, dig, newRandom, readJson, saysTheSame, wanted, type Target, type Truth } from './campaign.ts';
import { annotatedPayload, bundleAround, bundleSignature, bundled, cosignFile, exampleDigest, exampleSignature, imageDigest, legacy, payload, publicKey, signatureAnnotation, signPayload, statement, trustOf } from './material.ts';
import { byteMutants, jsonMutants, oneIn, randomMutants, type Mutant } from './mutants.ts';

const hex = exampleDigest.slice('sha256:'.length);

function* all(original: Uint8Array, byChance = 3000): Generator<Mutant> {
  yield* jsonMutants(original);
  yield* byteMutants(original);
  yield* randomMutants(original, Math.max(byChance, Math.ceil((wanted - 100_000) / 8)), newRandom());
}

/** Nothing signed may differ by a single bit; there is no equivalence. */
const same = (original: Uint8Array) => (bytes: Uint8Array): Truth => (Buffer.from(bytes).equals(original) ? 'always' : 'never');

/** Signed anew with the right key: then all depends on what it claims, as any parser of JSON would read it. */
function claims(original: Uint8Array, digestOfClaim: (json: unknown) => boolean) {
  return (bytes: Uint8Array, kind: string): Truth => {
    if (saysTheSame(bytes, original, kind)) return 'always';
    return digestOfClaim(readJson(bytes)) ? 'either' : 'never';
  };
}

const claimsDigest = (json: unknown): boolean => dig(json, 'critical', 'image', 'docker-manifest-digest') === exampleDigest;
const statementTypes: readonly unknown[] = ['https://in-toto.io/Statement/v1', 'https://in-toto.io/Statement/v0.1'];
const hasSubject = (json: unknown): boolean => {
  const subjects = dig(json, 'subject');
  return Array.isArray(subjects) && subjects.some((subject) => dig(subject, 'digest', 'sha256') === hex) && statementTypes.includes(dig(json, '_type'));
};

/** What a trusted payload says must be what was signed: not more. */
function withHonestAnnotations(judgement: Judgement, optional: unknown): boolean {
  const trusts = trustOf(judgement);
  for (const [name, value] of Object.entries(judgement.annotations)) assert.equal(dig(optional, name), value);
  assert.equal(Object.getPrototypeOf(judgement.annotations), null);
  return trusts;
}

/** As mutants are judged by the product; replaced below by judges that must be caught. */
type Judges = { readonly legacy: typeof legacy; readonly bundled: typeof bundled };

function targets(judges: Judges): Readonly<Record<string, Target & { readonly original: Uint8Array }>> {
  return {
    payload: {
      name: 'legacy payload', original: payload, mutants: () => all(payload), truth: same(payload),
      trusts: (bytes) => trustOf(judges.legacy(bytes, exampleSignature)),
    },
    payloadSignedAnew: {
      name: 'legacy payload, signed anew', original: annotatedPayload, mutants: () => all(annotatedPayload), truth: claims(annotatedPayload, claimsDigest),
      trusts: (bytes) => withHonestAnnotations(judges.legacy(bytes, signPayload(bytes)), dig(readJson(bytes), 'optional')),
    },
    signature: {
      name: 'legacy signature', original: Buffer.from(exampleSignature), truth: same(Buffer.from(exampleSignature)),
      mutants: function* () {
        yield* byteMutants(Buffer.from(exampleSignature), true);
        for (const { kind, bytes } of byteMutants(Buffer.from(exampleSignature, 'base64'))) yield { kind: `DER: ${kind}`, bytes: Buffer.from(Buffer.from(bytes).toString('base64')) };
      },
      trusts: (bytes) => trustOf(judges.legacy(payload, Buffer.from(bytes).toString('latin1'))),
    },
    statement: {
      name: 'in-toto statement', original: statement, mutants: () => all(statement), truth: same(statement),
      trusts: (bytes) => trustOf(judges.bundled(bundleAround(bytes, { signature: bundleSignature }))),
    },
    statementSignedAnew: {
      name: 'in-toto statement, signed anew', original: statement, mutants: () => all(statement), truth: claims(statement, hasSubject),
      trusts: (bytes) => withHonestAnnotations(judges.bundled(bundleAround(bytes)), firstSubject(readJson(bytes))),
    },
    envelopeSignature: {
      name: 'signature of an envelope', original: Buffer.from(bundleSignature), mutants: () => byteMutants(Buffer.from(bundleSignature), true), truth: same(Buffer.from(bundleSignature)),
      trusts: (bytes) => trustOf(judges.bundled(bundleAround(statement, { signature: Buffer.from(bytes).toString('latin1') }))),
    },
  };
}

/** The annotations that count are those of the first subject with the digest. */
function firstSubject(json: unknown): unknown {
  const subjects = dig(json, 'subject');
  return Array.isArray(subjects) ? dig(subjects.find((subject) => dig(subject, 'digest', 'sha256') === hex), 'annotations') : undefined;
}

describe('no mutant is trusted of', () => {
  const real = targets({ legacy, bundled });
  let total = 0;
  for (const target of Object.values(real)) {
    it(`the ${target.name}`, async (test) => {
      total += (await assertHolds(test, target, target.original)).total;
    });
  }

  // One in so many: these take longer.
  for (const [version, name, step] of [['2.5.0', 'rsa2048', 3], ['3.1.1', 'ed25519', 25], ['3.1.1', 'p384', 13], ['2.5.0', 'p521', 25]] as const) {
    it(`a signature and payload by cosign ${version} with ${name}`, async (test) => {
      const original = cosignFile(version, name, 'payload.json');
      const signature = String(dig(readJson(cosignFile(version, name, 'sig-manifest.json')), 'layers', 0, 'annotations', signatureAnnotation));
      const key = publicKey(name);
      const trusts = (bytes: Uint8Array, text: string): boolean => trustOf(legacy(bytes, text, [key], imageDigest));
      const raw = Buffer.from(signature, 'base64');
      const some = (bytes: Uint8Array): Iterable<Mutant> => oneIn(step, byteMutants(bytes));
      total += (await assertHolds(test, { name: `payload for ${name}`, bytesOnly: true, mutants: () => some(original), truth: same(original), trusts: (bytes) => trusts(bytes, signature) }, original)).total;
      total += (await assertHolds(test, { name: `signature with ${name}`, mutants: () => some(raw), truth: same(raw), trusts: (bytes) => trusts(original, Buffer.from(bytes).toString('base64')) }, raw)).total;
    });
  }

  it('enough of them', (test) => {
    test.diagnostic(`» signed content: ${total} mutants`);
    assert.ok(total >= 80_000, `${total}`);
  });
});

describe('judges that trust too much are caught:', () => {
  const signer = legacy(payload, exampleSignature).signer;
  assert.ok(signer);
  const good = { signer, annotations: Object.create(null) as Record<string, string> };
  const reserialised = (bytes: Uint8Array): Uint8Array => Buffer.from(JSON.stringify(readJson(bytes) ?? null));
  const weak: Readonly<Record<string, readonly [keyof ReturnType<typeof targets>, Partial<Judges>]>> = {
    'one that looks at the claim only': ['payload', { legacy: (bytes) => (claimsDigest(readJson(bytes)) ? good : legacy(bytes, '')) }],
    'one that looks at the signature only': ['payloadSignedAnew', { legacy: (bytes, signature) => (legacy(bytes, signature).fault === 'wrong-digest' ? good : legacy(bytes, signature)) }],
    'one that verifies what it wrote, not what was stored': ['payload', { legacy: (bytes, signature) => legacy(reserialised(bytes), signature) }],
    'one that takes an empty signature for none needed': ['signature', { legacy: (bytes, signature) => (signature === '' ? good : legacy(bytes, signature)) }],
    'one that decodes base64 leniently': ['signature', { legacy: (bytes, signature = '') => legacy(bytes, Buffer.from(signature, 'base64').toString('base64')) }],
    'one that says yes when it crashes': ['statementSignedAnew', { bundled: (bytes) => (bundled(bytes).fault === 'malformed' ? good : bundled(bytes)) }],
    'one that takes any statement type': ['statementSignedAnew', { bundled: (bytes) => (bundled(bytes).fault === 'malformed' && String(bundled(bytes).detail).includes('_type') ? good : bundled(bytes)) }],
    'one that takes any subject': ['statementSignedAnew', { bundled: (bytes) => (bundled(bytes).fault === 'wrong-digest' ? good : bundled(bytes)) }],
    'one that refuses everything': ['payloadSignedAnew', { legacy: (bytes) => legacy(bytes, '') }],
  };
  for (const [name, [target, judge]] of Object.entries(weak)) {
    it(name, async () => {
      const tally = await attack(targets({ legacy, bundled, ...judge })[target] ?? assert.fail(), 'first wrong');
      assert.ok(tally.wrong.length > 0, `${tally.total} mutants let it through`);
    });
  }
});
