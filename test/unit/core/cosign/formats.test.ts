// The worked examples, byte for byte, and the same against files of the real cosigns.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { digestOf, parseDigest } from '../../../../src/core/crypto/digest.ts';
import { privateKeyFromPkcs8 } from '../../../../src/core/crypto/privateKey.ts';
import { parsePublicKeys } from '../../../../src/core/crypto/publicKey.ts';
import { signBytes, verifyBytes } from '../../../../src/core/crypto/signatures.ts';
import { encodeBlobSignature } from '../../../../src/core/cosign/blobSignature.ts';
import { encodeBlobBundle, encodeImageBundle, parseBundle } from '../../../../src/core/cosign/bundle.ts';
import { preAuthEncoding } from '../../../../src/core/cosign/dsse.ts';
import { addToFallbackIndex, emptyConfig, encodeReferrerManifest, referrersTag } from '../../../../src/core/cosign/referrer.ts';
import { appendSignature, parseSignatureManifest, signatureTag } from '../../../../src/core/cosign/signatureManifest.ts';
import { encodePayload, parsePayload } from '../../../../src/core/cosign/simpleSigning.ts';
import { encodeStatement } from '../../../../src/core/cosign/statement.ts';
import { bytes, cosignFile, exampleDigest, examples, imageDigest, keyNames, publicKey, text, versions } from './fixtures.ts';

const hex = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex');
const fixtureAnnotations = { note: 'a<b&c', env: 'prod' };

describe('the worked example of', () => {
  const noNotes = encodePayload({ repository: 'localhost:5000/demo/app', digest: exampleDigest, annotations: {} });
  const signature = { payload: noNotes, signature: examples.sig1 };

  it('a payload without annotations is written to the byte', () => {
    assert.equal(text(noNotes), examples.p1);
    assert.equal(hex(noNotes), examples.p1sha);
  });

  it('a payload with annotations is written to the byte, sorted and escaped', () => {
    const payload = encodePayload({ repository: 'index.docker.io/library/alpine', digest: exampleDigest, annotations: { z: '1', note: 'a<b&c', env: 'prod' } });
    assert.equal(text(payload), examples.p2);
    assert.equal(hex(payload), examples.p2sha);
  });

  it('a signature verifies', () => {
    const [key] = parsePublicKeys(bytes(examples.pub));
    assert.ok(key && verifyBytes(key, noNotes, Buffer.from(examples.sig1, 'base64')));
  });

  it('a .sig manifest and its config are written to the byte', () => {
    const files = appendSignature(undefined, signature);
    assert.equal(text(files.config), examples.cfg);
    assert.equal(text(files.manifest), examples.man);
    assert.equal(hex(files.manifest), examples.mansha);
    assert.equal(files.mediaType, 'application/vnd.oci.image.manifest.v1+json');
  });

  it('a config of two signatures is written to the byte', () => {
    const files = appendSignature(appendSignature(undefined, signature), signature);
    assert.equal(hex(files.config), examples.cfg2sha);
    assert.equal(files.config.length, 342);
  });

  it('a statement is written to the byte, and encoded for signing', () => {
    const statement = encodeStatement(exampleDigest, {});
    assert.equal(text(statement), examples.st);
    const pae = preAuthEncoding('application/vnd.in-toto+json', statement);
    assert.equal(hex(pae), examples.paesha);
    assert.ok(text(pae).startsWith('DSSEv1 28 application/vnd.in-toto+json 230 {'));
  });

  it('an image bundle is written to the byte', () => {
    const content = parseBundle(bytes(examples.bundle)).content;
    assert.equal(content.kind, 'dsse');
    const bundle = encodeImageBundle(examples.hint, bytes(examples.st), content.signature);
    assert.equal(text(bundle), examples.bundle);
    assert.equal(hex(bundle), examples.bundlesha);
  });

  it('a referrer manifest and the fallback index are written to the byte', () => {
    const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 527, digest: exampleDigest };
    const { manifest, descriptor } = encodeReferrerManifest(bytes(examples.bundle), subject, Date.UTC(2026, 0, 2, 3, 4, 5, 678));
    assert.equal(text(manifest), examples.rman);
    assert.equal(hex(manifest), examples.rmansha);
    assert.equal(text(addToFallbackIndex(undefined, descriptor) ?? new Uint8Array()), examples.idx);
    assert.equal(addToFallbackIndex(bytes(examples.idx), descriptor), undefined);
  });

  it('a blob bundle is written to the byte', () => {
    const content = parseBundle(bytes(examples.bb)).content;
    assert.equal(content.kind, 'message');
    assert.equal(text(encodeBlobBundle(examples.hint, Buffer.from(examples.blobsha, 'hex'), content.signature)), examples.bb);
  });

  it('tags names them as cosign does', () => {
    assert.equal(signatureTag(exampleDigest), 'sha256-84d8fd5280a5162aaf5c5d9aeb069b2660500eabeeda58ce2bb10595827e08ad.sig');
    assert.equal(referrersTag(exampleDigest), 'sha256-84d8fd5280a5162aaf5c5d9aeb069b2660500eabeeda58ce2bb10595827e08ad');
    assert.equal(digestOf(emptyConfig), parseDigest('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'));
  });
});

