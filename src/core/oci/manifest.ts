// Descriptors, image manifests and indexes as checked data (OCI image-spec v1.1; Docker schema 2).
import { isDigest, isOtherDigest, type Digest } from '../crypto/digest.ts';
import { readJson } from '../encoding/json.ts';
import { CosignError } from '../errors.ts';
import { said, type Said, type SaidArgument } from '../said.ts';

export interface DescriptorPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** OCI image-spec v1.1, descriptor.md. Text in it is the registry's. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: DescriptorPlatform;
  /** The content itself in base64, unproven. */
  readonly data?: string;
  /** Where else the content is said to be, for layers that registries do not distribute. */
  readonly urls?: readonly string[];
}

export interface Manifest {
  readonly mediaType: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface Index {
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
} as const;

/** What is asked for when any manifest will do. */
export const anyManifest: string = Object.values(mediaTypes).join(', ');

export const maxManifestBytes = 4 * 1024 * 1024;
const maxLayers = 1000;
const maxEntries = 5000;

/** Parameters and case do not matter. */
export function isIndexMediaType(mediaType: string): boolean {
  const plain = mediaType.split(';')[0]?.trim().toLowerCase();
  return plain === mediaTypes.ociIndex || plain === mediaTypes.dockerIndex;
}

/** @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT` */
export function parseManifest(bytes: Uint8Array): Manifest {
  const root = asObject(readJson(bytes, { maxBytes: maxManifestBytes }), said`the manifest`);
  const layers = readList(root['layers'], '"layers"', maxLayers);
  const config = optional(root['config'], '"config"');
  const subject = optional(root['subject'], '"subject"');
  return { mediaType: optionalText(root, 'mediaType') ?? mediaTypes.ociManifest, layers, ...(config ? { config } : {}), ...(subject ? { subject } : {}), ...readKind(root) };
}

/** @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT` */
export function parseIndex(bytes: Uint8Array): Index {
  return readIndex(asObject(readJson(bytes, { maxBytes: maxManifestBytes }), said`the index`));
}

function readIndex(root: Readonly<Record<string, unknown>>): Index {
  if (!Array.isArray(root['manifests'])) throw invalid(said`"manifests" is not a list`);
  const subject = optional(root['subject'], '"subject"');
  return { manifests: readList(root['manifests'], '"manifests"', maxEntries), ...(subject ? { subject } : {}), ...readKind(root) };
}

/** An index some of whose entries cannot be followed. */
export interface MixedIndex extends Index {
  /** Digests of entries by another algorithm than sha256, which are not in `manifests`; the registry's text. */
  readonly otherDigests: readonly string[];
}

/**
 * As {@link parseIndex}, but entries with a digest of another algorithm do not spoil the rest. Whoever decides by what is listed must
 * not take them for absent.
 * @throws {CosignError} `MANIFEST_INVALID`, `COUNT_LIMIT`, `SIZE_LIMIT`
 */
export function parseMixedIndex(bytes: Uint8Array): MixedIndex {
  const root = asObject(readJson(bytes, { maxBytes: maxManifestBytes }), said`the index`);
  const entries: readonly unknown[] = Array.isArray(root['manifests']) ? root['manifests'] : [];
  const otherDigests = entries.flatMap((entry) => otherDigestOf(entry) ?? []);
  if (entries.length > maxEntries) throw new CosignError('COUNT_LIMIT', said`"manifests" of a manifest has ${entries.length} entries; more than ${maxEntries} are not read.`);
  if (otherDigests.length === 0) return { ...readIndex(root), otherDigests };
  return { ...readIndex({ ...root, manifests: entries.filter((entry) => otherDigestOf(entry) === undefined) }), otherDigests };
}

function otherDigestOf(entry: unknown): string | undefined {
  const digest: unknown = typeof entry === 'object' && entry !== null && 'digest' in entry ? entry.digest : undefined;
  return isOtherDigest(digest) ? digest : undefined;
}

/** What a manifest or index says about itself as a whole. */
function readKind(root: Readonly<Record<string, unknown>>): Pick<Manifest, 'artifactType' | 'annotations'> {
  const artifactType = optionalText(root, 'artifactType');
  const annotations = readAnnotations(root['annotations'], said`the manifest`);
  return { ...(artifactType === undefined ? {} : { artifactType }), ...(annotations ? { annotations } : {}) };
}

function readList(value: unknown, what: SaidArgument, limit: number): readonly Descriptor[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw invalid(said`${what} is not a list`);
  if (value.length > limit) throw new CosignError('COUNT_LIMIT', said`${what} of a manifest has ${value.length} entries; more than ${limit} are not read.`);
  return value.map((entry, index) => readDescriptor(entry, said`${what}[${index}]`));
}

function readDescriptor(value: unknown, what: SaidArgument): Descriptor {
  const json = asObject(value, what);
  const { digest, size } = json;
  if (!isDigest(digest)) throw invalid(said`the digest of ${what} is not a sha256 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw invalid(said`the size of ${what} is not a size`);
  const artifactType = optionalText(json, 'artifactType');
  const data = optionalText(json, 'data');
  const platform = readPlatform(json['platform'], what);
  const annotations = readAnnotations(json['annotations'], what);
  const urls = Array.isArray(json['urls']) ? json['urls'].filter((url): url is string => typeof url === 'string') : [];
  return {
    mediaType: optionalText(json, 'mediaType') ?? '', digest, size,
    ...(artifactType === undefined ? {} : { artifactType }), ...(platform ? { platform } : {}), ...(annotations ? { annotations } : {}), ...(data === undefined ? {} : { data }), ...(urls.length > 0 ? { urls } : {}),
  };
}

function readPlatform(value: unknown, what: SaidArgument): DescriptorPlatform | undefined {
  if (value === undefined || value === null) return undefined;
  const json = asObject(value, said`the platform of ${what}`);
  const variant = optionalText(json, 'variant');
  return { os: optionalText(json, 'os') ?? '', architecture: optionalText(json, 'architecture') ?? '', ...(variant === undefined ? {} : { variant }) };
}

function readAnnotations(value: unknown, what: SaidArgument): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(asObject(value, said`the annotations of ${what}`)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return Object.assign(Object.create(null) as Record<string, string>, Object.fromEntries(entries));
}

const optional = (value: unknown, what: SaidArgument): Descriptor | undefined => (value === undefined || value === null ? undefined : readDescriptor(value, what));

function optionalText(json: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = Object.hasOwn(json, name) ? json[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalid(said`"${name}" is not a text`);
  return value;
}

function asObject(value: unknown, what: SaidArgument): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  throw invalid(said`${what} is not an object`);
}

const invalid = (why: Said): CosignError => new CosignError('MANIFEST_INVALID', said`A manifest in the registry cannot be read: ${why}.`);
