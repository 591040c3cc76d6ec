// What a parser, a connection or a name can be led into: traps in JSON, numbers without end, bombs, slowness, hosts that look like others.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { parseBundle } from '../../src/core/cosign/bundle.ts';
import { parseSignatureManifest } from '../../src/core/cosign/signatureManifest.ts';
import { parsePayload } from '../../src/core/cosign/simpleSigning.ts';
import { parseStatement } from '../../src/core/cosign/statement.ts';
import { readJson } from '../../src/core/encoding/json.ts';
import { CosignError } from '../../src/core/errors.ts';
import { parseIndex, parseManifest } from '../../src/core/oci/manifest.ts';
import { canonicalName, parseReference } from '../../src/core/oci/reference.ts';
import { findLimits } from '../../src/core/verification/signatureFinder.ts';
import { on, redirectLoop, silence, slowBody } from '../support/faults.ts';
import { types } from '../support/registryStore.ts';
import { bundleType, manifestType, MemoryRegistry, putImage, sha256, simpleSigningType } from '../support/signedImages.ts';
import { verify } from './memory.ts';
import { outcome, withScene } from './scene.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const parsers: Readonly<Record<string, (input: Uint8Array) => unknown>> = {
  'a manifest': parseManifest, 'an index': parseIndex, 'a signature manifest': parseSignatureManifest, 'a payload': parsePayload, 'a statement': parseStatement, 'a bundle': parseBundle, 'any JSON': readJson,
};
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return error instanceof CosignError ? error.code : String(error);
  }
  return 'read';
};

describe('a trap in JSON', () => {
  const deep = (open: string, close: string): string => `{"a":${open.repeat(500_000)}1${close.repeat(500_000)}}`;
  const traps: Readonly<Record<string, Uint8Array>> = {
    'duplicate keys': bytes('{"layers":[],"layers":[]}'), 'duplicate keys, one escaped': bytes('{"layers":[],"\\u006cayers":[]}'), 'duplicate __proto__': bytes('{"__proto__":{},"__proto__":{}}'),
    'a byte order mark': bytes('\ufeff{}'), 'invalid UTF-8': Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'overlong UTF-8': Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]), 'a surrogate in UTF-8': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    'nested lists': bytes(deep('[', ']')), 'nested objects': bytes(deep('{"a":', '}')), 'brackets that do not fit': bytes(`{"a":${']'.repeat(1000)}`), nothing: bytes(''), 'white space': bytes(' '.repeat(100_000)), 'two documents': bytes('{}{}'), comments: bytes('{/**/}'), NaN: bytes('{"a":NaN}'),
    'an endless text': bytes(`{"a":"${'\\'.repeat(99_999)}`), 'a hundred MB': new Uint8Array(100 * 1024 * 1024),
  };
  for (const [trap, input] of Object.entries(traps)) {
    it(`${trap} is refused by every reader`, () => {
      for (const [name, parse] of Object.entries(parsers)) assert.match(refusal(() => parse(input)), /^(MANIFEST_INVALID|PAYLOAD_INVALID|BUNDLE_INVALID|SIZE_LIMIT)$/, `${name}: ${trap}`);
    });
  }

  it('a number beyond all numbers is no size, no count and no digest', () => {
    for (const size of ['1e400', '-1', '1.5', '9007199254740993', '"7"', 'null', '[]', '{}', 'true', '-0.1']) {
      const layer = `{"mediaType":"${simpleSigningType}","digest":"sha256:${'0'.repeat(64)}","size":${size}}`;
      for (const text of [`{"config":${layer},"layers":[${layer}]}`, `{"manifests":[${layer}]}`]) {
        assert.equal(refusal(() => (text.includes('manifests') ? parseIndex : parseManifest)(bytes(text))), 'MANIFEST_INVALID', size);
        if (!text.includes('manifests')) assert.equal(refusal(() => parseSignatureManifest(bytes(text))), 'MANIFEST_INVALID', size);
      }
    }
  });

  it('names that objects inherit are members like any other, and change no object', () => {
    for (const name of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      const descriptor = `{"mediaType":"x","digest":"sha256:${'0'.repeat(64)}","size":1,"annotations":{"${name}":"evil"}}`;
      const { layers } = parseManifest(bytes(`{"${name}":{"polluted":"yes"},"config":${descriptor},"layers":[${descriptor}]}`));
      assert.equal(Object.getPrototypeOf(layers[0]?.annotations ?? {}), null);
      assert.equal(Object.hasOwn(layers[0]?.annotations ?? {}, name), true);
      assert.equal(refusal(() => parseManifest(bytes(`{"${name}":{"layers":[]},"layers":{"${name}":[]}}`))), 'MANIFEST_INVALID');
    }
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  it('lone surrogates are text that equals nothing else', () => {
    const payload = (value: string): Uint8Array => bytes(`{"critical":{"image":{"docker-manifest-digest":"sha256:${'0'.repeat(64)}"}},"optional":{"env":"${value}"}}`);
    assert.notEqual(parsePayload(payload('\\ud800')).annotations['env'], '\ufffd');
    assert.equal(parsePayload(payload('\\ud83d\\ude00')).annotations['env'], '😀');
  });
});