describe('what we write is what the real cosign wrote:', () => {
  for (const version of versions) {
    for (const name of keyNames) {
      it(`payload, manifest and config of ${version} with ${name}`, () => {
        const stored = cosignFile(version, name, 'payload.json');
        const payload = encodePayload({ repository: parsePayload(stored).identity ?? '', digest: imageDigest, annotations: fixtureAnnotations });
        assert.equal(text(payload), text(stored));
        const manifest = cosignFile(version, name, 'sig-manifest.json');
        const files = appendSignature(undefined, { payload, signature: parseSignatureManifest(manifest).layers[0]?.signature ?? '' });
        assert.equal(text(files.manifest), text(manifest));
        assert.equal(text(files.config), text(cosignFile(version, name, 'sig-config.json')));
      });

      it(`blob.sig of ${version} with ${name}`, () => {
        const stored = cosignFile(version, name, 'blob.sig');
        assert.equal(encodeBlobSignature(Buffer.from(text(stored), 'base64')), text(stored));
      });
    }
  }

  for (const name of keyNames) {
    it(`bundle and referrer manifest of 3.1.1 with ${name}`, () => {
      const stored = cosignFile('3.1.1', name, 'bundle.json');
      const { content } = parseBundle(stored);
      assert.equal(text(encodeImageBundle(publicKey(name).hint, encodeStatement(imageDigest, fixtureAnnotations), content.signature)), text(stored));
      const manifest = text(cosignFile('3.1.1', name, 'referrer-manifest.json'));
      const { annotations, subject } = JSON.parse(manifest) as { annotations: Record<string, string>; subject: { mediaType: string; size: number } };
      const created = Date.parse(annotations['org.opencontainers.image.created'] ?? '');
      assert.equal(text(encodeReferrerManifest(stored, { ...subject, digest: imageDigest }, created).manifest), manifest);
    });
  }

  it('the blob bundle of 2.5.0, but for its spaces', () => {
    for (const name of keyNames.filter((key) => key !== 'ed25519')) {
      const stored = cosignFile('2.5.0', name, 'blob.sigstore.json');
      const { content } = parseBundle(stored);
      assert.equal(content.kind, 'message');
      const written = encodeBlobBundle(publicKey(name).hint, Buffer.from(examples.blobsha, 'hex'), content.signature);
      assert.deepEqual(JSON.parse(text(written)), JSON.parse(text(stored)));
    }
  });

  it('the whole chain, from key to bundle, verifies', () => {
    const key = privateKeyFromPkcs8(Buffer.from(examples.pkcs8hex, 'hex'));
    const statement = encodeStatement(exampleDigest, {});
    const bundle = parseBundle(encodeImageBundle(key.publicKey.hint, statement, signBytes(key, preAuthEncoding('application/vnd.in-toto+json', statement))));
    assert.ok(verifyBytes(key.publicKey, preAuthEncoding('application/vnd.in-toto+json', statement), bundle.content.signature));
  });
});
