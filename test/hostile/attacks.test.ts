// The attacks of the security record and the traps, each by name and to the end: a real engine, a registry, and a verdict that must be right.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { endlessBody, endlessPages, lyingDigestHeader, on, redirect, status, tamperedBody, unauthorizedForever } from '../support/faults.ts';
import { types } from '../support/registryStore.ts';
import { simpleSigningType } from '../support/signedImages.ts';
import { envelope, outcome, release, repository, stranger, withScene, type Scene } from './scene.ts';

/** What each row of the record (advisories by number, C for its classes of error) and of the traps (T) is covered by here. */
const covered = new Map<string, number>();

function attack(rows: readonly string[], name: string, expected: string, act: (scene: Scene) => Promise<string | undefined>, options: Parameters<typeof withScene>[1] = {}): void {
  for (const row of rows) covered.set(row, (covered.get(row) ?? 0) + 1);
  it(name, () => withScene(async (scene) => {
    assert.equal(await act(scene) ?? outcome(await scene.ask()), expected);
  }, options));
}

const statementOf = (scene: Scene, more: object = {}): object => ({
  _type: 'https://in-toto.io/Statement/v1', subject: [{ digest: { sha256: scene.image.digest.slice(7) } }], predicateType: 'https://sigstore.dev/cosign/sign/v1', predicate: {}, ...more,
});
const logEntry = { logIndex: '1', logId: { keyId: 'AAAA' }, kindVersion: { kind: 'dsse', version: '0.0.1' }, integratedTime: '1700000000', inclusionPromise: { signedEntryTimestamp: 'AAAA' }, canonicalizedBody: 'e30=' };
const rekorAnnotation = JSON.stringify({ SignedEntryTimestamp: 'AAAA', Payload: { body: 'e30=', integratedTime: 1, logIndex: 1, logID: '00' } });

