// Writing to a registry: blobs in one piece, manifests under a tag or a digest (OCI distribution-spec v1.1 §push).
import { digestOf, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import type { Exchange, RegistryRequest, RepositoryName } from './exchange.ts';
import { canonicalRepository } from './reference.ts';
import { registryError, single } from './registryError.ts';

export interface PushedManifest {
  readonly digest: Digest;
  /** The `OCI-Subject` header: the registry itself lists this manifest as a referrer. */
  readonly subject?: string;
  readonly etag?: string;
}

/** HEAD, and only when it is not there POST and PUT. */
export async function pushBlob(exchange: Exchange, repository: RepositoryName, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const digest = digestOf(bytes);
  const known = await exchange.send({ repository, method: 'HEAD', path: `blobs/${digest}`, actions: 'pull,push' }, signal);
  known.response.discard();
  if (known.response.status === 200) return;
  const start: RegistryRequest = { repository, method: 'POST', path: 'blobs/uploads/', actions: 'pull,push', headers: { 'content-length': '0' } };
  const started = await exchange.send(start, signal);
  if (started.response.status !== 202 && started.response.status !== 201) throw registryError(await exchange.failure(start, started));
  const location = single(started.response.headers['location']);
  started.response.discard();
  if (started.response.status === 201) return;
  const finish: RegistryRequest = {
    repository, method: 'PUT', path: uploadUrl(location, started.url, digest, repository), actions: 'pull,push',
    headers: { 'content-type': 'application/octet-stream' }, body: bytes,
  };
  const finished = await exchange.send(finish, signal);
  if (finished.response.status !== 201) throw registryError(await exchange.failure(finish, finished));
  finished.response.discard();
}

export async function pushManifest(exchange: Exchange, repository: RepositoryName, tagOrDigest: string, bytes: Uint8Array, mediaType: string, options: { readonly ifMatch?: string }, signal: AbortSignal): Promise<PushedManifest> {
  const request: RegistryRequest = {
    repository, method: 'PUT', path: `manifests/${tagOrDigest}`, actions: 'pull,push', body: bytes,
    headers: { 'content-type': mediaType, ...(options.ifMatch === undefined ? {} : { 'if-match': options.ifMatch }) },
  };
  const answer = await exchange.send(request, signal);
  if (answer.response.status !== 201 && answer.response.status !== 200) throw registryError(await exchange.failure(request, answer));
  const [subject, etag] = [single(answer.response.headers['oci-subject']), single(answer.response.headers['etag'])];
  answer.response.discard();
  return { digest: digestOf(bytes), ...(subject === undefined ? {} : { subject }), ...(etag === undefined ? {} : { etag }) };
}

/** Relative or absolute, often with a query of its own that must stay; on another host it would get our token, so it is refused. */
function uploadUrl(location: string | undefined, base: URL, digest: Digest, repository: RepositoryName): URL {
  let url: URL;
  try {
    url = new URL(location ?? '', base);
  } catch {
    throw new CosignError('REGISTRY_RESPONSE_INVALID', `The registry gave no usable place to upload to for ${canonicalRepository(repository)}.`);
  }
  if (location === undefined || url.host !== base.host) {
    throw new CosignError('REGISTRY_REDIRECT_REFUSED', `The registry wants the upload for ${canonicalRepository(repository)} on another host, which is refused.`);
  }
  // Behind a proxy that ends TLS, registries often answer with http.
  url.protocol = base.protocol;
  url.searchParams.set('digest', digest);
  return url;
}