describe('numbers without end', () => {
  it('a hundred thousand referrers cost no more requests than are allowed', async () => {
    const registry = new MemoryRegistry();
    const image = putImage(registry, '1.0');
    registry.referrerLists.set(image.digest, Array.from({ length: 100_000 }, (_, n) => ({ mediaType: manifestType, digest: sha256(String(n)), size: 1 })));
    const verdict = await verify(registry);
    assert.ok(verdict.kind === 'unchecked');
    assert.equal(registry.calls.filter((call) => call === 'manifest').length, findLimits.referrers);
  });

  it('a hundred thousand entries in one index are refused before they are looked at', async () => {
    const registry = new MemoryRegistry();
    const image = putImage(registry, '1.0');
    registry.referrersApi = 'unsupported on host';
    registry.put(Buffer.from(`{"mediaType":"${types.index}","manifests":[${Array.from({ length: 100_000 }, () => '0').join()}]}`), types.index, image.digest.replace(':', '-'));
    const verdict = await verify(registry);
    assert.ok(verdict.kind === 'unchecked' && verdict.reason.code === 'COUNT_LIMIT', JSON.stringify(verdict));
    assert.equal(registry.calls.filter((call) => call === 'manifest').length, 0);
  });

  for (const [what, mediaType, size, most] of [['bundles', bundleType, 1000, findLimits.inAll.blobs], ['bundles of 8 MiB', bundleType, 8 * 1024 * 1024, 8], ['payloads of 1 MiB', simpleSigningType, 1024 * 1024, 64]] as const) {
    it(`a hundred referrers with a hundred ${what} each are read up to the limit for one image`, async () => {
      const registry = new MemoryRegistry();
      const image = putImage(registry, '1.0');
      for (let n = 0; n < 100; n++) {
        const layers = Array.from({ length: 100 }, (_, index) => ({ mediaType, digest: sha256(`${n} ${index}`), size }));
        registry.addReferrer(image.digest, { schemaVersion: 2, mediaType: manifestType, config: { mediaType: 'x', digest: sha256('{}'), size: 2 }, layers, subject: image });
      }
      assert.equal((await verify(registry)).kind, 'unchecked');
      assert.ok(registry.calls.filter((call) => call === 'blob').length <= most, `${registry.calls.filter((call) => call === 'blob').length} blobs`);
    });
  }
});