describe('a signature of something else:', () => {
  attack(['C2'], 'of another digest by the right key, as a legacy signature', 'untrusted: wrong-digest', async (scene) => {
    scene.addLegacy({ claim: scene.registry.store.putImage(repository, 'other').digest });
    return Promise.resolve(undefined);
  });
  attack(['C2', 'T8'], 'of another digest by the right key, as a bundle that names this image as its subject', 'untrusted: wrong-digest', async (scene) => {
    scene.addBundle(scene.bundle(release, scene.registry.store.putImage(repository, 'other').digest));
    return Promise.resolve(undefined);
  });
  attack(['C2'], 'whole, under the tag of this image, copied from another one', 'untrusted: wrong-digest', async (scene) => {
    const other = scene.registry.store.putImage(repository, 'other');
    scene.addLegacy({ claim: other.digest, of: other });
    const { store } = scene.registry;
    store.putManifest(repository, `${scene.image.digest.replace(':', '-')}.sig`, store.manifest(repository, `${other.digest.replace(':', '-')}.sig`)?.bytes ?? '');
    return Promise.resolve(undefined);
  });
  attack(['T3'], 'of this digest in another repository counts, as in cosign, and the name is told', 'verified elsewhere.example/x', async (scene) => {
    scene.addLegacy({ name: 'elsewhere.example/x' });
    const verdict = await scene.ask();
    return `${verdict.kind} ${'signatures' in verdict ? String(verdict.signatures[0]?.identity) : ''}`;
  });
  attack(['C2'], 'of this digest, whose payload names another type of signature, counts, as in cosign', 'verified', async (scene) => {
    scene.addLegacy({ type: 'atomic container signature' });
    return Promise.resolve(undefined);
  });
  attack(['C2', 'C5'], 'whose type is no text', 'untrusted: malformed', async (scene) => {
    for (const type of ['1', '[]', '{}', 'true']) scene.addLegacy({ payload: Buffer.from(scene.payload().toString().replace('"cosign container image signature"', type)) });
    return Promise.resolve(undefined);
  });
  attack(['C2'], 'of a layer\'s or a configuration\'s digest, where the image\'s own is wanted', 'untrusted: wrong-digest', async (scene) => {
    const { config, layers } = JSON.parse(Buffer.from(scene.registry.store.manifest(repository, '1.0')?.bytes ?? new Uint8Array()).toString()) as { config: { digest: string }; layers: { digest: string }[] };
    scene.addLegacy({ claim: config.digest });
    for (const { digest } of layers) scene.addLegacy({ claim: digest });
    return Promise.resolve(undefined);
  });
  attack(['CVE-2022-35929', 'CVE-2022-35930', 'T9'], 'an attestation of another type is told as one of that type', 'verified https://slsa.dev/provenance/v1', async (scene) => {
    scene.addBundle(envelope(statementOf(scene, { predicateType: 'https://slsa.dev/provenance/v1' })));
    const verdict = await scene.ask();
    return `${verdict.kind} ${'signatures' in verdict ? String(verdict.signatures[0]?.predicateType) : ''}`;
  });
  attack(['C5'], 'in an envelope of another payload type, signed as such', 'untrusted: unsupported', async (scene) => {
    scene.addBundle(envelope(statementOf(scene), release, 'application/json'));
    return Promise.resolve(undefined);
  });
  attack(['C2'], 'of the bare payload, without the type that DSSE binds', 'untrusted: other-key', async (scene) => {
    const payload = Buffer.from(JSON.stringify(statementOf(scene)));
    const bundle = JSON.parse(Buffer.from(envelope(payload)).toString()) as { dsseEnvelope: { signatures: object[] } };
    bundle.dsseEnvelope.signatures = [{ sig: sign('sha256', payload, release.privateKey).toString('base64') }];
    scene.addBundle(Buffer.from(JSON.stringify(bundle)));
    return Promise.resolve(undefined);
  });
  attack(['C5'], 'a simple-signing payload inside an envelope', 'untrusted: malformed', async (scene) => {
    scene.addBundle(envelope(scene.payload()));
    return Promise.resolve(undefined);
  });
  attack(['C5'], 'a statement as a legacy payload', 'untrusted: malformed', async (scene) => {
    scene.addLegacy({ payload: Buffer.from(JSON.stringify(statementOf(scene))) });
    return Promise.resolve(undefined);
  });
  attack(['sigstore-go 609'], 'of an empty digest, an empty subject, none', 'untrusted: malformed, wrong-digest', async (scene) => {
    for (const subject of [[{ digest: { sha256: '' } }], [{ digest: {} }], [{}], [null], [], null, 'x', [{ digest: { sha512: scene.image.digest.slice(7) } }], [{ digest: { SHA256: scene.image.digest.slice(7) } }]]) scene.addBundle(envelope(statementOf(scene, { subject })));
    scene.addLegacy({ claim: '' });
    scene.addLegacy({ claim: scene.image.digest.slice(7) });
    return Promise.resolve(undefined);
  });
  attack(['T15'], 'of the index says nothing about a child that is asked for by digest', 'unsigned', async (scene) => {
    const { index, children } = scene.registry.store.putIndex(repository, 'multi', ['linux/amd64']);
    scene.addLegacy({ claim: index.digest, of: index });
    assert.equal(outcome(await scene.ask({ image: `${scene.registry.host}/${repository}:multi` })), 'verified');
    return outcome(await scene.ask({ image: `${scene.registry.host}/${repository}@${children.get('linux/amd64')?.digest ?? ''}` }));
  });
  attack(['T15'], 'of a child says nothing about its index, nor about another platform', 'unsigned, PLATFORM_NOT_FOUND, unsigned', async (scene) => {
    const { children } = scene.registry.store.putIndex(repository, 'multi', ['linux/amd64', 'linux/arm64']);
    const child = children.get('linux/amd64');
    assert.ok(child);
    scene.addLegacy({ claim: child.digest, of: child });
    const of = async (platform?: string): Promise<string> => outcome(await scene.ask({ image: `${scene.registry.host}/${repository}:multi`, ...(platform === undefined ? {} : { platform }) }));
    assert.equal(await of('linux/amd64'), 'verified');
    return [await of(), await of('linux/s390x'), await of('linux/arm64')].join(', ');
  });
  attack(['T15'], 'of a child that the index does not name for that platform', 'unsigned', async (scene) => {
    const { store } = scene.registry;
    scene.addLegacy();
    const other = store.putImage(repository, undefined, 'not signed');
    store.putManifest(repository, 'multi', { schemaVersion: 2, mediaType: types.index, manifests: [{ ...other, platform: { os: 'linux', architecture: 'amd64' } }, { ...scene.image, platform: { os: 'linux', architecture: 'amd64' } }] }, types.index);
    return outcome(await scene.ask({ image: `${scene.registry.host}/${repository}:multi`, platform: 'linux/amd64' }));
  });
});

