import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CosignError } from '../../../../src/core/errors.ts';
import { isIndexMediaType, maxManifestBytes, mediaTypes, parseIndex, parseManifest, parseMixedIndex } from '../../../../src/core/oci/manifest.ts';
import { failsWith } from '../../../support/registryClient.ts';
import { sha256 } from '../../../support/registryStore.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
const layer = { mediaType: 'text/plain', digest: sha256('x'), size: 1 };
const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: layer, layers: [layer], subject: layer, artifactType: 'a/b' };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [{ ...layer, platform: { os: 'linux', architecture: 'arm', variant: 'v7' }, annotations: { a: 'b' }, artifactType: 'a/b', data: 'eA==' }] };

describe('an image manifest', () => {
  it('is read with its layers, config and subject', () => {
    assert.deepEqual(parseManifest(bytes(manifest)), { mediaType: mediaTypes.ociManifest, config: layer, layers: [layer], subject: layer, artifactType: 'a/b' });
  });

  it('may leave out what is optional', () => {
    assert.deepEqual(parseManifest(bytes({ schemaVersion: 2, layers: null })).layers, []);
  });

  for (const [name, value] of Object.entries({
    'no JSON': 'x', 'cut JSON': JSON.stringify(manifest).slice(0, -1), 'JSON with more behind it': `${JSON.stringify(manifest)}{}`, 'a list': [], null: 'null', 'a text': '"x"', 'a byte order mark': `\uFEFF${JSON.stringify(manifest)}`,
    'layers that are no list': { ...manifest, layers: {} }, 'a layer that is null': { ...manifest, layers: [null] }, 'a layer without a digest': { ...manifest, layers: [{ size: 1 }] },
    'a sha512 digest': { ...manifest, layers: [{ ...layer, digest: `sha512:${'0'.repeat(128)}` }] }, 'a digest in upper case': { ...manifest, layers: [{ ...layer, digest: layer.digest.toUpperCase() }] },
    'a negative size': { ...manifest, layers: [{ ...layer, size: -1 }] }, 'a size with a fraction': { ...manifest, layers: [{ ...layer, size: 1.5 }] }, 'a size as text': { ...manifest, layers: [{ ...layer, size: '1' }] },
    'an unsafe size': { ...manifest, layers: [{ ...layer, size: 2 ** 53 }] }, 'a media type that is a number': { ...manifest, mediaType: 1 }, 'a subject that is a text': { ...manifest, subject: 'x' }, 'a config that is a list': { ...manifest, config: [] },
    'annotations that are a list': { ...manifest, layers: [{ ...layer, annotations: [] }] }, 'data that is no text': { ...manifest, layers: [{ ...layer, data: 1 }] }, 'a member twice': '{"layers":[],"layers":[]}', 'deep nesting': `${'['.repeat(1000)}${']'.repeat(1000)}`,
  })) {
    it(`is refused with ${name}`, () => assert.throws(() => parseManifest(bytes(value)), failsWith('MANIFEST_INVALID')));
  }

  it('is refused when it is too long or has too many layers', () => {
    assert.throws(() => parseManifest(new Uint8Array(maxManifestBytes + 1)), failsWith('SIZE_LIMIT'));
    assert.throws(() => parseManifest(bytes({ ...manifest, layers: Array(1001).fill(layer) })), failsWith('COUNT_LIMIT'));
    assert.equal(parseManifest(bytes({ ...manifest, layers: Array(1000).fill(layer) })).layers.length, 1000);
  });

  it('of any bytes is read or refused with a code', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array(), fc.json().map((text) => Buffer.from(text))), (input) => {
      for (const parse of [parseManifest, parseIndex, parseMixedIndex]) {
        try {
          parse(input);
        } catch (error) {
          assert.ok(error instanceof CosignError && error.code === 'MANIFEST_INVALID');
        }
      }
    }));
  });
});

describe('an index', () => {
  it('with a digest of another algorithm is refused, or read without that entry, which is named', () => {
    const others = [`sha512:${'0'.repeat(128)}`, 'blake3:AbC=', 'multi+hash.v1_x:00'];
    const mixed = bytes({ ...index, manifests: [...others.map((digest) => ({ digest, size: 1 })), layer] });
    assert.throws(() => parseIndex(mixed), failsWith('MANIFEST_INVALID'));
    assert.deepEqual(parseMixedIndex(mixed), { manifests: [layer], otherDigests: others });
    for (const digest of ['sha256:00', layer.digest.toUpperCase(), 'SHA512:00', 'sha512:', ':00', 'sha512', 'sha512:0 0', 'a--b:0', `sha512:${'0'.repeat(200)}`, 5, null]) {
      assert.throws(() => parseMixedIndex(bytes({ manifests: [{ digest, size: 1 }] })), failsWith('MANIFEST_INVALID'), String(digest));
    }
    assert.throws(() => parseMixedIndex(bytes({ manifests: Array(5001).fill({ digest: others[0], size: 1 }) })), failsWith('COUNT_LIMIT'));
  });

  it('is read with platforms, annotations and data', () => {
    const [entry] = parseIndex(bytes(index)).manifests;
    assert.deepEqual({ ...entry, annotations: { ...entry?.annotations } }, index.manifests[0]);
  });

  it('keeps no prototype for annotations', () => {
    const [entry] = parseIndex(bytes(`{"manifests":[{"digest":"${layer.digest}","size":1,"annotations":{"__proto__":"x","toString":"y"}}]}`)).manifests;
    assert.equal(Object.getPrototypeOf(entry?.annotations), null);
    assert.deepEqual(Object.keys(entry?.annotations ?? {}).sort(), ['__proto__', 'toString']);
  });

  for (const [name, value] of Object.entries({ 'no manifests': { schemaVersion: 2 }, 'an image manifest': manifest, 'manifests that are an object': { manifests: {} }, 'a platform that is a text': { manifests: [{ ...layer, platform: 'linux' }] }, 'an operating system that is a number': { manifests: [{ ...layer, platform: { os: 1 } }] } })) {
    it(`is refused with ${name}`, () => assert.throws(() => parseIndex(bytes(value)), failsWith('MANIFEST_INVALID')));
  }

  it('is refused with too many entries', () => assert.throws(() => parseIndex(bytes({ manifests: Array(5001).fill(layer) })), failsWith('COUNT_LIMIT')));

  it('is known by its media type, whatever case and parameters', () => {
    for (const type of ['application/vnd.oci.image.index.v1+json', 'APPLICATION/vnd.oci.image.index.v1+json; charset=utf-8', mediaTypes.dockerIndex]) assert.equal(isIndexMediaType(type), true);
    for (const type of ['', mediaTypes.ociManifest, 'text/html; x=application/vnd.oci.image.index.v1+json']) assert.equal(isIndexMediaType(type), false);
  });
});
