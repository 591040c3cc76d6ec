// A failed answer of a registry → one error that keeps the registry's own code (OCI distribution-spec v1.1 §error codes).
import { CosignError, type ErrorCode, type ErrorDetails } from '../errors.ts';
import { said, type Said, sequence } from '../said.ts';
import { readJson } from '../encoding/json.ts';
import { parseRateLimit, parseRetryAfter, plainMediaType, single } from './headers.ts';
import type { HttpResponse } from './transport.ts';

const maxErrorBytes = 64 * 1024;

/** Of an account: nobody's. */
export const anonymously = said`anonymously`;

export interface Failure {
  readonly status: number;
  readonly method: string;
  /** `registry/repository`, for the message; never a URL. */
  readonly on: string;
  /** Who asked: {@link anonymously} or `as NAME`. */
  readonly account: Said;
  /** The registry's first error code (`MANIFEST_UNKNOWN`), when it gave one. */
  readonly registryCode?: string;
  readonly registryMessage?: string;
  readonly retryAfterMs?: number;
  /** How many requests the registry says are left of how many, for messages. */
  readonly limit?: Said;
  /** The body is the JSON the specification asks for: the answer comes from a registry, not from some server or router in front. */
  readonly isRegistryAnswer: boolean;
  /** A page for people: of a proxy, a sign-in, a server in front. It says nothing of what a registry has. */
  readonly isWebPage: boolean;
  /** The body could not be read to its end, so that nothing follows from what it does not say. */
  readonly isBodyCut: boolean;
}

/** From the headers of Docker Hub. */
function limitOf(headers: HttpResponse['headers']): Pick<Failure, 'limit'> {
  const [limit, remaining] = [parseRateLimit(single(headers['ratelimit-limit'])), parseRateLimit(single(headers['ratelimit-remaining']))];
  if (!limit || !remaining) return {};
  const { seconds } = limit;
  return { limit: seconds === undefined
    ? said`${remaining.count} of ${limit.count} requests are left`
    : said`${remaining.count} of ${limit.count} requests in ${Math.round(seconds / 360) / 10} h are left` };
}

/** The error for a {@link Failure}, which stays at hand for those who decide about another attempt. */
export class RegistryFailure extends CosignError {
  readonly failure: Failure;

  constructor(code: ErrorCode, message: Said, details: ErrorDetails, failure: Failure) {
    super(code, message, details);
    this.failure = failure;
  }
}

/**
 * Reads what the registry says about its failure, at most 64 KiB, and lets go of the connection.
 * @throws the signal's reason
 */