describe('somebody else\'s signature:', () => {
  attack(['C3'], 'by a stranger, in both formats', 'untrusted: other-key', async (scene) => {
    scene.addLegacy({ by: stranger });
    scene.addBundle(scene.bundle(stranger));
    return Promise.resolve(undefined);
  });
  attack(['T18', 'C3'], 'by a stranger whose bundle gives the hint of the trusted key', 'untrusted: other-key', async (scene) => {
    const hint = (JSON.parse(Buffer.from(scene.bundle()).toString()) as { verificationMaterial: object }).verificationMaterial;
    scene.addBundle(Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(scene.bundle(stranger)).toString()) as object, verificationMaterial: hint })));
    return Promise.resolve(undefined);
  });
  attack(['C3', 'T21'], 'by a stranger who brings the public key along', 'untrusted: certificate, malformed, other-key', async (scene) => {
    scene.addLegacy({ by: stranger, more: { 'dev.sigstore.cosign/certificate': stranger.pem, 'dev.sigstore.cosign/chain': stranger.pem } });
    const json = JSON.parse(Buffer.from(scene.bundle(stranger)).toString()) as { verificationMaterial: object };
    scene.addBundle(Buffer.from(JSON.stringify({ ...json, verificationMaterial: { publicKey: { hint: '', rawBytes: stranger.pem } } })));
    scene.addBundle(Buffer.from(JSON.stringify({ ...json, publicKey: stranger.pem, base64Signature: '', cert: stranger.pem, verificationMaterial: { publicKey: {}, certificate: { rawBytes: 'AAAA' } } })));
    return Promise.resolve(undefined);
  });
  attack(['C3'], 'by a key that is trusted for other images only', 'untrusted: other-key', async (scene) => {
    scene.addLegacy({ by: stranger });
    return outcome(await scene.ask({ keys: { release: release.pem, team: stranger.pem }, policies: [{ images: [`${scene.registry.host}/demo/**`], keys: ['release'] }, { images: ['other.example/**'], keys: ['team'] }] }));
  });
  attack(['C3'], 'by each of two keys where both are wanted of different policies', 'untrusted: other-key', async (scene) => {
    scene.addLegacy();
    const policies = [{ images: ['**'], keys: ['release'] }, { images: ['**'], keys: ['team'] }];
    const verdict = await scene.ask({ keys: { release: release.pem, team: stranger.pem }, policies });
    assert.deepEqual(verdict.kind === 'untrusted' && verdict.policies.map(({ satisfied }) => satisfied), [true, false]);
    scene.addLegacy({ by: stranger });
    assert.equal(outcome(await scene.ask({ keys: { release: release.pem, team: stranger.pem }, policies, fresh: true })), 'verified');
    return 'untrusted: other-key';
  });
  attack(['CVE-2026-24122', 'CVE-2026-54787', 'CVE-2026-39984'], 'by a certificate, whatever its chain and its time, is no trusted key', 'untrusted: certificate', async (scene) => {
    scene.addLegacy({ by: stranger, more: { 'dev.sigstore.cosign/certificate': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', 'dev.sigstore.cosign/rfc3161timestamp': '{"SignedRFC3161Timestamp":"AAAA"}' } });
    const json = JSON.parse(Buffer.from(scene.bundle(stranger)).toString()) as { verificationMaterial: object };
    scene.addBundle(Buffer.from(JSON.stringify({ ...json, verificationMaterial: { certificate: { rawBytes: 'AAAA' }, timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp: 'AAAA' }] } } })));
    return Promise.resolve(undefined);
  });
  attack(['CVE-2022-23649', 'CVE-2026-22703', 'CVE-2026-49834', 'CVE-2024-51746'], 'with log entries of somebody, or of the signature of another: they prove nothing', 'untrusted: other-key', async (scene) => {
    scene.addLegacy({ by: stranger, more: { 'dev.sigstore.cosign/bundle': rekorAnnotation } });
    const json = JSON.parse(Buffer.from(scene.bundle(stranger)).toString()) as { verificationMaterial: object };
    scene.addBundle(Buffer.from(JSON.stringify({ ...json, verificationMaterial: { ...json.verificationMaterial, tlogEntries: [logEntry, logEntry] } })));
    return Promise.resolve(undefined);
  });
});

