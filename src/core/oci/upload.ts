// Writing to a registry: blobs in one piece, manifests under a tag or a digest (OCI distribution-spec v1.1 §push).
import { digestOf, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import type { Actions } from './authorization.ts';
import type { Exchange, RegistryRequest, RepositoryName } from './exchange.ts';
import { single } from './headers.ts';
import { canonicalRepository } from './reference.ts';

export interface PushedManifest {
  readonly digest: Digest;
  /** The `OCI-Subject` header: the registry itself lists this manifest as a referrer. */
  readonly subject?: string;
  readonly etag?: string;
}

/** HEAD, and only when it is not there POST and PUT; a PUT whose connection broke is looked after with another HEAD first. */
export async function pushBlob(exchange: Exchange, repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const digest = digestOf(bytes);
  if (await hasBlob(exchange, repository, digest, 'pull,push', signal)) return;
  try {
    await upload(exchange, repository, bytes, digest, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof CosignError) || error.code !== 'REGISTRY_UNREACHABLE') throw error;
    if (!(await hasBlob(exchange, repository, digest, 'pull,push', signal))) await upload(exchange, repository, bytes, digest, signal);
  }
}

/** @param actions undefined: what the exchange is for */
export function hasBlob(exchange: Exchange, repository: RepositoryName, digest: Digest, actions: Actions | undefined, signal: AbortSignal): Promise<boolean> {
  const request: RegistryRequest = { repository, method: 'HEAD', path: `blobs/${digest}`, ...(actions ? { actions } : {}) };
  return exchange.ask(request, (answer) => {
    answer.response.discard();
    return Promise.resolve(answer.response.status === 200);
  }, signal);
}

async function upload(exchange: Exchange, repository: RepositoryName, bytes: Uint8Array, digest: Digest, signal: AbortSignal): Promise<void> {
  const start: RegistryRequest = { repository, method: 'POST', path: 'blobs/uploads/', actions: 'pull,push', headers: { 'content-length': '0' } };
  const location = await exchange.ask(start, async (answer) => {
    if (answer.response.status !== 202) throw await exchange.error(start, answer, signal);
    answer.response.discard();
    return withDigest(uploadUrl(single(answer.response.headers['location']), answer.url, repository), digest);
  }, signal);
  const finish: RegistryRequest = {
    repository, method: 'PUT', path: location, actions: 'pull,push', repeatable: false,
    headers: { 'content-type': 'application/octet-stream' }, body: bytes,
  };
  await exchange.ask(finish, async (answer) => {
    if (answer.response.status !== 201) throw await exchange.error(finish, answer, signal);
    answer.response.discard();
  }, signal);
}

export interface ManifestPush {
  /** The ETag the tag must still have. */
  readonly ifMatch?: string;
  /** The tag must not exist. */
  readonly ifNoneMatch?: '*';
  /** Default true. Where others write to the tag too, sending again what was made of an older state of it would undo theirs. */
  readonly repeatable?: boolean;
}

export function pushManifest(exchange: Exchange, repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, options: ManifestPush, signal: AbortSignal): Promise<PushedManifest> {
  const request: RegistryRequest = {
    repository, method: 'PUT', path: `manifests/${tagOrDigest}`, actions: 'pull,push', body: bytes, repeatable: options.repeatable ?? true,
    headers: { 'content-type': mediaType, ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }), ...(options.ifNoneMatch === undefined ? {} : { 'if-none-match': options.ifNoneMatch }) },
  };
  return exchange.ask(request, async (answer) => {
    const { status, headers } = answer.response;
    if (status !== 201 && status !== 200) throw await exchange.error(request, answer, signal);
    answer.response.discard();
    const [subject, etag] = [single(headers['oci-subject']), single(headers['etag'])];
    return { digest: digestOf(bytes), ...(subject === undefined ? {} : { subject }), ...(etag === undefined ? {} : { etag }) };
  }, signal);
}

/** Relative or absolute, often with a query of its own that must stay; on another host it would get our token, so it is refused. */
export function uploadUrl(location: string | undefined, base: URL, repository: RepositoryName): URL {
  if (location === undefined || !URL.canParse(location, base.href)) {
    throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The registry gave no usable place to upload to for ${canonicalRepository(repository)}.`);
  }
  const url = new URL(location, base);
  if (url.host !== base.host || url.username !== '' || url.password !== '') {
    throw new CosignError('REGISTRY_REDIRECT_REFUSED', said`The registry wants the upload for ${canonicalRepository(repository)} on another host, which is refused.`);
  }
  // Behind a proxy that ends TLS, registries often answer with http.
  url.protocol = base.protocol;
  return url;
}

/** The URL that ends an upload. */
export function withDigest(url: URL, digest: Digest): URL {
  const end = new URL(url);
  end.searchParams.set('digest', digest);
  return end;
}
