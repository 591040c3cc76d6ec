// What the in-process registry holds: repositories of blobs, manifests and tags, filled by tests or over HTTP.
import { createHash } from 'node:crypto';

export const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
} as const;

export interface StoredManifest {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface StoredDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

interface Repository {
  readonly blobs: Map<string, Uint8Array>;
  readonly manifests: Map<string, StoredManifest>;
  /** Tag → digest. */
  readonly tags: Map<string, string>;
}

interface ManifestJson {
  readonly subject?: { readonly digest?: string };
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly config?: { readonly mediaType?: string };
}

export const sha256 = (bytes: Uint8Array | string): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const toBytes = (content: Uint8Array | string | object): Uint8Array =>
  content instanceof Uint8Array ? content : Buffer.from(typeof content === 'string' ? content : JSON.stringify(content));

export class RegistryStore {
  readonly #repositories = new Map<string, Repository>();

  repository(name: string): Repository {
    const existing = this.#repositories.get(name);
    if (existing) return existing;
    const made: Repository = { blobs: new Map(), manifests: new Map(), tags: new Map() };
    this.#repositories.set(name, made);
    return made;
  }

  has(name: string): boolean {
    return this.#repositories.has(name);
  }

  putBlob(repository: string, content: Uint8Array | string | object, mediaType: string = types.layer): StoredDescriptor {
    const bytes = toBytes(content);
    const digest = sha256(bytes);
    this.repository(repository).blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.byteLength };
  }

  /** @param tag undefined: reachable by digest only */
  putManifest(repository: string, tag: string | undefined, content: Uint8Array | string | object, mediaType: string = types.manifest): StoredDescriptor {
    const bytes = toBytes(content);
    const digest = sha256(bytes);
    const { manifests, tags } = this.repository(repository);
    manifests.set(digest, { bytes, mediaType });
    if (tag !== undefined) tags.set(tag, digest);
    return { mediaType, digest, size: bytes.byteLength };
  }

  /** One config, one layer; `content` makes the digest its own. */
  putImage(repository: string, tag: string | undefined, content = `${repository}:${tag ?? ''}`, platform = { os: 'linux', architecture: 'amd64' }): StoredDescriptor {
    const layer = this.putBlob(repository, content);
    const config = this.putBlob(repository, { ...platform, rootfs: { type: 'layers', diff_ids: [layer.digest] } }, types.config);
    return this.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] });
  }

  /** An index over one image per platform (`os/architecture[/variant]`). */
  putIndex(repository: string, tag: string | undefined, platforms: readonly string[]): { readonly index: StoredDescriptor; readonly children: ReadonlyMap<string, StoredDescriptor> } {
    const children = new Map<string, StoredDescriptor>();
    const manifests = platforms.map((platform) => {
      const [os = '', architecture = '', variant] = platform.split('/');
      const child = this.putImage(repository, undefined, `${repository}:${tag ?? ''} ${platform}`, { os, architecture });
      children.set(platform, child);
      return { ...child, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
    });
    return { children, index: this.putManifest(repository, tag, { schemaVersion: 2, mediaType: types.index, manifests }, types.index) };
  }

  /** A manifest that names `subject`, as cosign hangs a bundle on an image. */
  putReferrer(repository: string, subject: StoredDescriptor, content: Uint8Array | string | object, artifactType: string, annotations: Readonly<Record<string, string>> = {}): StoredDescriptor {
    const layer = this.putBlob(repository, content, artifactType);
    const config = this.putBlob(repository, '{}', 'application/vnd.oci.empty.v1+json');
    return this.putManifest(repository, undefined, { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer], annotations, subject, artifactType });
  }

  manifest(repository: string, reference: string): (StoredManifest & { readonly digest: string }) | undefined {
    const found = this.#repositories.get(repository);
    const digest = reference.startsWith('sha256:') ? reference : found?.tags.get(reference);
    const manifest = digest === undefined ? undefined : found?.manifests.get(digest);
    return digest === undefined || !manifest ? undefined : { ...manifest, digest };
  }

  /** The descriptors a referrers API lists, oldest first. */
  referrers(repository: string, subject: string): readonly (StoredDescriptor & { readonly artifactType: string; readonly annotations?: Readonly<Record<string, string>> })[] {
    const manifests = this.#repositories.get(repository)?.manifests ?? new Map<string, StoredManifest>();
    return [...manifests].flatMap(([digest, { bytes, mediaType }]) => {
      const json = parse(bytes);
      if (json?.subject?.digest !== subject) return [];
      const { annotations, artifactType = json.config?.mediaType ?? '' } = json;
      return [{ mediaType, digest, size: bytes.byteLength, artifactType, ...(annotations ? { annotations } : {}) }];
    });
  }
}

/** @returns undefined when the bytes are no JSON object */
export function parse(bytes: Uint8Array): (ManifestJson & Readonly<Record<string, unknown>>) | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as ManifestJson & Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
