import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CosignError } from '../../../../src/core/errors.ts';
import { encodeBlobBundle, encodeImageBundle, parseBundle } from '../../../../src/core/cosign/bundle.ts';
import { bytes, cosignFile, examples, keyNames, text, withCode } from './fixtures.ts';

interface BundleJson { mediaType: unknown; verificationMaterial: Record<string, unknown>; dsseEnvelope: Record<string, unknown>; [other: string]: unknown }

function changed(change: (bundle: BundleJson) => unknown): Uint8Array {
  const bundle = JSON.parse(examples.bundle) as BundleJson;
  change(bundle);
  return bytes(JSON.stringify(bundle));
}

describe('a bundle', () => {
  it('of an image is read', () => {
    const bundle = parseBundle(bytes(examples.bundle));
    assert.equal(bundle.version, '0.3');
    assert.deepEqual(bundle.signer, { kind: 'key', hint: examples.hint });
    assert.ok(bundle.content.kind === 'dsse' && text(bundle.content.payload) === examples.st && bundle.content.payloadType === 'application/vnd.in-toto+json');
  });

  it('of a file is read, also with the empty digest of cosign 3.1', () => {
    const { content } = parseBundle(bytes(examples.bb));
    assert.ok(content.kind === 'message' && content.digestAlgorithm === 'SHA2_256' && Buffer.from(content.digest ?? []).toString('hex') === examples.blobsha);
    const { content: empty } = parseBundle(cosignFile('3.1.1', 'ed25519', 'blob.sigstore.json'));
    assert.ok(empty.kind === 'message' && empty.digest === undefined && empty.digestAlgorithm === undefined && empty.signature.length === 64);
  });

  it('is written as it can be read', () => {
    fc.assert(fc.property(fc.string(), fc.uint8Array(), fc.uint8Array(), (hint, data, signature) => {
      const image = parseBundle(encodeImageBundle(hint, data, signature));
      assert.ok(image.content.kind === 'dsse' && image.signer.kind === 'key');
      assert.deepEqual([image.signer.hint, Buffer.from(image.content.payload), Buffer.from(image.content.signature)], [hint, Buffer.from(data), Buffer.from(signature)]);
      const blob = parseBundle(encodeBlobBundle(hint, data, signature));
      assert.ok(blob.content.kind === 'message');
      assert.deepEqual([Buffer.from(blob.content.digest ?? []), Buffer.from(blob.content.signature)], [Buffer.from(data), Buffer.from(signature)]);
    }));
  });

  const mediaTypes: Record<string, string> = {
    'application/vnd.dev.sigstore.bundle.v0.3+json': '0.3', 'application/vnd.dev.sigstore.bundle.v0.3.1+json': '0.3', 'application/vnd.dev.sigstore.bundle+json;version=0.1': '0.1',
    'application/vnd.dev.sigstore.bundle+json;version=0.2': '0.2', 'application/vnd.dev.sigstore.bundle+json;version=0.3': '0.3',
  };
  for (const [mediaType, version] of Object.entries(mediaTypes)) {
    it(`of type ${mediaType} is version ${version}`, () => {
      assert.equal(parseBundle(changed((bundle) => { bundle.mediaType = mediaType; })).version, version);
    });
  }

  for (const mediaType of ['application/vnd.dev.sigstore.bundle.v0.4+json', 'application/vnd.dev.sigstore.bundle.v0.10+json', 'application/vnd.dev.sigstore.bundle.v1.0+json', 'application/vnd.dev.sigstore.bundle+json;version=0.4', 'application/vnd.dev.sigstore.bundle.v0.30+json']) {
    it(`of type ${mediaType} is not supported`, () => {
      assert.throws(() => parseBundle(changed((bundle) => { bundle.mediaType = mediaType; })), withCode('BUNDLE_UNSUPPORTED'));
    });
  }

  const bad: Record<string, (bundle: BundleJson) => unknown> = {
    'no media type': (b) => { delete b.mediaType; }, 'a media type that is a number': (b) => { b.mediaType = 0.3; }, 'an old version in the new form': (b) => { b.mediaType = 'application/vnd.dev.sigstore.bundle.v0.2+json'; }, 'another media type': (b) => { b.mediaType = 'application/json'; }, 'a media type and more': (b) => { b.mediaType = `${String(b.mediaType)};x`; },
    'a mixed media type': (b) => { b.mediaType = 'application/vnd.dev.sigstore.bundle.v0.3'; }, 'another mixed media type': (b) => { b.mediaType = 'application/vnd.dev.sigstore.bundle+json;version=0.3+json'; },
    'a long media type': (b) => { b.mediaType = `application/vnd.dev.sigstore.bundle.v${'0'.repeat(50_000)}.3+json`; },
    'no material': (b) => { delete (b as Record<string, unknown>)['verificationMaterial']; }, 'material null': (b) => { (b as Record<string, unknown>)['verificationMaterial'] = null; }, 'empty material': (b) => { b.verificationMaterial = {}; },
    'key and certificate': (b) => { b.verificationMaterial['certificate'] = { rawBytes: 'AAAA' }; }, 'a key that is a string': (b) => { b.verificationMaterial['publicKey'] = 'x'; }, 'a hint that is a number': (b) => { b.verificationMaterial['publicKey'] = { hint: 5 }; },
    'log entries that are an object': (b) => { b.verificationMaterial['tlogEntries'] = {}; }, 'timestamps that are a string': (b) => { b.verificationMaterial['timestampVerificationData'] = { rfc3161Timestamps: 'x' }; },
    'no content': (b) => { delete (b as Record<string, unknown>)['dsseEnvelope']; }, 'both contents': (b) => { b['messageSignature'] = { signature: 'AAAA' }; }, 'an envelope that is an array': (b) => { (b as Record<string, unknown>)['dsseEnvelope'] = []; },
    'two signatures': (b) => { b.dsseEnvelope['signatures'] = [{ sig: 'AAAA' }, { sig: 'AAAA' }]; }, 'a null signature': (b) => { b.dsseEnvelope['signatures'] = [null]; }, 'a signature that is a string': (b) => { b.dsseEnvelope['signatures'] = ['AAAA']; },
    'signatures that are an object': (b) => { b.dsseEnvelope['signatures'] = { 0: { sig: 'AAAA' }, length: 1 }; }, 'a signature that is not base64': (b) => { b.dsseEnvelope['signatures'] = [{ sig: 'A' }]; }, 'no payload': (b) => { delete b.dsseEnvelope['payload']; },
    'a payload that is not base64': (b) => { b.dsseEnvelope['payload'] = 'a-_b'; }, 'a payload that is an object': (b) => { b.dsseEnvelope['payload'] = {}; }, 'no payload type': (b) => { delete b.dsseEnvelope['payloadType']; },
    'the material by inheritance': (b) => { (b as Record<string, unknown>)['verificationMaterial'] = JSON.parse('{"__proto__":{"publicKey":{}}}'); },
  };
  for (const [name, change] of Object.entries(bad)) {
    it(`is refused with ${name}`, () => {
      assert.throws(() => parseBundle(changed(change)), withCode('BUNDLE_INVALID'));
    });
  }

  it('is refused when it is no object, cut, or followed by something', () => {
    for (const data of ['', 'null', '[]', '"x"', '1', examples.bundle.slice(0, -1), `${examples.bundle} {}`, `\ufeff${examples.bundle}`]) assert.throws(() => parseBundle(bytes(data)), withCode('BUNDLE_INVALID'));
  });

  it('has junk log entries and timestamps ignored, but counted', () => {
    const junk = (entries: number, timestamps: number): Uint8Array => changed((b) => Object.assign(b.verificationMaterial, { tlogEntries: Array(entries).fill('junk'), timestampVerificationData: { rfc3161Timestamps: Array(timestamps).fill(null) } }));
    assert.equal(parseBundle(junk(32, 32)).version, '0.3');
    assert.throws(() => parseBundle(junk(33, 0)), withCode('COUNT_LIMIT'));
    assert.throws(() => parseBundle(junk(0, 33)), withCode('COUNT_LIMIT'));
  });

  it('takes null for a member that is not there, as proto JSON does', () => {
    const bundle = parseBundle(changed((b) => { Object.assign(b.verificationMaterial, { tlogEntries: null, certificate: null, timestampVerificationData: null }); b['messageSignature'] = null; }));
    assert.equal(bundle.content.kind, 'dsse');
  });

  it('with a certificate says so', () => {
    for (const material of [{ certificate: { rawBytes: 'AAAA' } }, { x509CertificateChain: { certificates: [] } }]) {
      assert.deepEqual(parseBundle(changed((b) => { b.verificationMaterial = material; })).signer, { kind: 'certificate' });
    }
  });

  it('is refused when large, before it is parsed', () => {
    assert.throws(() => parseBundle(bytes(examples.bundle.padEnd(1000)), 999), withCode('SIZE_LIMIT'));
  });

  it('of either cosign is read, for every key', () => {
    for (const name of keyNames) {
      for (const file of [cosignFile('3.1.1', name, 'bundle.json'), cosignFile('3.1.1', name, 'blob.sigstore.json'), cosignFile('2.5.0', name, 'blob.sigstore.json')]) assert.equal(parseBundle(file).version, '0.3');
    }
  });

  it('that is any JSON is read or refused, never worse', () => {
    fc.assert(fc.property(fc.json(), (json) => {
      assert.throws(() => parseBundle(bytes(json)), (error) => error instanceof CosignError);
    }));
  });
});
