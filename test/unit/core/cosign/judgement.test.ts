import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ed25519ph } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import { digestOf, type Digest } from '../../../../src/core/crypto/digest.ts';
import { importPrivateKey, type PrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import type { PublicKey } from '../../../../src/core/crypto/publicKey.ts';
import { signBytes } from '../../../../src/core/crypto/signatures.ts';
import { encodeBlobBundle, encodeImageBundle } from '../../../../src/core/cosign/bundle.ts';
import { preAuthEncoding } from '../../../../src/core/cosign/dsse.ts';
import { judgeBundle, judgeLegacy, type Judgement, type LegacyInput } from '../../../../src/core/cosign/judgement.ts';
import { parseSignatureManifest } from '../../../../src/core/cosign/signatureManifest.ts';
import { encodePayload } from '../../../../src/core/cosign/simpleSigning.ts';
import { encodeStatement } from '../../../../src/core/cosign/statement.ts';
import type { SignatureFault } from '../../../../src/core/policy/verdict.ts';
import { bytes, cosignFile, exampleDigest, examples, imageDigest, keyFile, keyNames, publicKey, text, versions } from './fixtures.ts';

const mine: PrivateKey = importPrivateKey(keyFile('import-p256.pkcs8.pem'));
const keys: readonly PublicKey[] = [mine.publicKey];
const otherDigest: Digest = digestOf(bytes('another image'));
const inToto = 'application/vnd.in-toto+json';

function sign(payload: Uint8Array, key = mine): string {
  return Buffer.from(signBytes(key, payload)).toString('base64');
}

function legacy(payload: Uint8Array, more: Partial<LegacyInput> = {}): Judgement {
  return judgeLegacy({ payload, signature: sign(payload), certificate: false, digest: exampleDigest, keys, ...more });
}

function bundleOf(statement: Uint8Array, key = mine): Uint8Array {
  return encodeImageBundle('any hint', statement, signBytes(key, preAuthEncoding(inToto, statement)));
}

function bundle(data: Uint8Array, digest = exampleDigest, trusted = keys): Judgement {
  return judgeBundle({ bytes: data, digest, keys: trusted });
}

interface BundleJson { verificationMaterial: object; dsseEnvelope: { signatures: unknown[] }; messageSignature: object }

function edit(data: Uint8Array, change: (json: BundleJson) => unknown): Uint8Array {
  const json = JSON.parse(text(data)) as BundleJson;
  change(json);
  return bytes(JSON.stringify(json));
}

function isFaulty(judgement: Judgement, fault: SignatureFault): void {
  assert.equal(judgement.fault, fault);
  assert.equal('signer' in judgement, false);
  assert.deepEqual(Object.keys(judgement.annotations), []);
  assert.equal(Object.getPrototypeOf(judgement.annotations), null);
}

describe('signatures of the real cosigns', () => {
  const wrong = keys;
  for (const version of versions) {
    for (const name of keyNames) {
      it(`${version} legacy with ${name} count for that key only, and for that digest only`, () => {
        const [layer] = parseSignatureManifest(cosignFile(version, name, 'sig-manifest.json')).layers;
        const input = { payload: cosignFile(version, name, 'payload.json'), signature: layer?.signature, certificate: false, digest: imageDigest, keys: [...wrong, publicKey(name)] };
        const judgement = judgeLegacy(input);
        assert.equal(judgement.signer?.fingerprint, publicKey(name).fingerprint);
        assert.deepEqual({ ...judgement.annotations }, { env: 'prod', note: 'a<b&c' });
        assert.equal(judgement.identity, `localhost:5791/fix/${name}`);
        isFaulty(judgeLegacy({ ...input, keys: wrong }), 'other-key');
        isFaulty(judgeLegacy({ ...input, digest: exampleDigest }), 'wrong-digest');
      });
    }
  }

  for (const name of keyNames) {
    it(`3.1.1 bundle with ${name} count for that key only, and for that digest only`, () => {
      const data = cosignFile('3.1.1', name, 'bundle.json');
      const judgement = bundle(data, imageDigest, [...wrong, publicKey(name)]);
      assert.equal(judgement.signer?.fingerprint, publicKey(name).fingerprint);
      assert.deepEqual({ ...judgement.annotations }, { env: 'prod', note: 'a<b&c' });
      assert.equal(judgement.predicateType, 'https://sigstore.dev/cosign/sign/v1');
      assert.equal(judgement.keyHint, publicKey(name).hint);
      isFaulty(bundle(data, imageDigest, wrong), 'other-key');
      isFaulty(bundle(data, exampleDigest, [publicKey(name)]), 'wrong-digest');
    });
  }
});

describe('a legacy signature', () => {
  const payload = encodePayload({ repository: 'r', digest: exampleDigest, annotations: { a: '1' } });

  it('counts with its key among several, once', () => {
    const judgement = legacy(payload, { keys: [publicKey('p384'), publicKey('ed25519'), mine.publicKey, publicKey('p256')] });
    assert.equal(judgement.signer, mine.publicKey);
    assert.equal('fault' in judgement, false);
    assert.deepEqual({ ...judgement.annotations }, { a: '1' });
  });

  it('counts for a key even though a certificate is attached', () => {
    assert.equal(legacy(payload, { certificate: true }).signer, mine.publicKey);
  });

  it('does not count without keys', () => isFaulty(legacy(payload, { keys: [] }), 'other-key'));
  it('by a certificate is told apart', () => isFaulty(legacy(payload, { keys: [], certificate: true }), 'certificate'));
  it('that is missing or empty is none', () => {
    isFaulty(legacy(payload, { signature: undefined }), 'no-signature');
    isFaulty(legacy(payload, { signature: '' }), 'no-signature');
  });

  it('that is not base64 is malformed', () => {
    const good = sign(payload);
    for (const signature of ['*', 'A', `${good}\n`, ` ${good}`, good.replace(/=*$/, ''), 'A'.repeat(10_000_000)]) {
      const fault = legacy(payload, { signature }).fault;
      assert.ok(fault === 'malformed' || (fault === undefined && good === signature), signature.slice(0, 20));
    }
  });

  it('over another digest is wrong even by the right key', () => {
    const judgement = legacy(encodePayload({ repository: 'r', digest: otherDigest, annotations: { a: '1' } }));
    isFaulty(judgement, 'wrong-digest');
    assert.ok(judgement.detail?.toString().includes(otherDigest));
  });

  it('of another layer does not fit this one', () => {
    isFaulty(legacy(payload, { signature: sign(encodePayload({ repository: 'r', digest: exampleDigest, annotations: {} })) }), 'other-key');
  });

  it('over the same content written differently does not fit', () => {
    isFaulty(legacy(bytes(`${text(payload)} `), { signature: sign(payload) }), 'other-key');
  });

  it('over something that is no payload is malformed, whoever signed it', () => {
    for (const data of ['', 'null', '[]', '{}', 'x', text(payload).slice(1), '{"critical":{"image":{"docker-manifest-digest":null}}}']) {
      isFaulty(legacy(bytes(data)), 'malformed');
      isFaulty(legacy(bytes(data), { keys: [] }), 'malformed');
    }
  });

  it('over a huge payload is malformed', () => isFaulty(legacy(bytes(text(payload).padEnd(200_000))), 'malformed'));

  it('with any byte of the payload changed has no signer', () => {
    const signature = sign(payload);
    for (let at = 0; at < payload.length; at++) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const changed = Uint8Array.from(payload);
        changed[at] = (changed[at] ?? 0) ^ mask;
        assert.equal(legacy(changed, { signature }).signer, undefined, `byte ${at} ^ ${mask}`);
      }
    }
  });

  it('with any character of the signature changed, dropped or doubled has no signer', () => {
    const signature = sign(payload);
    for (let at = 0; at < signature.length; at++) {
      const swapped = signature[at] === 'A' ? 'B' : 'A';
      for (const changed of [signature.slice(0, at) + swapped + signature.slice(at + 1), signature.slice(0, at) + signature.slice(at + 1), signature.slice(0, at + 1) + signature.slice(at)]) {
        if (changed !== signature) assert.equal(legacy(payload, { signature: changed }).signer, undefined, `${at}: ${changed}`);
      }
    }
  });

  it('never throws, and always either has a signer or a fault', () => {
    fc.assert(fc.property(fc.uint8Array(), fc.option(fc.oneof(fc.string(), fc.base64String()), { nil: undefined }), fc.boolean(), (data, signature, certificate) => {
      const judgement = judgeLegacy({ payload: data, signature, certificate, digest: exampleDigest, keys: [...keys, publicKey('rsa2048'), publicKey('ed25519')] });
      assert.ok(judgement.fault !== undefined && judgement.signer === undefined);
    }));
  });
});

