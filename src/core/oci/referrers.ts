// The referrers API with its pages, and how registries say that they have none (OCI distribution-spec v1.1 §listing referrers).
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { readBody } from './boundedBody.ts';
import type { Exchange, RegistryRequest, RepositoryName } from './exchange.ts';
import { isIndexMediaType, maxManifestBytes, mediaTypes, parseIndex, type Descriptor } from './manifest.ts';
import { canonicalRepository } from './reference.ts';
import { registryError, single } from './registryError.ts';

export type ReferrersAnswer =
  | { readonly kind: 'list'; readonly descriptors: readonly Descriptor[] }
  /** `host`: a router said so, not a registry about this repository. */
  | { readonly kind: 'unsupported'; readonly scope: 'host' | 'repository' };

const maxReferrers = 1000;
const maxPages = 100;

/**
 * Entries are what the registry claims: their artifactType is often wrong, so nothing is filtered by it.
 * @throws {CosignError} `COUNT_LIMIT` for endless pages; every failure that is not "there is no such API"
 */
export async function readReferrers(exchange: Exchange, repository: RepositoryName, digest: Digest, signal: AbortSignal): Promise<ReferrersAnswer> {
  const descriptors = new Map<string, Descriptor>();
  const pages = new Set<string>();
  let path: string | URL = `referrers/${digest}`;
  for (;;) {
    const request: RegistryRequest = { repository, method: 'GET', path, headers: { accept: mediaTypes.ociIndex }, redirects: 'same host' };
    const answer = await exchange.send(request, signal);
    const { status, headers } = answer.response;
    if (status !== 200) {
      const failure = await exchange.failure(request, answer);
      if (pages.size > 0) throw registryError(failure);
      if (status === 404 || status === 405 || status === 501) return { kind: 'unsupported', scope: failure.isRegistryAnswer ? 'repository' : 'host' };
      // GHCR at times answers 303 to another host; 400 and 406 come from registries that take the path for something else.
      if (status === 400 || status === 406 || (status >= 300 && status < 400)) return { kind: 'unsupported', scope: 'repository' };
      throw registryError(failure);
    }
    if (!isIndexMediaType(single(headers['content-type']) ?? '')) {
      answer.response.discard();
      if (pages.size > 0) throw new CosignError('REGISTRY_RESPONSE_INVALID', `A page of the referrers of ${canonicalRepository(repository)}@${digest} is no index.`);
      return { kind: 'unsupported', scope: 'repository' };
    }
    const bytes = await readBody(answer.response, maxManifestBytes, `the referrers of ${canonicalRepository(repository)}`);
    for (const descriptor of parseIndex(bytes).manifests) descriptors.set(descriptor.digest, descriptor);
    const next = nextPage(single(headers['link']), answer.url);
    if (!next) return { kind: 'list', descriptors: [...descriptors.values()] };
    if (pages.has(next.href) || pages.size >= maxPages || descriptors.size > maxReferrers) {
      throw new CosignError('COUNT_LIMIT', `The registry lists more referrers of ${canonicalRepository(repository)}@${digest} than are read (${maxReferrers}).`);
    }
    pages.add(next.href);
    path = next;
  }
}

/** `Link: </v2/…>; rel="next"` (RFC 8288), on the same host only. */
function nextPage(link: string | undefined, base: URL): URL | undefined {
  const target = link?.slice(0, 8192).split(',').map((part) => /^\s*<([^>]*)>\s*;.*\brel="?next"?/i.exec(part)?.[1]).find((found) => found !== undefined);
  if (target === undefined) return undefined;
  let url: URL;
  try {
    url = new URL(target, base);
  } catch {
    throw new CosignError('REGISTRY_RESPONSE_INVALID', 'The registry names a next page of referrers that is no URL.');
  }
  if (url.origin === base.origin) return url;
  throw new CosignError('REGISTRY_REDIRECT_REFUSED', `The registry ${base.host} continues its list of referrers on another host.`);
}