describe('mixtures:', () => {
  attack(['CVE-2022-36056', 'C2'], 'the payload of one layer and the signature of another', 'untrusted: other-key', async (scene) => {
    const elsewhere = scene.payload({ claim: `sha256:${'0'.repeat(64)}` });
    scene.addLegacy({ payload: scene.payload(), signature: sign('sha256', elsewhere, release.privateKey).toString('base64') });
    return Promise.resolve(undefined);
  });
  attack(['CVE-2022-36056', 'C2'], 'the statement of one bundle and the signature of another', 'untrusted: other-key', async (scene) => {
    type Json = { dsseEnvelope: { payload: string; signatures: object[] } };
    const [here, there] = [scene.bundle(), scene.bundle(release, `sha256:${'0'.repeat(64)}`)].map((bytes) => JSON.parse(Buffer.from(bytes).toString()) as Json);
    assert.ok(here && there);
    scene.addBundle(Buffer.from(JSON.stringify({ ...here, dsseEnvelope: { ...here.dsseEnvelope, signatures: there.dsseEnvelope.signatures } })));
    return Promise.resolve(undefined);
  });
  attack(['C3'], 'the annotation in one signature and the right key in another', 'untrusted: annotations, other-key', async (scene) => {
    scene.addLegacy({ optional: { env: 'dev' } });
    scene.addLegacy({ by: stranger, optional: { env: 'prod' } });
    return outcome(await scene.ask({ policies: [{ images: ['**'], keys: ['release'], annotations: { env: 'prod' } }] }));
  });
  attack(['C3'], 'the annotation outside what was signed', 'untrusted: annotations', async (scene) => {
    scene.addLegacy({ more: { env: 'prod', optional: '{"env":"prod"}' } });
    return outcome(await scene.ask({ policies: [{ images: ['**'], keys: ['release'], annotations: { env: 'prod' } }] }));
  });
  attack(['C5'], 'the annotation as another type, another case, or inherited', 'untrusted: annotations', async (scene) => {
    for (const optional of [{ env: ['prod'] }, { env: { toString: 'prod' } }, { ENV: 'prod' }, { 'env ': 'prod' }, { env: 'PROD' }, JSON.parse('{"__proto__":{"env":"prod"}}') as object]) scene.addLegacy({ optional });
    return outcome(await scene.ask({ policies: [{ images: ['**'], keys: ['release'], annotations: { env: 'prod' } }] }));
  });
  attack(['C3'], 'the annotation on another subject of the statement', 'untrusted: annotations', async (scene) => {
    const sha256 = scene.image.digest.slice(7);
    scene.addBundle(envelope(statementOf(scene, { subject: [{ digest: { sha256: '0'.repeat(64) }, annotations: { env: 'prod' } }, { digest: { sha256 } }, { digest: { sha256 }, annotations: { env: 'prod' } }] })));
    return outcome(await scene.ask({ policies: [{ images: ['**'], keys: ['release'], annotations: { env: 'prod' } }] }));
  });
});

