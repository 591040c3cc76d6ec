// The Distribution API 1.1 over a store: manifests, blobs, uploads, tags, referrers.
import { randomUUID } from 'node:crypto';
import { failure, json, type Answer, type RegistryRequest } from './registryAnswer.ts';
import { parse, sha256, types, type RegistryStore } from './registryStore.ts';

export interface RouteOptions {
  /**
   * `native` (the default); `router 404`: the software has no such route, as distribution 2.8; `json 404`: the answer of GHCR.
   * Only `native` answers a pushed subject with `OCI-Subject`.
   */
  readonly referrers?: 'native' | 'router 404' | 'json 404';
  /** Descriptors per page of referrers; the default is all of them. */
  readonly referrersPageSize?: number;
  /** Answers manifests with an `ETag` and honours `If-Match` and `If-None-Match`. */
  readonly etags?: boolean;
  /** Where an upload goes on; default `relative`, always with a query of its own. */
  readonly uploadLocation?: 'relative' | 'absolute';
  /** Larger request bodies are refused with 413. */
  readonly maxBodyBytes?: number;
  /** Told to whoever starts an upload, as `OCI-Chunk-Min-Length`, and held against every chunk but the last. */
  readonly chunkMinBytes?: number;
  /** `never`: blobs of other repositories are not taken over; the answer is an upload to be filled. */
  readonly mounts?: 'never';
  /** Refuses an index before what it lists, and a referrer before its subject. */
  readonly strictOrder?: boolean;
}

export class RegistryRoutes {
  readonly #store: RegistryStore;
  readonly #options: RouteOptions;
  readonly #uploads = new Map<string, { readonly repository: string; readonly state: string; bytes: Uint8Array }>();
  readonly #origin: () => string;

  constructor(store: RegistryStore, options: RouteOptions, origin: () => string) {
    this.#store = store;
    this.#options = options;
    this.#origin = origin;
  }

