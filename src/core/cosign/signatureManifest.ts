// The `sha256-….sig` tag: the image manifest whose layers are legacy signatures; reading it and adding to it (`cosign.md` §2.1–2.4).
import { digestOf, hexOf, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { descriptorJson, inOrder, readAnnotations, readDescriptor, toGoObject, toGoValue, type Descriptor } from './descriptor.ts';
import { encodeGoJson, type GoValue } from './goJson.ts';
import { JsonShape, type JsonObject } from '../encoding/jsonShape.ts';

/** One signature in a `.sig` manifest. Everything in it is the registry's and unverified. */
export interface SignatureLayer {
  /** Of the payload. */
  readonly descriptor: Descriptor;
  /** Base64 as annotated; undefined when there is none or it is empty. */
  readonly signature: string | undefined;
  /** True when a certificate is attached: signed without a long-lived key. */
  readonly certificate: boolean;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface SignatureManifest {
  /** The simple-signing layers, in order. */
  readonly layers: readonly SignatureLayer[];
  /** How many layers are something else and were left out. */
  readonly otherLayers: number;
  readonly config: Descriptor;
}

/** The manifest and config of a `.sig` tag, ready to be pushed; the config is a blob. */
export interface SignatureManifestFiles {
  readonly mediaType: string;
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
}

export interface NewSignature {
  readonly payload: Uint8Array;
  /** Padded standard base64. */
  readonly signature: string;
  /** Further layer annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
}

export const simpleSigningMediaType = 'application/vnd.dev.cosign.simplesigning.v1+json';
export const signatureAnnotation = 'dev.cosignproject.cosign/signature';
export const certificateAnnotation = 'dev.sigstore.cosign/certificate';
/** As cosign: GHSA-95pr-fxf5-86gv. */
export const maxSignatureLayers = 1000;
const maxManifestBytes = 4 * 1024 * 1024;

const ociTypes = { manifest: 'application/vnd.oci.image.manifest.v1+json', config: 'application/vnd.oci.image.config.v1+json' };
const dockerTypes = { manifest: 'application/vnd.docker.distribution.manifest.v2+json', config: 'application/vnd.docker.container.image.v1+json' };
const noTime = '0001-01-01T00:00:00Z';
const manifestOrder = ['schemaVersion', 'mediaType', 'config', 'layers', 'annotations', 'subject', 'artifactType'];
const configOrder = ['architecture', 'author', 'container', 'created', 'docker_version', 'history', 'os', 'rootfs', 'config', 'os.version', 'variant', 'os.features'];

const shape = new JsonShape('MANIFEST_INVALID', said`the signature manifest`);
const configShape = new JsonShape('MANIFEST_INVALID', said`the config of the signature manifest`);

/** `sha256-84d8….sig`: where cosign keeps the signatures of this digest. */
export function signatureTag(digest: Digest): string {
  return `sha256-${hexOf(digest)}.sig`;
}

/**
 * Reads the layers of a `.sig` manifest, or of a referrer with such layers.
 * @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT` for more than 1000 layers, `SIZE_LIMIT`
 */
export function parseSignatureManifest(bytes: Uint8Array): SignatureManifest {
  const { json, layers } = readManifest(bytes);
  const signatures = layers.filter(({ mediaType }) => mediaType === simpleSigningMediaType).map(toSignatureLayer);
  const { mediaType, size, digest } = readDescriptor(shape, shape.member(json, 'config'), '"config"');
  return { layers: signatures, otherLayers: layers.length - signatures.length, config: { mediaType, size, digest } };
}

/**
 * A `.sig` manifest with one more signature: every layer that was there stays, in order and as it was.
 * @param existing the manifest and config now under the tag; undefined when the tag does not exist
 * @param dockerMediaTypes for registries that refuse OCI types; used for a new manifest only
 * @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT` when there are 1000 signatures already, `SIZE_LIMIT`
 */
export function appendSignature(existing: { readonly manifest: Uint8Array; readonly config: Uint8Array } | undefined, added: NewSignature, dockerMediaTypes = false): SignatureManifestFiles {
  const types = dockerMediaTypes ? dockerTypes : ociTypes;
  const old = existing && readManifest(existing.manifest);
  if (old && old.layers.length >= maxSignatureLayers) throw tooMany(old.layers.length + 1);
  const payloadDigest = digestOf(added.payload);
  const config = encodeGoJson(nextConfig(existing?.config, payloadDigest));
  const configType = old === undefined ? types.config : readDescriptor(shape, shape.member(old.json, 'config'), '"config"').mediaType;
  const mediaType = old === undefined ? types.manifest : (shape.optionalString(shape.member(old.json, 'mediaType'), '"mediaType"') ?? types.manifest);
  const layer = {
    mediaType: simpleSigningMediaType,
    size: added.payload.length,
    digest: payloadDigest,
    annotations: new Map(Object.entries({ ...added.annotations, [signatureAnnotation]: added.signature })),
  };
  const manifest = inOrder({
    ...(old && toGoObject(old.json)),
    schemaVersion: 2,
    mediaType,
    config: { mediaType: configType, size: config.length, digest: digestOf(config) },
    layers: [...(old?.layers ?? []).map(({ json }) => descriptorJson(json)), layer],
  }, manifestOrder);
  return { mediaType, config, manifest: encodeGoJson(manifest) };
}

/**
 * cosign's dupe rule: whether one of the layers already is this signature: same payload, the same annotations besides the signature,
 * and a signature that verifies with the signing key.
 */
export function hasSignature(layers: readonly SignatureLayer[], added: Pick<NewSignature, 'payload' | 'annotations'>, verifies: (signature: string) => boolean): boolean {
  const digest = digestOf(added.payload);
  return layers.some((layer) => layer.descriptor.digest === digest
    && Object.entries(added.annotations ?? {}).every(([name, value]) => name === signatureAnnotation || layer.annotations[name] === value)
    && layer.signature !== undefined && verifies(layer.signature));
}

/** A stored manifest of signatures or attestations, with its config. */
export interface StoredLayers {
  readonly manifest: Uint8Array;
  readonly config: Uint8Array;
}

/**
 * Whether a `.sig` or `.att` manifest has every layer of another: the same content and the other's annotations.
 * @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT`
 */
export function hasLayersOf(existing: Uint8Array, other: Uint8Array): boolean {
  return missingLayers(readManifest(existing).layers, other).length === 0;
}

/**
 * A `.sig` or `.att` manifest with the layers of another one behind its own: every layer stays as it was, none comes twice.
 * @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT` for more than 1000 layers together, `SIZE_LIMIT`
 */
export function appendLayers(existing: StoredLayers, other: Uint8Array): SignatureManifestFiles {
  const old = readManifest(existing.manifest);
  const added = missingLayers(old.layers, other);
  const layers = [...old.layers, ...added];
  if (layers.length > maxSignatureLayers) throw tooMany(layers.length);
  const config = added.reduce((bytes, { digest }) => encodeGoJson(nextConfig(bytes, digest)), existing.config);
  const configType = readDescriptor(shape, shape.member(old.json, 'config'), '"config"').mediaType;
  const manifest = inOrder({
    ...toGoObject(old.json),
    config: { mediaType: configType, size: config.length, digest: digestOf(config) },
    layers: layers.map(({ json }) => descriptorJson(json)),
  }, manifestOrder);
  return { mediaType: shape.optionalString(shape.member(old.json, 'mediaType'), '"mediaType"') ?? ociTypes.manifest, config, manifest: encodeGoJson(manifest) };
}

function missingLayers(existing: readonly (Descriptor & { json: JsonObject })[], other: Uint8Array): readonly (Descriptor & { json: JsonObject })[] {
  const known = existing.map((layer) => ({ layer, annotations: readAnnotations(shape, layer.json, said`a layer`) }));
  return readManifest(other).layers.filter((wanted) => {
    const annotations = Object.entries(readAnnotations(shape, wanted.json, said`a layer`));
    return !known.some(({ layer, annotations: own }) => layer.digest === wanted.digest && layer.mediaType === wanted.mediaType
      && annotations.every(([name, value]) => own[name] === value));
  });
}

function readManifest(bytes: Uint8Array): { json: JsonObject; layers: readonly (Descriptor & { json: JsonObject })[] } {
  const json = shape.parse(bytes, maxManifestBytes);
  const layers = shape.optionalArray(shape.member(json, 'layers'), '"layers"');
  if (layers.length > maxSignatureLayers) throw tooMany(layers.length);
  return { json, layers: layers.map((layer) => readDescriptor(shape, layer, said`a layer`)) };
}

function toSignatureLayer({ mediaType, size, digest, json }: Descriptor & { json: JsonObject }): SignatureLayer {
  const annotations = readAnnotations(shape, json, said`a layer`);
  const signature = annotations[signatureAnnotation];
  const certificate = annotations[certificateAnnotation];
  return {
    descriptor: { mediaType, size, digest },
    signature: signature === '' ? undefined : signature,
    certificate: certificate !== undefined && certificate !== '',
    annotations,
  };
}

function nextConfig(existing: Uint8Array | undefined, added: Digest): GoValue {
  const old = existing && configShape.parse(existing, maxManifestBytes);
  const rootfs = old && configShape.optionalObject(configShape.member(old, 'rootfs'), '"rootfs"');
  const history = configShape.optionalArray(old && configShape.member(old, 'history'), '"history"');
  const diffIds = configShape.optionalArray(rootfs && configShape.member(rootfs, 'diff_ids'), '"diff_ids"');
  return inOrder({
    architecture: '', created: noTime, os: '', config: {},
    ...(old && toGoObject(old)),
    history: [...history.map(toGoValue), { created: noTime }],
    rootfs: { type: 'layers', diff_ids: [...diffIds.map(toGoValue), added] },
  }, configOrder);
}

function tooMany(count: number): CosignError {
  return new CosignError('COUNT_LIMIT', said`The signature manifest lists ${count} layers; more than ${maxSignatureLayers} are not read.`);
}
