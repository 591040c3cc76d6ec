// Signatures that were found before: kept as the bytes they are, and found again the way they were found in the registry.
import { isDigest, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said, type SaidArgument } from '../said.ts';
import { signatureTag } from '../cosign/signatureManifest.ts';
import { maxManifestBytes, type Descriptor } from '../oci/manifest.ts';
import { mediaTypeOf } from '../oci/mediaTypeOf.ts';
import type { ContentStore } from './contentStore.ts';
import type { ManifestContent, ReferrersAnswer, ReferrersSupport, RegistryReader, RepositoryName } from './registryReader.ts';
import { SignatureFinder, type SignatureHome } from './signatureFinder.ts';
import { encodeNote, readNote, type SignatureNote } from './signatureNote.ts';
import type { FoundSignatures, StoredSignature } from './storedSignature.ts';

export interface KeptFind {
  /** Complete as far as it goes: there may be more signatures in the registry by now, or fewer. */
  readonly found: FoundSignatures;
  /** When the registry listed them, milliseconds since the epoch; as it was noted, so for showing only. */
  readonly readAt: number;
}

/** Most bytes kept for one image in one repository; signatures that count come first. */
export const maxKeptBytesPerImage = 8 * 1024 * 1024;

export class KeptSignatures {
  readonly #store: ContentStore;

  constructor(store: ContentStore) {
    this.#store = store;
  }

  /**
   * The signatures noted under a name, read anew and bounded as those of a registry are.
   * @returns undefined when there are none, or not all of them are there as they were
   * @throws only the signal's reason
   */
  async find(name: string, home: SignatureHome, digest: Digest, signal: AbortSignal): Promise<KeptFind | undefined> {
    const bytes = await this.#store.note(name);
    signal.throwIfAborted();
    const note = bytes && readNote(bytes);
    if (!note || note.manifests.size === 0) return undefined;
    const { signatures, incomplete } = await new SignatureFinder(new KeptReader(this.#store, note, digest)).quick(home, digest, signal);
    if (incomplete.length > 0 || signatures.length === 0) return undefined;
    const told = signatures.map((signature): StoredSignature => ({ ...signature, store: note.manifests.get(signature.manifest) ?? signature.store }));
    return { found: { signatures: told, incomplete: [] }, readAt: note.readAt };
  }

  /** In place of what was kept under the name; where nothing was found, nothing is. @param counting the manifests whose signatures counted: they are kept even where not all can be */
  keep(name: string, { signatures }: FoundSignatures, counting: ReadonlySet<Digest>, readAt: number): void {
    const listed = [...new Set(signatures.map(({ manifest }) => manifest))].map((digest) => {
      const own = signatures.filter(({ manifest }) => manifest === digest);
      const contents = [...new Set(own.flatMap((signature) => [signature.manifestBytes, contentOf(signature)]))];
      return { digest, store: own[0]?.store ?? 'referrers API', contents, size: contents.reduce((sum, { byteLength }) => sum + byteLength, 0) };
    });
    let room = maxKeptBytesPerImage;
    const chosen = new Set([...listed].sort((a, b) => Number(counting.has(b.digest)) - Number(counting.has(a.digest))).filter(({ size }) => {
      const fits = size <= room;
      if (fits) room -= size;
      return fits;
    }));
    const kept = listed.filter((entry) => chosen.has(entry));
    if (kept.length === 0) this.#store.forget(name);
    else this.#store.keep(name, encodeNote({ readAt, manifests: new Map(kept.map(({ digest, store }) => [digest, store])) }), kept.flatMap(({ contents }) => contents));
  }

  /** A manifest or index as it was; there is no other of that digest. */
  async manifest(digest: Digest): Promise<ManifestContent | undefined> {
    const bytes = await this.#store.content(digest, maxManifestBytes);
    try {
      return bytes && describe(bytes, digest);
    } catch {
      return undefined;
    }
  }

  keepManifest({ bytes }: ManifestContent): void {
    this.#store.keepContent(bytes);
  }
}

/** The store as a registry that holds what a note says and knows nothing else. */
class KeptReader implements RegistryReader {
  readonly #store: ContentStore;
  readonly #note: SignatureNote;
  readonly #tag: string;

  constructor(store: ContentStore, note: SignatureNote, digest: Digest) {
    this.#store = store;
    this.#note = note;
    this.#tag = signatureTag(digest);
  }

  resolve(): Promise<Descriptor> {
    return Promise.reject(gone(said`the image`));
  }

  async manifest(_repository: RepositoryName, tagOrDigest: string): Promise<ManifestContent | undefined> {
    const digest = tagOrDigest === this.#tag ? this.#noted('signature tag')[0] : tagOrDigest;
    if (!isDigest(digest)) return undefined;
    const bytes = await this.#store.content(digest, maxManifestBytes);
    if (!bytes) throw gone(digest);
    return describe(bytes, digest);
  }

  async blob(_repository: RepositoryName, { digest, size }: Descriptor, _signal: AbortSignal, { limitBytes }: { readonly limitBytes: number }): Promise<Uint8Array> {
    const bytes = size > limitBytes ? undefined : await this.#store.content(digest, size);
    if (!bytes) throw gone(digest);
    return bytes;
  }

  referrers(): Promise<ReferrersAnswer> {
    const digests = [...this.#noted('referrers API'), ...this.#noted('referrers tag')];
    return Promise.resolve({ kind: 'list', descriptors: digests.map((digest) => ({ digest, mediaType: '', size: 0 })) });
  }

  probeReferrers(): Promise<ReferrersSupport> {
    return Promise.resolve('supported');
  }

  #noted(store: StoredSignature['store']): readonly Digest[] {
    return [...this.#note.manifests].flatMap(([digest, place]) => (place === store ? [digest] : []));
  }
}

const contentOf = (signature: StoredSignature): Uint8Array => (signature.format === 'legacy' ? signature.payload : signature.bytes);
const describe = (bytes: Uint8Array, digest: Digest): ManifestContent => ({ bytes, descriptor: { digest, size: bytes.byteLength, mediaType: mediaTypeOf(bytes, undefined) } });
const gone = (what: SaidArgument): CosignError => new CosignError('FILE_UNREADABLE', said`What was stored of ${what} is not there any more.`);
