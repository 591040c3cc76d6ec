import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { importPrivateKey, type PrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import { parsePublicKeys, type PublicKey } from '../../../../src/core/crypto/publicKey.ts';
import { digestsOf, signBytes } from '../../../../src/core/crypto/signatures.ts';
import { encodeBlobSignature, judgeBlobBundle, judgeBlobSignature, parseLegacyBlobBundle, startBlobCheck, type BlobJudgement } from '../../../../src/core/cosign/blobSignature.ts';
import { encodeBlobBundle } from '../../../../src/core/cosign/bundle.ts';
import { bytes, cosignFile, examples, keyFile, keyNames, publicKey, text, versions, withCode } from './fixtures.ts';

const blob = cosignFile('blob.txt');
const other = bytes('other contents');
const attacker: PrivateKey = importPrivateKey(keyFile('import-p256.pkcs8.pem'));
const [trusted] = parsePublicKeys(bytes(examples.pub)) as readonly [PublicKey];

/** What the second reading of the file finds, where one is needed. */
function settle(judgement: BlobJudgement, content: Uint8Array): BlobJudgement {
  if (!('needsMessage' in judgement)) return judgement;
  const check = startBlobCheck(judgement.needsMessage);
  for (const piece of [content.subarray(0, 3), content.subarray(3)]) check.update(piece);
  return check.finish();
}

function signature(file: Uint8Array, keys: readonly PublicKey[], content = blob): BlobJudgement {
  return settle(judgeBlobSignature({ file, digests: digestsOf(content), keys }), content);
}

function bundle(file: Uint8Array, keys: readonly PublicKey[] = [trusted], content = blob): BlobJudgement {
  return settle(judgeBlobBundle({ file, digests: digestsOf(content), keys }), content);
}

function faultOf(judgement: BlobJudgement): string | undefined {
  return 'fault' in judgement ? judgement.fault : undefined;
}

function signerOf(judgement: BlobJudgement): string | undefined {
  return 'signer' in judgement ? judgement.signer.fingerprint : undefined;
}

interface BundleJson { verificationMaterial: object; dsseEnvelope: { signatures: unknown[] }; messageSignature: object }

function edit(data: string, change: (json: BundleJson) => unknown): Uint8Array {
  const json = JSON.parse(data) as BundleJson;
  change(json);
  return bytes(JSON.stringify(json));
}

describe('files signed by the real cosigns', () => {
  for (const version of versions) {
    for (const name of keyNames) {
      const key = publicKey(name);
      const keys = [attacker.publicKey, publicKey('p256-2.5.0'), key];

      it(`${version} .sig with ${name} verifies with that key and contents only`, () => {
        const file = cosignFile(version, name, 'blob.sig');
        assert.equal(signerOf(signature(file, keys)), key.fingerprint);
        assert.equal(faultOf(signature(file, keys, other)), 'other-key');
        assert.equal(faultOf(signature(file, [attacker.publicKey])), 'other-key');
      });

      it(`${version} old bundle with ${name} verifies with that key and contents only`, () => {
        const file = cosignFile(version, name, 'blob.bundle');
        assert.equal(signerOf(bundle(file, keys)), key.fingerprint);
        assert.equal(faultOf(bundle(file, keys, other)), 'other-key');
        assert.equal(faultOf(bundle(file, [attacker.publicKey])), version === '3.1.1' ? 'foreign-key' : 'other-key');
      });

      it(`${version} new bundle with ${name} verifies with that key and contents only`, () => {
        const file = cosignFile(version, name, 'blob.sigstore.json');
        if (version === '3.1.1' && name === 'ed25519') {
          // cosign 3.1.1 leaves the digest out, and refuses its own bundle for it.
          assert.equal(faultOf(bundle(file, keys)), 'wrong-digest');
          return;
        }
        assert.equal(signerOf(bundle(file, keys)), key.fingerprint);
        assert.equal(faultOf(bundle(file, keys, other)), 'wrong-digest');
        assert.equal(faultOf(bundle(file, [attacker.publicKey])), 'other-key');
      });
    }
  }
});

describe('a .sig file', () => {
  const made = encodeBlobSignature(signBytes(attacker, blob));

  it('is read with a line feed, with CRLF, and raw', () => {
    for (const file of [made, `${made}\n`, `${made}\r\n`]) assert.equal(signerOf(signature(bytes(file), [attacker.publicKey])), attacker.publicKey.fingerprint);
    assert.equal(signerOf(signature(signBytes(attacker, blob), [attacker.publicKey])), attacker.publicKey.fingerprint);
  });

  it('is refused empty, huge, or changed anywhere', () => {
    assert.equal(faultOf(signature(new Uint8Array(), [attacker.publicKey])), 'no-signature');
    assert.equal(faultOf(signature(new Uint8Array(20_000), [attacker.publicKey])), 'malformed');
    for (let at = 0; at < made.length; at++) {
      const changed = made.slice(0, at) + (made[at] === 'A' ? 'B' : 'A') + made.slice(at + 1);
      assert.equal(signerOf(signature(bytes(changed), [attacker.publicKey])), undefined, `character ${at}`);
    }
  });

  it('with Ed25519 needs the file once more, and with Ed25519ph does not', () => {
    const key = importPrivateKey(keyFile('ed25519.pkcs8.pem'));
    const judge = (sig: Uint8Array): BlobJudgement => judgeBlobSignature({ file: sig, digests: digestsOf(blob), keys: [trusted, key.publicKey] });
    const pure = judge(signBytes(key, blob));
    assert.ok('needsMessage' in pure && pure.needsMessage.keys.length === 1);
    assert.equal(signerOf(settle(pure, blob)), key.publicKey.fingerprint);
    assert.equal(faultOf(settle(pure, other)), 'other-key');
    const seed = key.handle.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
    assert.equal(signerOf(judge(ed25519ph.sign(blob, seed))), key.publicKey.fingerprint);
  });
});

describe('a bundle file', () => {
  it('of the worked examples verifies', () => {
    assert.equal(signerOf(bundle(bytes(examples.bb))), trusted.fingerprint);
    assert.equal(signerOf(bundle(bytes(examples.lb))), trusted.fingerprint);
  });

  it('with another digest is refused although the signature is right', () => {
    const sig = signBytes(attacker, blob);
    assert.equal(faultOf(bundle(encodeBlobBundle('', digestsOf(other).sha256, sig), [attacker.publicKey])), 'wrong-digest');
    assert.equal(signerOf(bundle(encodeBlobBundle('', digestsOf(blob).sha256, sig), [attacker.publicKey])), attacker.publicKey.fingerprint);
  });

  it('without a digest is refused although the signature is right', () => {
    for (const messageDigest of [undefined, null, {}, { algorithm: 'SHA2_256' }, { algorithm: 'SHA2_256', digest: '' }]) {
      assert.equal(faultOf(bundle(edit(examples.bb, ({ messageSignature }) => Object.assign(messageSignature, { messageDigest })))), 'wrong-digest');
    }
    assert.equal(faultOf(bundle(edit(examples.bb, ({ messageSignature }) => Object.assign(messageSignature, { messageDigest: { digest: Buffer.from(digestsOf(blob).sha256).toString('base64') } })))), 'unsupported');
  });

  it('with SHA-384 or SHA-512 of the file is read, with another algorithm not', () => {
    const named = (algorithm: string, digest: Uint8Array): BlobJudgement => bundle(edit(examples.bb, ({ messageSignature }) => Object.assign(messageSignature, { messageDigest: { algorithm, digest: Buffer.from(digest).toString('base64') } })));
    assert.equal(signerOf(named('SHA2_384', digestsOf(blob).sha384)), trusted.fingerprint);
    assert.equal(signerOf(named('SHA2_512', digestsOf(blob).sha512)), trusted.fingerprint);
    for (const algorithm of ['SHA1', 'toString', '__proto__', '']) assert.equal(faultOf(named(algorithm, digestsOf(blob).sha256)), 'unsupported');
    assert.equal(faultOf(named('SHA2_512', digestsOf(blob).sha256)), 'wrong-digest');
  });

  it('of version 0.4 is refused', () => {
    assert.equal(faultOf(bundle(bytes(examples.bb.replace('v0.3', 'v0.4')))), 'unsupported');
  });

  it('with a certificate, an attestation, or no signature is told apart', () => {
    assert.equal(faultOf(bundle(edit(examples.bb, (json) => Object.assign(json, { verificationMaterial: { certificate: { rawBytes: 'AAAA' } } })))), 'certificate');
    assert.equal(faultOf(bundle(bytes(examples.bundle))), 'unsupported');
    assert.equal(faultOf(bundle(edit(examples.bb, ({ messageSignature }) => Object.assign(messageSignature, { signature: '' })))), 'no-signature');
  });

  it('changed in any byte but those of its hint has no signer', () => {
    const good = bytes(examples.bb);
    const from = examples.bb.indexOf('"hint"');
    const to = from + `"hint":"${examples.hint}"`.length;
    for (let at = 0; at < good.length; at++) {
      const changed = Uint8Array.from(good);
      changed[at] = (changed[at] ?? 0) ^ 1;
      if (at < from || at >= to) assert.equal(signerOf(bundle(changed)), undefined, `byte ${at}`);
    }
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (file) => {
      assert.equal(signerOf(bundle(file)), undefined);
      assert.equal(signerOf(signature(file, [trusted])), undefined);
    }), { numRuns: 50 });
  });
});

