// How a bundle hangs on an image: the referrer manifest, and the fallback index where a registry has no referrers API (`cosign.md` §3.3).
import { digestOf, hexOf, isOtherDigest, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { bundleMediaType } from './bundle.ts';
import { descriptorJson, inOrder, readDescriptor, toGoObject, type Descriptor } from './descriptor.ts';
import { compareUtf8, encodeGoJson, type GoObject } from './goJson.ts';
import { JsonShape, type JsonObject } from '../encoding/jsonShape.ts';
import { signPredicateType } from './statement.ts';

/** The descriptor of a referrer as it stands in a fallback index. */
export interface ReferrerDescriptor extends Descriptor {
  readonly artifactType: string;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface ReferrerManifest {
  readonly manifest: Uint8Array;
  readonly descriptor: ReferrerDescriptor;
}

/** The blob every bundle's manifest has for a config; it must be in the repository first. */
export const emptyConfig: Uint8Array = new TextEncoder().encode('{}');
export const manifestMediaType = 'application/vnd.oci.image.manifest.v1+json';
export const indexMediaType = 'application/vnd.oci.image.index.v1+json';

const emptyConfigMediaType = 'application/vnd.oci.empty.v1+json';
const indexOrder = ['schemaVersion', 'mediaType', 'manifests', 'annotations', 'subject', 'artifactType'];
const maxIndexBytes = 4 * 1024 * 1024;
const shape = new JsonShape('MANIFEST_INVALID', said`the referrers index`);

/** `sha256-84d8…`, without a suffix: the tag of the fallback index (OCI distribution-spec v1.1 §referrers tag schema). */
export function referrersTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}`;
}

/**
 * The manifest that `cosign sign` pushes by digest for one bundle.
 * @param bundle its bytes, already in the repository
 * @param subject the signed image manifest exactly as the registry stores it
 * @param createdMs milliseconds since the epoch, written in whole seconds
 */
export function encodeReferrerManifest(bundle: Uint8Array, subject: Descriptor, createdMs: number, predicateType: string = signPredicateType): ReferrerManifest {
  const annotations = {
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': predicateType,
    'org.opencontainers.image.created': new Date(createdMs).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
  const manifest = encodeGoJson({
    schemaVersion: 2,
    mediaType: manifestMediaType,
    // The artifactType here is in no standard, but `cosign clean` goes by it.
    config: { mediaType: emptyConfigMediaType, size: emptyConfig.length, digest: digestOf(emptyConfig), artifactType: bundleMediaType },
    layers: [{ mediaType: bundleMediaType, size: bundle.length, digest: digestOf(bundle) }],
    annotations: new Map(Object.entries(annotations)),
    subject: { mediaType: subject.mediaType, size: subject.size, digest: subject.digest },
    artifactType: bundleMediaType,
  });
  const descriptor = { mediaType: manifestMediaType, size: manifest.length, digest: digestOf(manifest), artifactType: bundleMediaType, annotations };
  return { manifest, descriptor };
}

/**
 * The fallback index with one more referrer, sorted by digest; what it already lists is kept as it is.
 * @param existing what is under the tag now; undefined when the tag does not exist
 * @returns undefined when the index lists the referrer already
 * @throws {CosignError} `REFERRERS_TAG_OCCUPIED` when something that is no index is under the tag (`cosign copy` puts the image
 * itself there), `MANIFEST_INVALID` when the index cannot be read
 */
export function addToFallbackIndex(existing: Uint8Array | undefined, referrer: ReferrerDescriptor): Uint8Array | undefined {
  const old = existing && readIndex(existing);
  if (old?.manifests.some(({ digest }) => digest === referrer.digest)) return undefined;
  const added = { digest: referrer.digest, json: { ...referrer } };
  const manifests = [...(old?.manifests ?? []), added].sort((a, b) => compareUtf8(a.digest, b.digest));
  return encodeGoJson(inOrder({
    ...old?.members,
    schemaVersion: 2,
    mediaType: indexMediaType,
    manifests: manifests.map(({ json }) => descriptorJson(json)),
  }, indexOrder));
}

function readIndex(bytes: Uint8Array): { members: GoObject; manifests: readonly { readonly digest: string; readonly json: JsonObject }[] } {
  const json = shape.parse(bytes, maxIndexBytes);
  if (shape.member(json, 'schemaVersion') !== 2 || !isIndex(json)) throw occupied();
  const manifests = shape.optionalArray(shape.member(json, 'manifests'), '"manifests"').map((entry) => {
    const json = shape.object(entry, said`an entry`);
    const digest = shape.member(json, 'digest');
    // Whatever else is listed is kept as it is.
    return isOtherDigest(digest) ? { digest, json } : readDescriptor(shape, entry, said`an entry`);
  });
  return { members: toGoObject(json), manifests };
}

/** The type may stand in a header alone (OCI image-spec v1.1 §image index: `mediaType` SHOULD be there); what it lists says as much. */
function isIndex(json: JsonObject): boolean {
  const mediaType = shape.member(json, 'mediaType');
  if (mediaType !== undefined) return mediaType === indexMediaType;
  return Array.isArray(shape.member(json, 'manifests')) && shape.member(json, 'config') === undefined && shape.member(json, 'layers') === undefined;
}

function occupied(): CosignError {
  return new CosignError('REFERRERS_TAG_OCCUPIED', said`The tag that should list the bundles of this image holds something else, which is left alone.`, {
    remedy: said`Sign in the legacy format, or remove that tag if nothing needs it.`,
  });
}