describe('lists of referrers that lie:', () => {
  attack(['T8'], 'a list that names the signature of another image', 'unsigned', async (scene) => {
    const other = scene.registry.store.putImage(repository, 'other');
    const bundle = scene.addBundle(scene.bundle(release, other.digest), other);
    scene.setFallbackTag([bundle]);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T8', 'C2'], 'a list that names a signature of this image whose subject is another', 'unsigned', async (scene) => {
    const other = scene.registry.store.putImage(repository, 'other');
    scene.setFallbackTag([scene.addBundle(scene.bundle(), other)]);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T5'], 'a list whose types are wrong hides nothing', 'verified', async (scene) => {
    scene.setFallbackTag([{ ...scene.addBundle(), artifactType: 'application/vnd.oci.empty.v1+json', mediaType: 'text/plain' }]);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T7'], 'an image under the fallback tag is no list', 'unsigned', async (scene) => {
    const { store } = scene.registry;
    store.putManifest(repository, scene.image.digest.replace(':', '-'), store.manifest(repository, '1.0')?.bytes ?? '');
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T7', 'C6'], 'junk under the fallback tag is not "unsigned"', 'MANIFEST_INVALID', async (scene) => {
    scene.registry.store.putManifest(repository, scene.image.digest.replace(':', '-'), '{"manifests":7}', types.index);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T7', 'C6'], 'a list under the fallback tag that calls itself something else is not "unsigned"', 'MANIFEST_INVALID', async (scene) => {
    scene.registry.store.putManifest(repository, scene.image.digest.replace(':', '-'), { schemaVersion: 2, mediaType: `${types.index}x`, manifests: [scene.addBundle()] }, types.index);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T16'], 'a list that names what is not there is not "unsigned"', 'MANIFEST_INVALID', async (scene) => {
    scene.setFallbackTag([{ mediaType: types.manifest, digest: `sha256:${'1'.repeat(64)}`, size: 3 }]);
    return Promise.resolve(undefined);
  }, { referrers: 'router 404' });
  attack(['T6', 'C6'], 'a broken bundle does not hide a good legacy signature, and both are told', 'verified, malformed', async (scene) => {
    scene.addLegacy();
    scene.addBundle(Buffer.from('{'));
    const verdict = await scene.ask();
    if (!('signatures' in verdict)) return verdict.kind;
    // A good legacy signature suffices at once: the other store is asked in the same breath.
    return `${verdict.kind}, ${verdict.signatures.map(({ fault }) => fault).filter(Boolean).join()}`;
  });
  attack(['C6'], 'a stranger\'s bundle is no reason to trust a broken legacy signature', 'untrusted: malformed, other-key', async (scene) => {
    scene.addBundle(scene.bundle(stranger));
    scene.addLegacy({ signature: '????' });
    return Promise.resolve(undefined);
  });
});

describe('a registry that lies:', () => {
  attack(['C7', 'lying registry'], 'about the digest of a tag', 'DIGEST_MISMATCH', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on(`GET ${scene.image.digest.replace(':', '-')}.sig`, lyingDigestHeader);
    return Promise.resolve(undefined);
  });
  attack(['lying registry'], 'about the bytes of a payload', 'DIGEST_MISMATCH', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on('GET blob', tamperedBody);
    return Promise.resolve(undefined);
  });
  attack(['C7'], 'by moving the tag while it is verified: the verdict names the digest that was signed', 'verified as asked', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on('HEAD 1.0', (_request, ordinary) => {
      const answer = ordinary();
      scene.registry.store.putImage(repository, '1.0', 'something else');
      return answer;
    });
    const verdict = await scene.ask();
    return verdict.kind === 'verified' && verdict.digest === scene.image.digest && verdict.decidedBy === scene.image.digest ? 'verified as asked' : verdict.kind;
  });
  attack(['T20', 'C1', 'CVE-2026-44310'], 'by failing everywhere: an exception is never a success', 'REGISTRY_UNAVAILABLE', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = status(500);
    return Promise.resolve(undefined);
  });
  attack(['C8', 'CVE-2022-SSRF'], 'by redirecting to the metadata service', 'REGISTRY_REDIRECT_REFUSED', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on('GET blob', redirect('http://169.254.169.254/latest/meta-data'));
    return Promise.resolve(undefined);
  });
  attack(['C8'], 'by naming a token server in a private network', 'REGISTRY_REALM_REFUSED', async (scene) => {
    scene.registry.intercept = unauthorizedForever('Bearer realm="https://10.0.0.1/token",service="x"');
    return Promise.resolve(undefined);
  });
  attack(['CVE-2025-66564'], 'with a challenge of a million characters', 'REGISTRY_UNREACHABLE', async (scene) => {
    scene.registry.intercept = unauthorizedForever(`Bearer ${'x="y",'.repeat(160_000)}realm="https://10.0.0.1/"`);
    const verdict = outcome(await scene.ask());
    return verdict === 'REGISTRY_RESPONSE_INVALID' || verdict === 'REGISTRY_UNAUTHORIZED' ? 'REGISTRY_UNREACHABLE' : verdict;
  });
});

