// Mutants all the way to a verdict: of each document in turn, found under the digest it now has, because a registry can serve anything.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sha256 } from '../support/signedImages.ts';
import { assertHolds, dig, newRandom, readJson, saysTheSame, wanted, type Target, type Truth } from './campaign.ts';
import { bundle, image, indexOf, manifestOf, payload, referrerOf, registryWith, signatureManifest, verify, type Content } from './memory.ts';
import { byteMutants, jsonMutants, oneIn, randomMutants, type Mutant } from './mutants.ts';

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const signature = 'dev.cosignproject.cosign/signature';
const annotated = dig(readJson(signatureManifest), 'layers', 0, 'annotations', signature);
const referrer = referrerOf(bundle);
const index = indexOf(referrer);
const envelope = dig(readJson(bundle), 'dsseEnvelope');

/** Every JSON mutant, a part of the byte mutants, and some by chance. */
function* some(original: Uint8Array, step: number): Generator<Mutant> {
  yield* jsonMutants(original);
  yield* oneIn(step, byteMutants(original));
  yield* randomMutants(original, Math.max(150, Math.ceil((wanted - 100_000) / 100)), newRandom());
}

interface Case { readonly format: 'legacy' | 'bundle'; readonly part: keyof Content; readonly original: Uint8Array; readonly content: (bytes: Uint8Array) => Content; readonly stillThere: (json: unknown) => boolean }

const cases: readonly Case[] = [
  { format: 'legacy', part: 'payload', original: payload, content: (bytes) => ({ payload: bytes, signatureManifest: manifestOf(bytes) }), stillThere: () => false },
  {
    format: 'legacy', part: 'signatureManifest', original: signatureManifest, content: (bytes) => ({ signatureManifest: bytes }),
    stillThere: (json) => list(dig(json, 'layers')).some((layer) => dig(layer, 'digest') === sha256(payload) && dig(layer, 'annotations', signature) === annotated),
  },
  {
    format: 'bundle', part: 'bundle', original: bundle, content: (bytes) => ({ bundle: bytes }),
    stillThere: (json) => ['payload', 'payloadType'].every((member) => dig(json, 'dsseEnvelope', member) === dig(envelope, member))
      && list(dig(json, 'dsseEnvelope', 'signatures')).length === 1 && dig(json, 'dsseEnvelope', 'signatures', 0, 'sig') === dig(envelope, 'signatures', 0, 'sig'),
  },
  {
    format: 'bundle', part: 'referrer', original: referrer, content: (bytes) => ({ referrer: bytes }),
    stillThere: (json) => dig(json, 'subject', 'digest') === image.digest && list(dig(json, 'layers')).some((layer) => dig(layer, 'digest') === sha256(bundle)),
  },
  {
    format: 'bundle', part: 'index', original: index, content: (bytes) => ({ index: bytes }),
    stillThere: (json) => list(dig(json, 'manifests')).some((entry) => dig(entry, 'digest') === sha256(referrer)),
  },
];

describe('no verdict is wrong with a mutant of the', () => {
  let total = 0;
  for (const { format, part, original, content, stillThere } of cases) {
    it(part, async (test) => {
      const kinds = new Map<string, number>();
      const target: Target = {
        name: `verdict with another ${part}`, mutants: () => some(original, 45),
        trusts: async (bytes) => {
          const verdict = await verify(registryWith(format, content(bytes)));
          kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? 0) + 1);
          if (verdict.kind === 'unchecked') assert.notEqual(verdict.reason.code, 'INTERNAL', verdict.reason.message);
          // What cannot be read says nothing about there being no signature.
          if (readJson(bytes) === undefined) assert.notEqual(verdict.kind, 'unsigned', Buffer.from(bytes).toString('latin1'));
          if (verdict.kind === 'verified') assert.equal(verdict.decidedBy, image.digest);
          return verdict.kind === 'verified';
        },
        truth: (bytes, kind): Truth => {
          if (Buffer.from(bytes).equals(original)) return 'always';
          if (part !== 'payload' && saysTheSame(bytes, original, kind)) return 'always';
          return stillThere(readJson(bytes)) ? 'either' : 'never';
        },
      };
      total += (await assertHolds(test, target, original)).total;
      test.diagnostic(`» … ${[...kinds].map(([kind, count]) => `${kind} ${count}`).join(', ')}`);
    });
  }
  it('enough of them', (test) => {
    test.diagnostic(`» verdicts: ${total}`);
    assert.ok(total >= 8_000, `${total}`);
  });
});