export async function readFailure(response: HttpResponse, about: Pick<Failure, 'method' | 'on' | 'account'>, nowMs: number, signal: AbortSignal): Promise<Failure> {
  const body = await readErrorBody(response);
  signal.throwIfAborted();
  const errors = body && errorsIn(body);
  const retryAfterMs = parseRetryAfter(single(response.headers['retry-after']), nowMs);
  return {
    ...about, status: response.status, isRegistryAnswer: errors !== undefined, isWebPage: isWebPage(response.headers, body), isBodyCut: body === undefined,
    ...(errors?.[0]?.code === undefined ? {} : { registryCode: errors[0].code }),
    ...(errors?.[0]?.message === undefined ? {} : { registryMessage: errors[0].message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...limitOf(response.headers),
  };
}

/** One sentence and a remedy. @param failure an answer that is no success */
export function registryError(failure: Failure): RegistryFailure {
  const { on, account } = failure;
  const status = meaning(failure);
  const reported = failure.registryCode ?? failure.registryMessage;
  const detail = `HTTP ${failure.status}${reported === undefined ? '' : `, ${clean(reported)}`}`;
  const make = (code: ErrorCode, message: Said, remedy: Said): RegistryFailure => new RegistryFailure(code, message, { remedy }, failure);
  const isWrite = failure.method !== 'GET' && failure.method !== 'HEAD';
  const refusal = isWrite ? writeRefusal(failure) : undefined;
  if (refusal) return new RegistryFailure('REGISTRY_DENIED', said`The registry does not let ${on} be written to ${account}: ${refusal.why} (${detail}).`, { remedy: refusal.remedy, isRemedyExact: true }, failure);
  if (status === 401) {
    return isWrite
      ? make('REGISTRY_UNAUTHORIZED', said`The registry does not let us write to ${on} ${account} (${detail}).`, said`Log in to the registry with docker login, with an account that may push there.`)
      : make('REGISTRY_UNAUTHORIZED', said`The registry does not let us read ${on} ${account} (${detail}).`, said`Log in to the registry with docker login, or check that the image exists.`);
  }
  if (status === 403) return make('REGISTRY_DENIED', said`The registry refuses access to ${on} ${account} (${detail}).`, said`Ask for access to this repository, or log in with another account.`);
  if (status === 429) {
    const wait = failure.retryAfterMs === undefined ? [] : [said`it asks to wait ${Math.ceil(failure.retryAfterMs / 1000)} s`];
    const details = sequence([detail, ...(failure.limit ? [failure.limit] : []), ...wait], '; ');
    return make('REGISTRY_RATE_LIMITED', said`The registry limits the number of requests for ${on} (${details}).`, account === anonymously ? said`Log in with docker login for a higher limit, or verify again later.` : said`Verify again later.`);
  }
  if (status === 412) return make('REGISTRY_CONFLICT', said`Something else was written to ${on} at the same time (${detail}).`, said`Try again.`);
  if (status >= 500 || status === 408) return make('REGISTRY_UNAVAILABLE', said`The registry could not answer for ${on} (${detail}).`, said`Verify again later.`);
  if (failure.isBodyCut) return make('REGISTRY_UNREACHABLE', said`The connection broke while the registry said something of ${on} (${detail}).`, said`Verify again.`);
  if (failure.isWebPage) return make('REGISTRY_RESPONSE_INVALID', said`A web page came in place of an answer for ${on} (${detail}).`, webPageRemedy);
  if (failure.method === 'PUT' && (status === 400 || status === 415)) {
    return make('REGISTRY_REFUSED_MANIFEST', said`The registry refuses what was written to ${on} (${detail}).`, said`Some registries refuse OCI media types: sign in the legacy format, with countersign.signing.dockerMediaTypes turned on.`);
  }
  return make('REGISTRY_RESPONSE_INVALID', said`The registry gave an answer for ${on} that makes no sense here (${detail}).`, said`Check that this host is a container registry.`);
}

/** Why a registry will never take something, as several of them word it: none has a code of its own for these. */
function writeRefusal({ status, registryCode = '', registryMessage = '' }: Failure): { readonly why: Said; readonly remedy: Said } | undefined {
  const words = `${registryCode} ${registryMessage}`;
  if (status === 404 && registryCode === 'NAME_UNKNOWN') return { why: said`it has no such repository, and makes none by itself`, remedy: said`Create the repository, or correct its name.` };
  if (status >= 400 && status < 500 && /immutable|ImageTagAlreadyExists/i.test(words)) return { why: said`its tags cannot be changed once they are there`, remedy: said`Choose another tag, or ask whoever runs the registry.` };
  if (status >= 400 && status < 500 && status !== 429 && /quota|storage limit/i.test(words)) return { why: said`there is no space left for it`, remedy: said`Make room in the registry, or ask for a higher quota.` };
  return undefined;
}

/** The status, or the one that the registry's error code belongs to when it hides that behind "not found". */
function meaning({ status, registryCode }: Failure): number {
  if (status !== 404 && status !== 400) return status;
  return registryCode === undefined ? status : ({ UNAUTHORIZED: 401, DENIED: 403, TOOMANYREQUESTS: 429 }[registryCode] ?? status);
}

/** Whether the registry's code says more than the status: a refusal or a limit. */
export function hidesRefusal(failure: Failure): boolean {
  return meaning(failure) !== failure.status;
}

/** What to do about a page for people where a registry should be. */
export const webPageRemedy = said`Check that this host is a container registry and that no sign-in page or proxy stands in between.`;

/**
 * Whether "not found" is all that this answer says.
 * @param isElsewhere it came from another host, after a redirect: then only a registry's own words count
 */
export function isPlainNotFound(failure: Failure, isElsewhere: boolean): boolean {
  return failure.status === 404 && !hidesRefusal(failure) && !failure.isBodyCut && !failure.isWebPage && (failure.isRegistryAnswer || !isElsewhere);
}

/** By its type, or by how it begins where no type is given. */
function isWebPage(headers: HttpResponse['headers'], body: Uint8Array | undefined): boolean {
  return isWebPageType(headers) || /^[\s\ufeff]*<(?:!doctype\s+html|html)\b/i.test(new TextDecoder().decode(body?.subarray(0, 512)));
}

/** Whether an answer is called a page for people. */
export function isWebPageType(headers: HttpResponse['headers']): boolean {
  return ['text/html', 'application/xhtml+xml'].includes(plainMediaType(single(headers['content-type'])) ?? '');
}

/** @returns undefined when the connection broke */
async function readErrorBody(response: HttpResponse): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      chunks.push(chunk);
      if (size > maxErrorBytes) break;
    }
    return Buffer.concat(chunks);
  } catch {
    // What explains an error may be missing; the status stands.
    return undefined;
  } finally {
    response.discard();
  }
}

function errorsIn(body: Uint8Array): readonly { code?: string; message?: string }[] | undefined {
  let root: unknown;
  try {
    root = readJson(body, { maxBytes: maxErrorBytes, maxDepth: 16 });
  } catch {
    // No JSON: not a registry's own words.
    return undefined;
  }
  if (typeof root !== 'object' || root === null || !('errors' in root) || !Array.isArray(root.errors)) return undefined;
  return root.errors.filter((error): error is Record<string, unknown> => typeof error === 'object' && error !== null)
    .map(({ code, message }) => ({ ...(typeof code === 'string' ? { code } : {}), ...(typeof message === 'string' ? { message } : {}) }));
}

/** The registry's words in our sentence: short and without anything but plain text. */
const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 120).trim();