describe('too much of everything:', () => {
  attack(['CVE-2023-46737', 'C4'], 'referrers without end', 'COUNT_LIMIT', async (scene) => {
    scene.registry.intercept = endlessPages();
    return Promise.resolve(undefined);
  });
  attack(['CVE-2024-29902', 'C4'], 'a payload that is said to be huge is not fetched', 'SIZE_LIMIT, 0 blobs', async (scene) => {
    scene.registry.store.putManifest(repository, `${scene.image.digest.replace(':', '-')}.sig`, {
      schemaVersion: 2, mediaType: types.manifest, config: scene.registry.store.putBlob(repository, '{}', types.config), layers: [{ mediaType: simpleSigningType, digest: `sha256:${'2'.repeat(64)}`, size: 2 ** 40 }],
    });
    return `${outcome(await scene.ask())}, ${scene.registry.count('blob')} blobs`;
  });
  attack(['CVE-2024-29902'], 'a payload that is longer than was said', 'SIZE_LIMIT', async (scene) => {
    scene.addLegacy();
    scene.registry.intercept = on('GET blob', endlessBody);
    return Promise.resolve(undefined);
  });
  attack(['CVE-2024-29903', 'C4'], 'ten thousand layers', 'COUNT_LIMIT, 0 blobs', async (scene) => {
    const layer = scene.registry.store.putBlob(repository, scene.payload(), simpleSigningType);
    scene.registry.store.putManifest(repository, `${scene.image.digest.replace(':', '-')}.sig`, { schemaVersion: 2, config: layer, layers: Array.from({ length: 10_000 }, () => layer) });
    return `${outcome(await scene.ask())}, ${scene.registry.count('blob')} blobs`;
  });
  attack(['CVE-2024-45395', 'C4'], 'subjects, digests, log entries and time stamps beyond number', 'untrusted: malformed', async (scene) => {
    const sha256 = scene.image.digest.slice(7);
    const many = (count: number): readonly object[] => Array.from({ length: count }, () => ({ digest: { sha256 } }));
    scene.addBundle(envelope(statementOf(scene, { subject: many(1025) })));
    scene.addBundle(envelope(statementOf(scene, { subject: [{ digest: { sha256, ...Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`x${n}`, 'y'])) } }] })));
    scene.addBundle(envelope(statementOf(scene), release, undefined, { tlogEntries: Array.from({ length: 33 }, () => logEntry) }));
    scene.addBundle(envelope(statementOf(scene), release, undefined, { timestampVerificationData: { rfc3161Timestamps: Array.from({ length: 33 }, () => ({})) } }));
    return Promise.resolve(undefined);
  });
});