describe('an old bundle file', () => {
  const evil = (cert: string | undefined): Uint8Array => bytes(JSON.stringify({ base64Signature: encodeBlobSignature(signBytes(attacker, blob)), cert }));
  const inBase64 = (data: Uint8Array): string => Buffer.from(data).toString('base64');

  it('that brings its own key does not verify with it', () => {
    assert.equal(faultOf(bundle(evil(inBase64(bytes(attacker.publicKey.pem))))), 'foreign-key');
  });

  it('by one key that claims another does not verify', () => {
    assert.equal(faultOf(bundle(evil(inBase64(bytes(trusted.pem))))), 'other-key');
    assert.equal(faultOf(bundle(evil(inBase64(bytes(trusted.pem))), [trusted, attacker.publicKey])), 'other-key');
  });

  it('that brings a trusted key, or none, verifies with the trusted keys', () => {
    for (const cert of [inBase64(bytes(attacker.publicKey.pem)), undefined, '']) {
      assert.equal(signerOf(bundle(evil(cert), [trusted, attacker.publicKey])), attacker.publicKey.fingerprint);
    }
  });

  it('with a certificate is told apart', () => {
    assert.equal(faultOf(bundle(evil(inBase64(keyFile('certificate.pem'))), [attacker.publicKey])), 'certificate');
  });

  it('with anything else for a key is malformed', () => {
    for (const cert of ['*', inBase64(bytes('x')), inBase64(keyFile('p256.key')), inBase64(Buffer.concat([bytes(attacker.publicKey.pem), bytes(trusted.pem)]))]) {
      assert.equal(faultOf(bundle(evil(cert), [attacker.publicKey])), 'malformed');
    }
  });

  it('is malformed without a signature, or with one of each format', () => {
    for (const data of ['', '{}', '[]', 'null', '{"base64Signature":5}', '{"base64Signature":"*"}', '{"base64Signature":"AAAA","cert":5}', examples.lb.slice(0, -1)]) assert.equal(faultOf(bundle(bytes(data))), 'malformed');
    assert.equal(faultOf(bundle(edit(examples.bb, (json) => Object.assign(json, { base64Signature: 'AAAA' })))), 'malformed');
    assert.equal(faultOf(bundle(bytes('{"base64Signature":""}'))), 'no-signature');
    assert.throws(() => parseLegacyBlobBundle(bytes('{}')), withCode('BUNDLE_INVALID'));
    assert.ok(text(parseLegacyBlobBundle(bytes(examples.lb)).cert ?? new Uint8Array()).startsWith('-----BEGIN PUBLIC KEY-----'));
  });
});