describe('an answer', () => {
  for (const [coding, compress] of [['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]] as const) {
    it(`that is a bomb in ${coding} is not unpacked`, () => withScene(async (scene) => {
      const bomb = compress(Buffer.alloc(64 * 1024 * 1024, ' '));
      assert.ok(bomb.length < 200_000);
      scene.addLegacy();
      for (const words of ['GET blob', 'GET manifest', 'referrers']) {
        scene.registry.intercept = on(words, (_request, ordinary) => ({ status: 200, headers: { ...ordinary().headers, 'content-encoding': coding, 'content-length': String(bomb.length), 'docker-content-digest': '' }, body: bomb }));
        const verdict = await scene.ask({ fresh: true });
        assert.ok(verdict.kind === 'unchecked' && ['MANIFEST_INVALID', 'DIGEST_MISMATCH', 'REGISTRY_RESPONSE_INVALID', 'SIZE_LIMIT'].includes(verdict.reason.code) || words === 'referrers' && verdict.kind === 'verified', `${words}: ${outcome(verdict)}`);
      }
      assert.ok(scene.registry.requests.every(({ headers }) => headers['accept-encoding'] === 'identity'));
    }));
  }

  it('of 100 MB is refused by its announced length, before it is sent', () => withScene(async (scene) => {
    let sent = 0;
    scene.registry.intercept = on('GET manifest', () => ({
      status: 200, headers: { 'content-type': types.manifest, 'content-length': String(100 * 1024 * 1024) },
      body: (async function* () {
        for (let n = 0; n < 1600; n++) {
          sent += 65_536;
          yield new Uint8Array(65_536);
          await new Promise((done) => { setImmediate(done); });
        }
      })(),
    }));
    assert.equal(outcome(await scene.ask()), 'SIZE_LIMIT');
    assert.ok(sent < 64 * 1024 * 1024, `${sent} bytes left the server`);
  }));

  it('that never ends, or comes byte by byte, is given up', () => withScene(async (scene) => {
    scene.addLegacy();
    for (const fault of [silence, slowBody(40)]) {
      scene.registry.intercept = on('GET blob', fault);
      assert.equal(outcome(await scene.ask({ fresh: true })), 'REGISTRY_TIMEOUT');
    }
  }, {}, { timeoutMs: 300 }));

  it('that redirects for ever is left after five', () => withScene(async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on('GET blob', redirectLoop);
    assert.equal(outcome(await scene.ask()), 'REGISTRY_REDIRECT_REFUSED');
    assert.equal(scene.registry.count('blob'), 6);
  }));
});

describe('a name in a Dockerfile', () => {
  it('carries nothing into a request: no line ends, no white space, no other URL', () => {
    for (const text of ['registry.example/app:1\r\nX-Evil: 1', 'registry.example/app:1\nHost: evil', 'registry.example/app HTTP/1.1', 'registry.example/app\t', 'registry.example/app\u0000', 'registry.example/app?x=1', 'registry.example/app#x', 'registry.example/../../v2/x', 'registry.example//app',
      'registry.example/app%0d%0aX:1', 'registry.example/app:1%20', 'user:pw@registry.example/app', 'user@registry.example/app', 'registry.example:80:80/app', 'registry.example:99999/app', 'registry.example:/app', 'http://registry.example/app', '//registry.example/app', 'registry.example\\evil/app', 'registry.example;evil/app', 'registry.example/a@sha256:xyz', '[::1/app', '[::1]evil/app', '[::1%25eth0]/app', '.example/app', '-x.example/app', '\u0085registry.example/app', '\u2028registry.example/app']) {
      assert.equal(refusal(() => parseReference(text)), 'REFERENCE_INVALID', JSON.stringify(text));
    }
  });

  it('with letters that look like others is no host; what such a name is encoded to is shown as it is', () => {
    for (const text of ['ghcr\u3002io/app/x', 'gh\u0441r.io/app/x', 'd\u043ecker.io/library/alpine', 'ghcr.io\u200b/app/x', '\uff47hcr.io/app/x', 'gcr.io\u2044evil.example/x', 'ghcr.ıo/app/x', 'al\u0440ine', 'ghcr.io/\u0430pp/x']) {
      assert.equal(refusal(() => parseReference(text)), 'REFERENCE_INVALID', text);
    }
    assert.equal(canonicalName(parseReference('xn--ghr-ved.io/app/x:1')), 'xn--ghr-ved.io/app/x:1');
  });

  it('is asked for at the host it names, whatever is written behind it', () => {
    for (const text of ['alpine', 'ghcr.io/o/a:1', 'localhost:5000/a', '[::1]:5000/a', 'A.example/a', 'a.example:443/b/c:d']) {
      const reference = parseReference(text);
      const url = new URL(`https://${reference.registry}`);
      assert.equal(url.pathname + url.search + url.hash + url.username + url.password, '/');
      assert.equal(url.host, reference.registry.toLowerCase().replace(/:443$/, ''));
    }
  });
});