describe('what was signed and cannot be read, by the right key:', () => {
  attack(['CVE-2026-39395', 'T20', 'C1'], 'payloads that are no object, null, lists, numbers, or lack members', 'untrusted: malformed, wrong-digest', async (scene) => {
    const good = scene.payload().toString();
    for (const text of ['', 'null', '[]', '7', '"x"', '{}', '{"critical":null}', '{"critical":[]}', `[${good}]`, `${good}${good}`, `\ufeff${good}`, good.slice(0, -1), good.replace('"critical"', '"Critical"'), good.replace('docker-manifest-digest', 'Docker-Manifest-Digest')]) {
      scene.addLegacy({ payload: Buffer.from(text) });
      if (text !== '') scene.addBundle(envelope(text));
    }
    scene.addLegacy({ payload: Buffer.from(good.replace(scene.image.digest, `sha256:${'0'.repeat(64)}`)) });
    return Promise.resolve(undefined);
  });
  attack(['CVE-2026-44309', 'T4'], 'the same payload written otherwise than it was signed', 'untrusted: other-key', async (scene) => {
    const text = scene.payload().toString();
    scene.addLegacy({ payload: Buffer.from(JSON.stringify(JSON.parse(text), null, 1)), signature: sign('sha256', Buffer.from(text), release.privateKey).toString('base64') });
    return Promise.resolve(undefined);
  });
  attack(['T4'], 'a payload with white space that was signed as it is', 'verified', async (scene) => {
    scene.addLegacy({ payload: Buffer.from(JSON.stringify(JSON.parse(scene.payload().toString()), null, 2)) });
    return Promise.resolve(undefined);
  });
  attack(['C5'], 'members with names that mean something to JavaScript, and duplicates', 'untrusted: malformed', async (scene) => {
    const good = scene.payload().toString();
    scene.addLegacy({ payload: Buffer.from(`{"__proto__":${good}}`) });
    scene.addLegacy({ payload: Buffer.from(good.replace('"image":', '"image":{"docker-manifest-digest":"x"},"image":')) });
    scene.addLegacy({ payload: Buffer.from(good.replace('"critical":', '"critical":{},"critical":')) });
    return Promise.resolve(undefined);
  });
});

describe('every row of the record', () => {
  /** Rows that do not concern what an image's verdict is made of: where they are tested, or why there is nothing to test. */
  const elsewhere: Readonly<Record<string, readonly [file: string, text: string] | string>> = {
    'CVE-2026-24137': 'no file is written under a name that a registry gives',
    'go-tuf': 'no TUF repository is read',
    'CVE-2023-47122': 'no key is fetched from a log',
    'crash fixes': ['test/hostile/signed.test.ts', 'no mutant is trusted of'],
    C9: ['test/unit/core/dockerfile/images.test.ts', 'stage'],
    T1: ['test/hostile/keys.test.ts', 'parameters that cosign uses'],
    T2: ['test/interop/sign.test.ts', 'password'],
    T10: ['SECURITY.md', 'none is consulted'],
    T11: ['test/hostile/signed.test.ts', 'p384'],
    T12: ['test/interop/commandLineVerify.test.ts', "describe('exit codes'"],
    T13: ['test/unit/core/dockerfile/images.test.ts', 'onbuild'],
    T14: ['test/face/signImage.test.ts', 'annotation'],
    T17: ['test/unit/core/signing/signImage.test.ts', 'subject'],
    T19: ['test/unit/core/crypto/publicKey.test.ts', 'CRLF'],
    'file signature that brings its own key': ['test/unit/core/cosign/blobSignature.test.ts', 'that brings its own key does not verify with it'],
  };
  const rows = [
    'CVE-2022-23649', 'CVE-2022-35929', 'CVE-2022-35930', 'CVE-2022-36056', 'CVE-2023-46737', 'CVE-2024-29902', 'CVE-2024-29903', 'CVE-2026-22703', 'CVE-2026-24122', 'CVE-2026-39395', 'CVE-2024-45395', 'CVE-2026-49834',
    'CVE-2026-54787', 'sigstore-go 609', 'CVE-2026-39984', 'CVE-2025-66564', 'CVE-2026-24137', 'go-tuf', 'CVE-2026-44310', 'CVE-2026-44309', 'CVE-2024-51746', 'CVE-2023-47122', 'CVE-2022-SSRF', 'crash fixes', 'lying registry',
    'file signature that brings its own key', ...Array.from({ length: 9 }, (_, n) => `C${n + 1}`), ...Array.from({ length: 21 }, (_, n) => `T${n + 1}`),
  ];

  it('is attacked here, or said to be elsewhere', () => {
    assert.deepEqual(rows.filter((row) => !covered.has(row) && elsewhere[row] === undefined), []);
    assert.deepEqual([...covered.keys(), ...Object.keys(elsewhere)].filter((row) => !rows.includes(row)), []);
  });
  it('that is elsewhere is there', () => {
    for (const [row, where] of Object.entries(elsewhere)) {
      if (typeof where !== 'string') assert.ok(readFileSync(where[0], 'utf8').toLowerCase().includes(where[1].toLowerCase()), `${row}: ${where.join(' ')}`);
    }
  });
});
