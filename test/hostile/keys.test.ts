// Mutants of key files: a public key that changed is another key or none, a private key opens as itself or not at all.
import assert from 'node:assert/strict';
import crypto, { createHash, scryptSync } from 'node:crypto';
import { describe, it, mock } from 'node:test';
import { decryptPrivateKey } from '../../src/core/crypto/encryptedKey.ts';
import { parsePublicKeys } from '../../src/core/crypto/publicKey.ts';
import { assertHolds, dig, newRandom, readJson, type Target } from './campaign.ts';
import { cosignFile, examples, exampleSignature, imageDigest, keyFile, legacy, payload, publicKey, signatureAnnotation, trusted, trustOf } from './material.ts';
import { byteMutants, jsonMutants, oneIn, randomMutants, type Mutant } from './mutants.ts';

const never = new AbortController().signal;

/** Which key a file holds; a mutant may hold the same one in other clothes (line ends, text around it), and must then verify. */
function fingerprints(bytes: Uint8Array): readonly string[] {
  try {
    return parsePublicKeys(bytes).map(({ fingerprint }) => fingerprint);
  } catch {
    return [];
  }
}

function publicTarget(name: string, pem: Uint8Array, step: number, fingerprint: string, verifies: (bytes: Uint8Array) => boolean): Target {
  return {
    name, trusts: verifies,
    mutants: function* () {
      yield* oneIn(step, byteMutants(pem));
      yield* randomMutants(pem, 500, newRandom(), false);
    },
    truth: (bytes) => (fingerprints(bytes).includes(fingerprint) ? 'always' : 'never'),
  };
}

describe('a mutant of a public key verifies nothing of the key it was:', () => {
  it('ECDSA P-256', async (test) => {
    const pem = Buffer.from(examples.pub);
    await assertHolds(test, publicTarget('public key P-256', pem, 1, trusted.fingerprint, (bytes) => trustOf(legacy(payload, exampleSignature, parsePublicKeys(bytes)))), pem);
  });
  for (const [version, name] of [['2.5.0', 'rsa2048'], ['2.5.0', 'ed25519']] as const) {
    it(name, async (test) => {
      const [pem, signed] = [keyFile(`${name}.pub`), cosignFile(version, name, 'payload.json')];
      const signature = String(dig(readJson(cosignFile(version, name, 'sig-manifest.json')), 'layers', 0, 'annotations', signatureAnnotation));
      const target = publicTarget(`public key ${name}`, pem, 5, publicKey(name).fingerprint, (bytes) => trustOf(legacy(signed, signature, parsePublicKeys(bytes), imageDigest)));
      await assertHolds(test, target, pem);
    });
  }
});

const password = 'correct horse';
const original = Buffer.from(examples.pem);
const json = Buffer.from(examples.json);
const toPem = (body: Uint8Array): Uint8Array => Buffer.from(`-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${(Buffer.from(body).toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n`);

describe('a mutant of an encrypted private key', () => {
  it('opens as the key it was or not at all, and costs one derivation with parameters that cosign uses', async (test) => {
    // The true key for the true salt and cost; for all else something as unpredictable, without the 64 MiB.
    const real = new Map<string, Buffer>([[seasoning(Buffer.from(String(dig(readJson(json), 'kdf', 'salt')), 'base64'), 65536), Buffer.from(examples.kdfhex, 'hex')]]);
    let [derivations, before] = [0, 0];
    const fake = mock.method(crypto, 'scrypt', ((_password: Buffer, salt: Buffer, bytes: number, { N, r, p }: { N: number; r: number; p: number }, done: (error: Error | null, key: Buffer) => void) => {
      derivations++;
      assert.ok([32768, 65536, 131072].includes(N) && r === 8 && p === 1, `scrypt with ${N}, ${r}, ${p}`);
      done(null, Buffer.from(real.get(seasoning(salt, N)) ?? createHash('sha256').update(seasoning(salt, N)).digest().subarray(0, bytes)));
    }) as unknown as typeof crypto.scrypt);
    try {
      const target: Target = {
        name: 'encrypted private key',
        mutants: function* (): Generator<Mutant> {
          yield* oneIn(2, byteMutants(original));
          for (const { kind, bytes } of jsonMutants(json)) if (bytes.length < 100_000) yield { kind: `inside: ${kind}`, bytes: toPem(bytes) };
          for (const { kind, bytes } of byteMutants(json)) yield { kind: `inside: ${kind}`, bytes: toPem(bytes) };
          yield* randomMutants(original, 1000, newRandom(), false);
        },
        trusts: async (bytes) => {
          before = derivations;
          try {
            const key = await decryptPrivateKey(bytes, password, never);
            if (key.publicKey.fingerprint !== trusted.fingerprint) throw new Error('another key came out');
            return true;
          } finally {
            assert.ok(derivations - before <= 1);
          }
        },
        // Poly1305 vouches for the content, so whatever opens is right.
        truth: () => 'either',
      };
      const tally = await assertHolds(test, target, original);
      assert.ok(tally.trusted < tally.total / 3 && derivations > 1000, `${tally.trusted} of ${tally.total} opened, ${derivations} derivations`);
    } finally {
      fake.mock.restore();
    }
  });

  it('opens with the real derivation as with the one above', async () => {
    assert.equal((await decryptPrivateKey(original, password, never)).publicKey.fingerprint, trusted.fingerprint);
    const salted = scryptSync(password, Buffer.from(String(dig(readJson(json), 'kdf', 'salt')), 'base64'), 32, { N: 65536, r: 8, p: 1, maxmem: 128 * 1024 * 1024 });
    assert.equal(salted.toString('hex'), examples.kdfhex);
    let n = 0;
    for (const { bytes } of byteMutants(json)) {
      if (n++ % 2000 !== 0) continue;
      await assert.rejects(decryptPrivateKey(toPem(bytes), password, never), { name: 'CosignError' });
    }
  });
});

const seasoning = (salt: Uint8Array, N: number): string => `${Buffer.from(salt).toString('hex')} ${N} ${password}`;
