// Where a registry may send a request on to: blobs often lie elsewhere, but nobody may use that to lead us off https or into a private network.
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { maySendTo } from './hosts.ts';
import { single } from './headers.ts';
import type { HttpResponse, RegistryRules } from './transport.ts';

const statuses: readonly number[] = [301, 302, 303, 307, 308];
export const maxRedirects = 5;

/** The `Location` of a redirect, resolved; undefined when the answer is none. @throws {CosignError} `REGISTRY_REDIRECT_REFUSED` for one that is no URL */
export function redirectTarget({ status, headers }: HttpResponse, base: URL): URL | undefined {
  const location = single(headers['location']);
  if (!statuses.includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, base.href)) throw redirectRefused(base, said`it is no URL`);
  return new URL(location, base);
}

/**
 * @param origin the registry that was asked
 * @param from where the last answer came from
 * @throws {CosignError} `REGISTRY_REDIRECT_REFUSED`
 */
export function checkRedirect(next: URL, from: URL, origin: URL, hop: number, rules: RegistryRules): void {
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw redirectRefused(origin, said`it is no http address`);
  if (hop >= maxRedirects) throw redirectRefused(origin, said`it redirects more than ${maxRedirects} times`);
  if (next.protocol === 'http:' && (from.protocol === 'https:' || !rules.allowsPlainHttp(next.host))) throw redirectRefused(origin, said`it is not https`);
  if (next.username !== '' || next.password !== '') throw redirectRefused(origin, said`its URL carries a user name`);
  if (!maySendTo(origin.host, next.host)) throw redirectRefused(origin, said`${next.host} is a private address`);
}

/** @param why the rest of a sentence */
export function redirectRefused(origin: URL, why: Said): CosignError {
  return new CosignError('REGISTRY_REDIRECT_REFUSED', said`The registry ${origin.host} redirects to a place that is refused: ${why}.`, {
    remedy: said`Check that this host really is the registry you mean.`,
  });
}
