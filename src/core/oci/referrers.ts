// The referrers API with its pages, and how registries say that they have none (OCI distribution-spec v1.1 §listing referrers).
import type { Digest } from '../crypto/digest.ts';
import { readJson } from '../encoding/json.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { readBody } from './boundedBody.ts';
import type { Exchange, RegistryAnswer, RepositoryName } from './exchange.ts';
import { nextLink, plainMediaType, single } from './headers.ts';
import { isIndexMediaType, maxManifestBytes, mediaTypes, parseMixedIndex, type Descriptor } from './manifest.ts';
import { canonicalRepository } from './reference.ts';
import { hidesRefusal, registryError, webPageRemedy, type Failure } from './registryError.ts';
import type { HttpResponse } from './transport.ts';

export type ReferrersAnswer =
  /** `otherDigests`: listed by digests of another algorithm than sha256; never empty. */
  | { readonly kind: 'list'; readonly descriptors: readonly Descriptor[]; readonly otherDigests?: readonly string[] }
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
  const otherDigests = new Set<string>();
  const pages = new Set<string>();
  let path: string | URL = `referrers/${digest}`;
  for (;;) {
    const page: Page = await exchange.ask({ repository, method: 'GET', path, headers: { accept: mediaTypes.ociIndex }, redirects: 'same host' }, (answer) =>
      readPage(exchange, repository, answer, pages.size === 0, signal), signal);
    if (page.kind === 'unsupported') return page;
    for (const descriptor of page.descriptors) descriptors.set(descriptor.digest, descriptor);
    for (const digest of page.otherDigests) otherDigests.add(digest);
    const next: URL | undefined = page.next;
    if (!next) return { kind: 'list', descriptors: [...descriptors.values()], ...(otherDigests.size > 0 ? { otherDigests: [...otherDigests] } : {}) };
    if (pages.has(next.href) || pages.size >= maxPages || descriptors.size + otherDigests.size > maxReferrers) {
      throw new CosignError('COUNT_LIMIT', said`The registry lists more referrers of ${canonicalRepository(repository)}@${digest} than are read (${maxReferrers}).`);
    }
    pages.add(next.href);
    path = next;
  }
}

/** Why a referrer is not read that is listed by a digest of another algorithm than sha256. */
export function unreadableReferrer(digest: string): CosignError {
  return new CosignError('MANIFEST_INVALID', said`The registry lists the referrer ${digest}: only what has a sha256 digest is read.`);
}

type Page = Extract<ReferrersAnswer, { kind: 'unsupported' }> | { readonly kind: 'page'; readonly descriptors: readonly Descriptor[]; readonly otherDigests: readonly string[]; readonly next: URL | undefined };

async function readPage(exchange: Exchange, repository: RepositoryName, answer: RegistryAnswer, isFirst: boolean, signal: AbortSignal): Promise<Page> {
  const { status, headers } = answer.response;
  if (status !== 200) {
    const failure = await exchange.failure({ repository, method: 'GET', path: '' }, answer, signal);
    const scope = isFirst ? missingApi(failure) : undefined;
    if (scope === undefined) throw registryError(failure);
    return { kind: 'unsupported', scope };
  }
  const type = plainMediaType(single(headers['content-type'])) ?? '';
  // Harbor until 2.10 calls its list plain JSON.
  if (!isIndexMediaType(type) && type !== 'application/json') {
    const { isWebPage, isBodyCut } = await exchange.failure({ repository, method: 'GET', path: '' }, answer, signal);
    if (!isFirst) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`A page of the referrers in ${canonicalRepository(repository)} is no index.`);
    // A sign-in page or a user interface knows nothing of signatures, whatever its status.
    if (isWebPage) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`A web page came in place of the referrers in ${canonicalRepository(repository)}.`, { remedy: webPageRemedy });
    if (isBodyCut) throw new CosignError('REGISTRY_UNREACHABLE', said`The connection broke while the referrers in ${canonicalRepository(repository)} were being read.`, { remedy: said`Verify again.` });
    return { kind: 'unsupported', scope: 'repository' };
  }
  const bytes = await readBody(answer.response, maxManifestBytes, said`the referrers in ${canonicalRepository(repository)}`, signal);
  if (isFirst && type === 'application/json' && !looksLikeList(bytes)) return { kind: 'unsupported', scope: 'repository' };
  const { manifests, otherDigests } = parseMixedIndex(bytes);
  return { kind: 'page', descriptors: manifests, otherDigests, next: nextPage(headers['link'], answer.url) };
}

/** Whether JSON that is called no more than that means to be a list; what is broken then is an error and not "no such API". */
function looksLikeList(bytes: Uint8Array): boolean {
  const root = readJson(bytes, { maxBytes: maxManifestBytes, maxDepth: 32 });
  return typeof root === 'object' && root !== null && 'manifests' in root;
}

/** How registries say that they have no such API; undefined when the answer says anything else. */
function missingApi(failure: Failure): 'host' | 'repository' | undefined {
  const { status, isRegistryAnswer, isWebPage } = failure;
  // GHCR at times answers 303 to another host.
  if (status >= 300 && status < 400) return 'repository';
  // What was cut off may have been a refusal, and so may a "not found" that hides one.
  if (failure.isBodyCut || hidesRefusal(failure)) return undefined;
  switch (status) {
    // Artifactory before 7.90, in whatever words.
    case 406: return 'repository';
    // Routers that do not know the path have pages for it.
    case 404: return isRegistryAnswer ? 'repository' : 'host';
    case 405: return isRegistryAnswer ? 'repository' : isWebPage ? undefined : 'host';
    case 501: return isWebPage ? undefined : 'repository';
    // From registries that take the path for something else. Of others it may mean anything: a certificate that is missing, a header that is too long.
    case 400: return isRegistryAnswer ? 'repository' : undefined;
    default: return undefined;
  }
}

/** Pages go on at the same host only: our token would go with them. */
function nextPage(link: HttpResponse['headers'][string], base: URL): URL | undefined {
  const target = nextLink(link);
  if (target === undefined) return undefined;
  if (!URL.canParse(target, base.href)) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The registry names a next page of referrers that is no URL.`);
  const url = new URL(target, base);
  if (url.origin === base.origin) return url;
  throw new CosignError('REGISTRY_REDIRECT_REFUSED', said`The registry ${base.host} continues its list of referrers on another host.`);
}
