import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { addToFallbackIndex, encodeReferrerManifest, type ReferrerDescriptor } from '../../../../src/core/cosign/referrer.ts';
import { appendSignature, hasSignature, parseSignatureManifest, type SignatureManifestFiles } from '../../../../src/core/cosign/signatureManifest.ts';
import { bytes, cosignFile, exampleDigest, examples, text, withCode } from './fixtures.ts';

interface ManifestJson { schemaVersion: number; mediaType?: string; config: Record<string, unknown>; layers: Record<string, unknown>[]; annotations?: Record<string, string>; [other: string]: unknown }

function changed(change: (manifest: ManifestJson) => unknown): Uint8Array {
  const manifest = JSON.parse(examples.man) as ManifestJson;
  return bytes(JSON.stringify(change(manifest) ?? manifest));
}

describe('a .sig manifest', () => {
  it('is read: payload, signature, no certificate', () => {
    const { layers, otherLayers, config } = parseSignatureManifest(bytes(examples.man));
    assert.equal(otherLayers, 0);
    assert.equal(config.digest, `sha256:${examples.cfgsha}`);
    assert.deepEqual(layers.map(({ descriptor, signature, certificate }) => ({ descriptor, signature, certificate })), [
      { descriptor: { mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json', size: 239, digest: `sha256:${examples.p1sha}` }, signature: examples.sig1, certificate: false },
    ]);
  });

  it('has only its simple-signing layers read, and the others counted', () => {
    const { layers, otherLayers } = parseSignatureManifest(changed(({ layers: all }) => { all.unshift({ ...all[0], mediaType: 'application/vnd.dsse.envelope.v1+json' }); }));
    assert.deepEqual([layers.length, otherLayers], [1, 1]);
  });

  it('with a certificate says so; an empty signature is none', () => {
    const withNotes = (annotations: unknown): Uint8Array => changed(({ layers }) => { Object.assign(layers[0] ?? {}, { annotations }); });
    const [keyless] = parseSignatureManifest(withNotes({ 'dev.cosignproject.cosign/signature': 'MEQ=', 'dev.sigstore.cosign/certificate': '-----BEGIN CERTIFICATE-----' })).layers;
    assert.equal(keyless?.certificate, true);
    const [empty] = parseSignatureManifest(withNotes({ 'dev.cosignproject.cosign/signature': '', 'dev.sigstore.cosign/certificate': '' })).layers;
    assert.deepEqual([empty?.signature, empty?.certificate], [undefined, false]);
    for (const none of [undefined, null, {}, { 'dev.cosignproject.cosign/signature': 5 }]) {
      assert.equal(parseSignatureManifest(withNotes(none)).layers[0]?.signature, undefined);
    }
  });

  it('may have no layers', () => {
    assert.deepEqual(parseSignatureManifest(changed((manifest) => { manifest.layers = []; })).layers, []);
  });

  it('is refused with more than 1000 layers of any type', () => {
    const many = (count: number): Uint8Array => changed((manifest) => { manifest.layers = Array.from({ length: count }, () => ({ mediaType: 'x', size: 1, digest: exampleDigest })); });
    assert.equal(parseSignatureManifest(many(1000)).otherLayers, 1000);
    assert.throws(() => parseSignatureManifest(many(1001)), withCode('COUNT_LIMIT'));
  });

  const bad: Record<string, (manifest: ManifestJson) => unknown> = {
    'null': () => 'null', 'an array': () => [], 'layers that are an object': (m) => { (m as Record<string, unknown>)['layers'] = {}; }, 'a null layer': (m) => { (m.layers as unknown[])[0] = null; },
    'a layer without digest': (m) => { delete m.layers[0]?.['digest']; }, 'a layer with a bad digest': (m) => { Object.assign(m.layers[0] ?? {}, { digest: 'sha256:x' }); }, 'a layer without size': (m) => { delete m.layers[0]?.['size']; },
    'a negative size': (m) => { Object.assign(m.layers[0] ?? {}, { size: -1 }); }, 'a size in text': (m) => { Object.assign(m.layers[0] ?? {}, { size: '239' }); }, 'a fractional size': (m) => { Object.assign(m.layers[0] ?? {}, { size: 1.5 }); },
    'a layer without media type': (m) => { delete m.layers[0]?.['mediaType']; }, 'annotations that are an array': (m) => { Object.assign(m.layers[0] ?? {}, { annotations: [] }); }, 'no config': (m) => { delete (m as Partial<ManifestJson>).config; },
  };
  for (const [name, change] of Object.entries(bad)) {
    it(`is refused with ${name}`, () => {
      assert.throws(() => parseSignatureManifest(changed(change)), withCode('MANIFEST_INVALID'));
    });
  }

  it('is refused when cut or followed by something', () => {
    for (const data of [examples.man.slice(0, -1), `${examples.man}{}`, '']) assert.throws(() => parseSignatureManifest(bytes(data)), withCode('MANIFEST_INVALID'));
  });

  it('is refused when larger than 4 MiB, before it is parsed', () => {
    assert.throws(() => parseSignatureManifest(new Uint8Array(4 * 1024 * 1024 + 1)), withCode('SIZE_LIMIT'));
  });

  it('that is any JSON is read or refused, never worse', () => {
    fc.assert(fc.property(fc.json(), (json) => {
      assert.throws(() => parseSignatureManifest(bytes(json)), (error) => error instanceof CosignError);
    }));
  });
});

describe('adding a signature', () => {
  const added = { payload: bytes(examples.p2), signature: 'AAAA' };

  it('keeps every other layer as it was, in order, and lists the payload and its history once more', () => {
    const cosigns = { manifest: cosignFile('2.5.0', 'p256', 'sig-manifest.json'), config: cosignFile('2.5.0', 'p256', 'sig-config.json') };
    const files = appendSignature(cosigns, added);
    const [before, after] = [cosigns, files].map(({ manifest }) => JSON.parse(text(manifest)) as ManifestJson);
    assert.deepEqual(after?.layers.slice(0, 1), before?.layers);
    assert.equal(after?.layers[1]?.['digest'], digestOf(added.payload));
    const config = JSON.parse(text(files.config)) as { history: unknown[]; rootfs: { diff_ids: unknown[] } };
    assert.deepEqual(config.rootfs.diff_ids, after.layers.map(({ digest }) => digest));
    assert.equal(config.history.length, 2);
    assert.deepEqual([after.config['digest'], after.config['size']], [digestOf(files.config), files.config.length]);
  });

  it('keeps what it does not know: annotations, foreign layers, further members', () => {
    const manifest = changed((m) => {
      m.annotations = { z: '<', a: '1' };
      m['x'] = { keep: [1, null] };
      m.layers.push({ digest: exampleDigest, size: 3, mediaType: 'foreign', annotations: { b: '2', a: '1' }, artifactType: 't', data: 'YQ==', custom: true });
    });
    const config = bytes('{"config":{"Labels":{"a":"b"}},"rootfs":{"diff_ids":[],"type":"layers"},"os":"linux","extra":1,"architecture":"amd64"}');
    const files = appendSignature({ manifest, config }, added);
    const result = text(files.manifest);
    assert.ok(result.includes('{"mediaType":"foreign","size":3,"digest":"sha256:84d8fd5280a5162aaf5c5d9aeb069b2660500eabeeda58ce2bb10595827e08ad","data":"YQ==","annotations":{"a":"1","b":"2"},"artifactType":"t","custom":true}'));
    assert.ok(result.endsWith(',"annotations":{"a":"1","z":"\\u003c"},"x":{"keep":[1,null]}}'));
    assert.equal(text(files.config), `{"architecture":"amd64","created":"0001-01-01T00:00:00Z","history":[{"created":"0001-01-01T00:00:00Z"}],"os":"linux","rootfs":{"type":"layers","diff_ids":["${digestOf(added.payload)}"]},"config":{"Labels":{"a":"b"}},"extra":1}`);
  });

  it('writes Docker media types for a new manifest when asked, and keeps the types of an old one', () => {
    const docker = appendSignature(undefined, added, true);
    assert.equal(docker.mediaType, 'application/vnd.docker.distribution.manifest.v2+json');
    assert.ok(text(docker.manifest).startsWith('{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json",'));
    assert.equal(appendSignature(docker, added).mediaType, docker.mediaType);
    assert.equal(appendSignature(appendSignature(undefined, added), added, true).mediaType, 'application/vnd.oci.image.manifest.v1+json');
  });

  it('puts further annotations in order beside the signature', () => {
    const files = appendSignature(undefined, { ...added, annotations: { 'dev.sigstore.cosign/chain': 'x', 'a': 'y' } });
    assert.ok(text(files.manifest).includes('"annotations":{"a":"y","dev.cosignproject.cosign/signature":"AAAA","dev.sigstore.cosign/chain":"x"}'));
  });

  it('is refused for the 1001st, and when what is there cannot be read', () => {
    const full = changed((m) => { m.layers = Array.from({ length: 1000 }, () => ({ mediaType: 'x', size: 1, digest: exampleDigest })); });
    assert.throws(() => appendSignature({ manifest: full, config: bytes('{}') }, added), withCode('COUNT_LIMIT'));
    assert.throws(() => appendSignature({ manifest: bytes('{}'), config: bytes('{}') }, added), withCode('MANIFEST_INVALID'));
    for (const config of ['', '[]', '{"rootfs":[]}', '{"history":{}}', '{"rootfs":{"diff_ids":1}}']) {
      assert.throws(() => appendSignature({ manifest: bytes(examples.man), config: bytes(config) }, added), withCode('MANIFEST_INVALID'), config);
    }
  });

  it('any number of times can be read back, in order', () => {
    fc.assert(fc.property(fc.array(fc.tuple(fc.uint8Array({ minLength: 1 }), fc.base64String({ minLength: 4 })), { minLength: 1, maxLength: 12 }), fc.boolean(), (signatures, docker) => {
      let files: SignatureManifestFiles | undefined;
      for (const [payload, signature] of signatures) files = appendSignature(files, { payload, signature }, docker);
      const { layers } = parseSignatureManifest(files?.manifest ?? new Uint8Array());
      assert.deepEqual(layers.map(({ descriptor, signature }) => [descriptor.digest, signature]), signatures.map(([payload, signature]) => [digestOf(payload), signature]));
    }));
  });

  it('is needless when a layer of the same payload and annotations verifies with the same key', () => {
    const { layers } = parseSignatureManifest(bytes(examples.man));
    const same = { payload: bytes(examples.p1) };
    assert.equal(hasSignature(layers, same, (signature) => signature === examples.sig1), true);
    assert.equal(hasSignature(layers, same, () => false), false);
    assert.equal(hasSignature(layers, added, () => true), false);
    assert.equal(hasSignature(layers, { ...same, annotations: { 'dev.sigstore.cosign/bundle': '{}' } }, () => true), false);
  });
});

describe('the fallback index', () => {
  const subject = { mediaType: 'application/vnd.oci.image.manifest.v1+json', size: 527, digest: exampleDigest };
  const referrer = (at: number): ReferrerDescriptor => encodeReferrerManifest(bytes(examples.bundle), subject, at * 1000).descriptor;

  it('keeps what is listed, as it is, and sorts by digest', () => {
    const listed = cosignFile('3.1.1', 'p256', 'referrers-index.json');
    const old = JSON.parse(text(listed)) as { manifests: { digest: string }[] };
    const result = JSON.parse(text(addToFallbackIndex(listed, referrer(1)) ?? new Uint8Array())) as { manifests: { digest: string }[] };
    assert.equal(result.manifests.length, 2);
    assert.deepEqual(result.manifests.find(({ digest }) => digest === old.manifests[0]?.digest), old.manifests[0]);
    const order = result.manifests.map(({ digest }) => digest);
    assert.deepEqual(order, order.toSorted());
  });

  it('keeps entries whose digest is of another algorithm', () => {
    const entry = { mediaType: 'a/b', size: 1, digest: `sha512:${'0'.repeat(128)}`, annotations: { a: 'b' }, unknown: [1] };
    const listed = bytes(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [entry] }));
    const result = JSON.parse(text(addToFallbackIndex(listed, referrer(1)) ?? new Uint8Array())) as { manifests: { digest: string }[] };
    assert.deepEqual(result.manifests.map(({ digest }) => digest), [referrer(1).digest, entry.digest]);
    assert.deepEqual(result.manifests[1], entry);
  });

  it('is the same whatever the order of adding', () => {
    fc.assert(fc.property(fc.uniqueArray(fc.nat(1000), { maxLength: 8 }), (numbers) => {
      const build = (order: readonly number[]): string => text(order.reduce<Uint8Array | undefined>((index, at) => addToFallbackIndex(index, referrer(at)), undefined) ?? new Uint8Array());
      assert.equal(build(numbers), build(numbers.toReversed()));
    }), { numRuns: 20 });
  });

  it('is added to where only a header says that it is one', () => {
    const listed = bytes(examples.idx.replace('"mediaType":"application/vnd.oci.image.index.v1+json",', ''));
    assert.ok(!text(listed).includes('oci.image.index'));
    const result = JSON.parse(text(addToFallbackIndex(listed, referrer(1)) ?? new Uint8Array())) as { mediaType: string; manifests: unknown[] };
    assert.deepEqual([result.mediaType, result.manifests.length], ['application/vnd.oci.image.index.v1+json', 2]);
  });

  it('is not written when the tag holds something else', () => {
    for (const occupant of ['{"schemaVersion":2,"manifests":[],"layers":[]}', '{"schemaVersion":2}', '{"schemaVersion":2,"manifests":[],"config":{}}', examples.man, '{}', examples.idx.replace('"schemaVersion":2', '"schemaVersion":1'), examples.idx.replace('oci.image.index.v1', 'docker.distribution.manifest.list.v2')]) {
      assert.throws(() => addToFallbackIndex(bytes(occupant), referrer(1)), withCode('REFERRERS_TAG_OCCUPIED'));
    }
  });

  it('is not written when the index there cannot be read', () => {
    for (const broken of ['', '[]', examples.idx.slice(0, -1), examples.idx.replace('"size":877', '"size":"877"'), examples.idx.replace('"manifests":[', '"manifests":[null,')]) {
      assert.throws(() => addToFallbackIndex(bytes(broken), referrer(1)), withCode('MANIFEST_INVALID'));
    }
  });
});
