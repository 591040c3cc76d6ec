// The referrers API with its pages, and how registries say that they have none (OCI distribution-spec v1.1 §listing referrers).
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { readBody } from './boundedBody.ts';
import type { Exchange, RegistryAnswer, RepositoryName } from './exchange.ts';
import { nextLink, single } from './headers.ts';
import { isIndexMediaType, maxManifestBytes, mediaTypes, parseIndex, type Descriptor } from './manifest.ts';
import { canonicalRepository } from './reference.ts';
import { isPlainNotFound, registryError, type Failure } from './registryError.ts';
import type { HttpResponse } from './transport.ts';

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
    const page: Page = await exchange.ask({ repository, method: 'GET', path, headers: { accept: mediaTypes.ociIndex }, redirects: 'same host' }, (answer) =>
      readPage(exchange, repository, answer, pages.size === 0, signal), signal);
    if (page.kind === 'unsupported') return page;
    for (const descriptor of page.descriptors) descriptors.set(descriptor.digest, descriptor);
    const next: URL | undefined = page.next;
    if (!next) return { kind: 'list', descriptors: [...descriptors.values()] };
    if (pages.has(next.href) || pages.size >= maxPages || descriptors.size > maxReferrers) {
      throw new CosignError('COUNT_LIMIT', `The registry lists more referrers of ${canonicalRepository(repository)}@${digest} than are read (${maxReferrers}).`);
    }
    pages.add(next.href);
    path = next;
  }
}

type Page = Extract<ReferrersAnswer, { kind: 'unsupported' }> | { readonly kind: 'page'; readonly descriptors: readonly Descriptor[]; readonly next: URL | undefined };

async function readPage(exchange: Exchange, repository: RepositoryName, answer: RegistryAnswer, isFirst: boolean, signal: AbortSignal): Promise<Page> {
  const { status, headers } = answer.response;
  if (status !== 200) {
    const failure = await exchange.failure({ repository, method: 'GET', path: '' }, answer, signal);
    const scope = isFirst ? missingApi(failure) : undefined;
    if (scope === undefined) throw registryError(failure);
    return { kind: 'unsupported', scope };
  }
  if (!isIndexMediaType(single(headers['content-type']) ?? '')) {
    answer.response.discard();
    if (!isFirst) throw new CosignError('REGISTRY_RESPONSE_INVALID', `A page of the referrers in ${canonicalRepository(repository)} is no index.`);
    return { kind: 'unsupported', scope: 'repository' };
  }
  const bytes = await readBody(answer.response, maxManifestBytes, `the referrers in ${canonicalRepository(repository)}`, signal);
  return { kind: 'page', descriptors: parseIndex(bytes).manifests, next: nextPage(headers['link'], answer.url) };
}

/** How registries say that they have no such API; undefined when the answer says anything else. */
function missingApi(failure: Failure): 'host' | 'repository' | undefined {
  const { status } = failure;
  // GHCR at times answers 303 to another host; 400 and 406 come from registries that take the path for something else.
  if (status === 400 || status === 406 || status === 501 || (status >= 300 && status < 400)) return 'repository';
  if (status !== 404 && status !== 405) return undefined;
  if (status === 404 && !isPlainNotFound(failure)) return undefined;
  return failure.isRegistryAnswer || failure.isBodyCut ? 'repository' : 'host';
}

/** Pages go on at the same host only: our token would go with them. */
function nextPage(link: HttpResponse['headers'][string], base: URL): URL | undefined {
  const target = nextLink(link);
  if (target === undefined) return undefined;
  if (!URL.canParse(target, base.href)) throw new CosignError('REGISTRY_RESPONSE_INVALID', 'The registry names a next page of referrers that is no URL.');
  const url = new URL(target, base);
  if (url.origin === base.origin) return url;
  throw new CosignError('REGISTRY_REDIRECT_REFUSED', `The registry ${base.host} continues its list of referrers on another host.`);
}