describe('a bundle of an image', () => {
  const statement = encodeStatement(exampleDigest, { a: '1' });
  const good = bundleOf(statement);

  it('counts, whatever its hint says', () => {
    const judgement = bundle(good);
    assert.equal(judgement.signer, mine.publicKey);
    assert.equal('fault' in judgement, false);
    assert.deepEqual({ ...judgement.annotations }, { a: '1' });
    assert.equal(judgement.keyHint, 'any hint');
  });

  it('counts with any predicate type, as in cosign, which is told', () => {
    const judgement = bundle(bundleOf(bytes(text(statement).replace('https://sigstore.dev/cosign/sign/v1', 'https://spdx.dev/Document'))));
    assert.equal(judgement.signer, mine.publicKey);
    assert.equal(judgement.predicateType, 'https://spdx.dev/Document');
  });

  it('counts with Ed25519, pure and prehashed', () => {
    const key = importPrivateKey(keyFile('ed25519.pkcs8.pem'));
    assert.ok(bundle(bundleOf(statement, key), exampleDigest, [key.publicKey]).signer);
    const seed = key.handle.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
    assert.ok(bundle(encodeImageBundle('', statement, ed25519ph.sign(preAuthEncoding(inToto, statement), seed)), exampleDigest, [key.publicKey]).signer);
  });

  it('with junk in the log entries counts: nothing is claimed about a log', () => {
    assert.ok(bundle(edit(good, ({ verificationMaterial }) => Object.assign(verificationMaterial, { tlogEntries: ['junk', 5] }))).signer);
  });

  it('over another digest is wrong even by the right key', () => isFaulty(bundle(bundleOf(encodeStatement(otherDigest, {}))), 'wrong-digest'));
  it('without subjects is wrong', () => isFaulty(bundle(bundleOf(bytes('{"_type":"https://in-toto.io/Statement/v1","subject":[]}'))), 'wrong-digest'));
  it('with the digest under another algorithm is wrong', () => isFaulty(bundle(bundleOf(bytes(text(statement).replace('"sha256"', '"sha512"')))), 'wrong-digest'));
  it('signed over the payload alone, without its type, does not fit', () => isFaulty(bundle(encodeImageBundle('', statement, signBytes(mine, statement))), 'other-key'));

  it('of version 0.4, or of one too old for images, is not supported', () => {
    for (const version of ['0.4', '1.0', '0.1', '0.2']) {
      isFaulty(bundle(edit(good, (json) => Object.assign(json, { mediaType: `application/vnd.dev.sigstore.bundle.v${version}+json` }))), /0\.[12]/.test(version) ? 'malformed' : 'unsupported');
      isFaulty(bundle(edit(good, (json) => Object.assign(json, { mediaType: `application/vnd.dev.sigstore.bundle+json;version=${version}` }))), 'unsupported');
    }
  });

  it('with another payload type is not supported, even when signed as such', () => {
    const other = encodeImageBundle('', statement, signBytes(mine, preAuthEncoding('text/plain', statement)));
    isFaulty(bundle(edit(other, ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { payloadType: 'text/plain' }))), 'unsupported');
  });

  it('that is a signature over the digest\'s bytes and no envelope is not supported', () => {
    isFaulty(bundle(encodeBlobBundle('', Buffer.from(exampleDigest.slice(7), 'hex'), signBytes(mine, bytes('hello image')))), 'unsupported');
  });

  it('with a certificate is told apart', () => isFaulty(bundle(edit(good, (json) => Object.assign(json, { verificationMaterial: { certificate: { rawBytes: 'AAAA' } } }))), 'certificate'));

  it('without a signature is told apart', () => {
    for (const signatures of [[], null, [{}], [{ sig: '' }], [{ sig: null }]]) isFaulty(bundle(edit(good, ({ dsseEnvelope }) => Object.assign(dsseEnvelope, { signatures }))), 'no-signature');
  });

  it('with two signatures is malformed, even when the first is right', () => {
    isFaulty(bundle(edit(good, ({ dsseEnvelope }) => { dsseEnvelope.signatures.push(dsseEnvelope.signatures[0]); })), 'malformed');
  });

  it('over something that is no statement is malformed, whoever signed it', () => {
    for (const data of ['', 'null', '[]', '{}', '{"_type":"https://in-toto.io/Statement/v1","subject":null}', '{"_type":"https://in-toto.io/Statement/v1","subject":[null]}', text(statement).slice(1)]) {
      isFaulty(bundle(bundleOf(bytes(data))), 'malformed');
    }
  });

  it('with any byte changed has no signer, but for those of its hint, which means nothing', () => {
    const from = text(good).indexOf('"hint"');
    const to = from + '"hint":"any hint"'.length;
    for (let at = 0; at < good.length; at++) {
      for (const mask of [0x01, 0x20, 0x80]) {
        const changed = Uint8Array.from(good);
        changed[at] = (changed[at] ?? 0) ^ mask;
        if (at < from || at >= to) assert.equal(bundle(changed).signer, undefined, `byte ${at} ^ ${mask}`);
      }
    }
  });

  it('with any byte of the statement changed inside the envelope has no signer', () => {
    const signature = signBytes(mine, preAuthEncoding(inToto, statement));
    for (let at = 0; at < statement.length; at++) {
      const changed = Uint8Array.from(statement);
      changed[at] = (changed[at] ?? 0) ^ 1;
      assert.equal(bundle(encodeImageBundle('', changed, signature)).signer, undefined, `byte ${at}`);
    }
  });

  it('cut anywhere has no signer', () => {
    for (let at = 0; at < good.length; at++) assert.equal(bundle(good.subarray(0, at)).signer, undefined);
  });

  it('never throws, and always either has a signer or a fault', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map(bytes)), (data) => {
      const judgement = bundle(data);
      assert.ok(judgement.fault !== undefined && judgement.signer === undefined);
    }));
  });

  it('of the worked example is by its own key only', () => {
    isFaulty(bundle(bytes(examples.bundle)), 'other-key');
  });
});