  answer(request: RegistryRequest): Answer {
    switch (request.kind) {
      case 'ping': return json(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
      case 'manifest': return this.#manifest(request);
      case 'blob': return this.#blob(request);
      case 'upload': return this.#upload(request);
      case 'tags': return this.#tags(request);
      case 'referrers': return this.#referrers(request);
      case 'token': case 'other': return notRouted;
    }
  }

  #manifest(request: RegistryRequest): Answer {
    const { method, repository, target } = request;
    const found = this.#store.manifest(repository, target);
    if (method === 'PUT') return this.#putManifest(request, found?.digest);
    if (!found) return failure(404, this.#store.has(repository) ? 'MANIFEST_UNKNOWN' : 'NAME_UNKNOWN');
    if (method === 'DELETE') {
      const { manifests, tags } = this.#store.repository(repository);
      if (target.startsWith('sha256:')) {
        manifests.delete(target);
        for (const [tag, digest] of tags) if (digest === target) tags.delete(tag);
      } else tags.delete(target);
      return { status: 202 };
    }
    if (method !== 'GET' && method !== 'HEAD') return failure(405, 'UNSUPPORTED');
    const etag = this.#options.etags ? { etag: `"${found.digest}"` } : undefined;
    return { status: 200, headers: { 'content-type': found.mediaType, 'docker-content-digest': found.digest, ...etag }, body: found.bytes };
  }

  #putManifest({ repository, target, headers, body }: RegistryRequest, current: string | undefined): Answer {
    const ifMatch = headers['if-match'];
    if (this.#options.etags && ifMatch !== undefined && ifMatch !== `"${current ?? ''}"`) return failure(412, 'PRECONDITION_FAILED');
    if (this.#options.etags && headers['if-none-match'] === '*' && current !== undefined) return failure(412, 'PRECONDITION_FAILED');
    const content = parse(body);
    if (!content) return failure(400, 'MANIFEST_INVALID');
    const digest = sha256(body);
    if (target.startsWith('sha256:') && target !== digest) return failure(400, 'DIGEST_INVALID');
    const { blobs } = this.#store.repository(repository);
    const named = [content.config, ...(Array.isArray(content['layers']) ? (content['layers'] as unknown[]) : [])];
    const missing = named.some((descriptor) => {
      const { digest: name, urls } = (descriptor ?? {}) as { digest?: string; urls?: readonly string[] };
      return name !== undefined && !blobs.has(name) && urls === undefined;
    });
    if (missing) return failure(400, 'MANIFEST_BLOB_UNKNOWN');
    if (this.#options.strictOrder === true && this.#namesWhatIsNotThere(repository, content)) return failure(400, 'MANIFEST_UNKNOWN');
    this.#store.putManifest(repository, target.startsWith('sha256:') ? undefined : target, body, headers['content-type'] ?? types.manifest);
    const subject = (this.#options.referrers ?? 'native') === 'native' ? content.subject?.digest : undefined;
    return {
      status: 201,
      headers: {
        location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest,
        ...(subject === undefined ? {} : { 'oci-subject': subject }), ...(this.#options.etags ? { etag: `"${digest}"` } : {}),
      },
    };
  }

  #namesWhatIsNotThere(repository: string, { manifests, subject }: Readonly<Record<string, unknown>>): boolean {
    const named = [...Array.isArray(manifests) ? (manifests as { digest: string }[]) : [], ...subject === undefined ? [] : [subject as { digest: string }]];
    return named.some(({ digest }) => !this.#store.manifest(repository, digest));
  }

  #blob({ method, repository, target, headers }: RegistryRequest): Answer {
    const { blobs } = this.#store.repository(repository);
    const bytes = blobs.get(target);
    if (!bytes) return failure(404, 'BLOB_UNKNOWN');
    if (method === 'DELETE') {
      blobs.delete(target);
      return { status: 202 };
    }
    const plain = { 'content-type': 'application/octet-stream', 'docker-content-digest': target };
    const range = /^bytes=(\d+)-(\d+)$/.exec(headers['range'] ?? '');
    if (!range) return { status: 200, headers: plain, body: bytes };
    const [start, end] = [Number(range[1]), Math.min(Number(range[2]), bytes.byteLength - 1)];
    if (start > end) return failure(416, 'RANGE_INVALID');
    return { status: 206, headers: { ...plain, 'content-range': `bytes ${start}-${end}/${bytes.byteLength}` }, body: bytes.subarray(start, end + 1) };
  }

  #upload(request: RegistryRequest): Answer {
    const { method, repository, target, query, body } = request;
    if (body.byteLength > (this.#options.maxBodyBytes ?? Infinity)) return failure(413, 'SIZE_INVALID');
    if (method === 'POST') {
      const source = query.get('from');
      const mounted = query.get('mount');
      const bytes = source !== null && mounted !== null && this.#options.mounts !== 'never' ? this.#store.repository(source).blobs.get(mounted) : undefined;
      if (bytes) return this.#finish(repository, bytes, mounted);
      if (query.has('digest')) return this.#finish(repository, body, query.get('digest'));
      const id = randomUUID();
      const upload = { repository, state: randomUUID(), bytes: new Uint8Array() };
      this.#uploads.set(id, upload);
      const smallest = this.#options.chunkMinBytes;
      return { status: 202, headers: { ...this.#location(id, upload), range: '0-0', ...(smallest === undefined ? {} : { 'oci-chunk-min-length': String(smallest) }) } };
    }
    const upload = this.#uploads.get(target);
    if (!upload || upload.repository !== repository) return failure(404, 'BLOB_UPLOAD_UNKNOWN');
    if (query.get('_state') !== upload.state) return failure(400, 'BLOB_UPLOAD_INVALID');
    switch (method) {
      case 'PATCH': {
        const start = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '')?.[1];
        if (start !== undefined && Number(start) !== upload.bytes.byteLength) return failure(416, 'BLOB_UPLOAD_INVALID');
        upload.bytes = Buffer.concat([upload.bytes, body]);
        return { status: 202, headers: { ...this.#location(target, upload), range: `0-${upload.bytes.byteLength - 1}` } };
      }
      case 'PUT': {
        this.#uploads.delete(target);
        return this.#finish(repository, Buffer.concat([upload.bytes, body]), query.get('digest'));
      }
      case 'DELETE':
        this.#uploads.delete(target);
        return { status: 204 };
      default: return { status: 204, headers: { ...this.#location(target, upload), range: `0-${Math.max(upload.bytes.byteLength - 1, 0)}` } };
    }
  }

  #location(id: string, { repository, state }: { readonly repository: string; readonly state: string }): Readonly<Record<string, string>> {
    const path = `/v2/${repository}/blobs/uploads/${id}?_state=${state}`;
    return { location: this.#options.uploadLocation === 'absolute' ? this.#origin() + path : path };
  }

  #finish(repository: string, bytes: Uint8Array, digest: string | null): Answer {
    if (digest !== sha256(bytes)) return failure(400, 'DIGEST_INVALID');
    this.#store.putBlob(repository, bytes);
    return { status: 201, headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest } };
  }

  #tags({ repository, target }: RegistryRequest): Answer {
    if (target !== 'list') return notRouted;
    if (!this.#store.has(repository)) return failure(404, 'NAME_UNKNOWN');
    return json(200, { name: repository, tags: [...this.#store.repository(repository).tags.keys()].sort() });
  }

  #referrers({ repository, target, query, path }: RegistryRequest): Answer {
    if (this.#options.referrers === 'router 404') return notRouted;
    if (this.#options.referrers === 'json 404') return failure(404, 'MANIFEST_UNKNOWN');
    const wanted = query.get('artifactType');
    const all = this.#store.referrers(repository, target).filter(({ artifactType }) => wanted === null || artifactType === wanted);
    const start = Number(query.get('last') ?? 0);
    const end = start + (this.#options.referrersPageSize ?? all.length);
    return json(200, { schemaVersion: 2, mediaType: types.index, manifests: all.slice(start, end) }, {
      'content-type': types.index,
      ...(wanted === null ? {} : { 'oci-filters-applied': 'artifactType' }),
      ...(end < all.length ? { link: `<${path}?last=${end}>; rel="next"` } : {}),
    });
  }
}

/** What Go's router says to a path it does not know: no JSON, and before anybody asks for a token. */
export const notRouted: Answer = { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }, body: '404 page not found\n' };
