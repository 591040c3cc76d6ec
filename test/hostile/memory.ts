// A signed image in a registry that serves whatever it is told: every document can be replaced, and is found by its own new digest.
import { parseReference } from '../../src/core/oci/reference.ts';
import { parseKeys } from '../../src/core/policy/parseTrust.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { Verifier } from '../../src/core/verification/verifier.ts';
import type { RegistryReader } from '../../src/core/verification/registryReader.ts';
import { bundleType, indexType, makeBundle, makeKey, manifestType, MemoryRegistry, putImage, sha256, signLegacy, simpleSigningType } from '../support/signedImages.ts';

export const release = makeKey();
export const name = 'localhost:5000/demo/app:1.0';

/** What of the registry's content is replaced. */
export interface Content {
  readonly payload?: Uint8Array;
  readonly signatureManifest?: Uint8Array;
  readonly bundle?: Uint8Array;
  readonly referrer?: Uint8Array;
  readonly index?: Uint8Array;
}

const templates = new MemoryRegistry();
export const image = putImage(templates, '1.0');
signLegacy(templates, image.digest, release, { annotations: { a: 'b' } });
const imageBytes = templates.tags.get('1.0')?.bytes ?? new Uint8Array();
const signatureTag = `${image.digest.replace(':', '-')}.sig`;
export const payload = [...templates.blobs.values()].find((bytes) => Buffer.from(bytes).includes('critical')) ?? new Uint8Array();
export const signatureManifest = templates.tags.get(signatureTag)?.bytes ?? new Uint8Array();
export const bundle = makeBundle(image.digest, release, { annotations: { a: 'b' } });
export const referrerOf = (layer: Uint8Array): Uint8Array => Buffer.from(JSON.stringify({
  schemaVersion: 2, mediaType: manifestType, config: { mediaType: 'application/vnd.oci.empty.v1+json', digest: sha256('{}'), size: 2 },
  layers: [{ mediaType: bundleType, digest: sha256(layer), size: layer.length }], subject: { mediaType: image.mediaType, digest: image.digest, size: image.size }, artifactType: bundleType,
}));
export const indexOf = (referrer: Uint8Array): Uint8Array => Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: indexType, manifests: [{ mediaType: manifestType, digest: sha256(referrer), size: referrer.length, artifactType: bundleType }] }));
export const manifestOf = (signed: Uint8Array): Uint8Array => Buffer.from(Buffer.from(signatureManifest).toString().replace(sha256(payload), sha256(signed)).replace(`"size":${payload.length}`, `"size":${signed.length}`));

/** @param format which of the two kinds of signature there is */
export function registryWith(format: 'legacy' | 'bundle', content: Content): MemoryRegistry {
  const registry = new MemoryRegistry();
  registry.put(imageBytes, manifestType, '1.0');
  if (format === 'legacy') {
    const signed = content.payload ?? payload;
    registry.putBlob(signed, simpleSigningType);
    registry.put(content.signatureManifest ?? manifestOf(signed), manifestType, signatureTag);
    return registry;
  }
  registry.referrersApi = 'unsupported on host';
  const layer = content.bundle ?? bundle;
  registry.putBlob(layer, bundleType);
  const referrer = content.referrer ?? referrerOf(layer);
  registry.put(referrer, manifestType);
  registry.put(content.index ?? indexOf(referrer), indexType, image.digest.replace(':', '-'));
  return registry;
}

export function verify(registry: RegistryReader, reference = name, keys: Readonly<Record<string, string>> = { release: release.pem }): Promise<Verdict> {
  const verifier = new Verifier({
    registry, tagLifetimeMs: 60_000, clock: { now: () => 1_000_000, sleep: () => Promise.resolve() }, keySource: { read: ({ reference: pem }) => Promise.resolve(Buffer.from(pem)) },
  });
  const parsed = parseKeys(keys);
  return verifier.verify({ reference: parseReference(reference), fresh: false, trust: { keys: parsed.values, policies: [], problems: parsed.problems } }, new AbortController().signal);
}
