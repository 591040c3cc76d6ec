// A failed answer of a registry → one error that keeps the registry's own code (OCI distribution-spec v1.1 §error codes).
import { CosignError, type ErrorCode } from '../errors.ts';
import { readJson } from '../encoding/json.ts';
import type { HttpResponse } from './transport.ts';

const maxErrorBytes = 64 * 1024;

export interface Failure {
  readonly status: number;
  readonly method: string;
  /** `registry/repository`, for the message; never a URL. */
  readonly on: string;
  /** Who asked: `anonymously` or `as NAME`. */
  readonly account: string;
  /** The registry's first error code (`MANIFEST_UNKNOWN`), when it gave one. */
  readonly registryCode?: string;
  readonly registryMessage?: string;
  readonly retryAfterMs?: number;
  /** The body was the JSON the specification asks for: the answer comes from a registry, not from some server in front. */
  readonly isRegistryAnswer: boolean;
}

/** Reads what the registry says about its failure, at most 64 KiB, and lets go of the connection. */
export async function readFailure(response: HttpResponse, about: Pick<Failure, 'method' | 'on' | 'account'>, nowMs: number): Promise<Failure> {
  const errors = await readErrors(response);
  const retryAfterMs = parseRetryAfter(single(response.headers['retry-after']), nowMs);
  return {
    ...about, status: response.status, isRegistryAnswer: errors !== undefined,
    ...(errors?.[0]?.code === undefined ? {} : { registryCode: errors[0].code }),
    ...(errors?.[0]?.message === undefined ? {} : { registryMessage: errors[0].message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** One sentence and a remedy. @param failure an answer that is no success */
export function registryError(failure: Failure): CosignError {
  const { status, on, account } = failure;
  const said = failure.registryCode ?? failure.registryMessage;
  const detail = `HTTP ${status}${said === undefined ? '' : `, ${clean(said)}`}`;
  const make = (code: ErrorCode, message: string, remedy: string): CosignError => new CosignError(code, message, { remedy });
  if (status === 401) return make('REGISTRY_UNAUTHORIZED', `The registry does not let us read ${on} ${account} (${detail}).`, 'Log in to the registry with docker login, or check that the image exists.');
  if (status === 403) return make('REGISTRY_DENIED', `The registry refuses access to ${on} ${account} (${detail}).`, 'Ask for access to this repository, or log in with another account.');
  if (status === 429) {
    const wait = failure.retryAfterMs === undefined ? '' : `; it asks to wait ${Math.ceil(failure.retryAfterMs / 1000)} s`;
    return make('REGISTRY_RATE_LIMITED', `The registry limits the number of requests for ${on} (${detail}${wait}).`, account === 'anonymously' ? 'Log in with docker login for a higher limit, or verify again later.' : 'Verify again later.');
  }
  if (status === 412) return make('REGISTRY_CONFLICT', `Something else was written to ${on} at the same time (${detail}).`, 'Try again.');
  if (status >= 500 || status === 408) return make('REGISTRY_UNAVAILABLE', `The registry could not answer for ${on} (${detail}).`, 'Verify again later.');
  if (failure.method === 'PUT' && (status === 400 || status === 415)) {
    return make('REGISTRY_REFUSED_MANIFEST', `The registry refuses what was written to ${on} (${detail}).`, 'Some registries refuse OCI media types: try the Docker media types.');
  }
  return make('REGISTRY_RESPONSE_INVALID', `The registry gave an answer for ${on} that makes no sense here (${detail}).`, 'Check that this host is a container registry.');
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3) → milliseconds from now, never negative. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d{1,9}$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

export const single = (value: string | readonly string[] | undefined): string | undefined => (typeof value === 'string' ? value : value?.[0]);

async function readErrors(response: HttpResponse): Promise<readonly { code?: string; message?: string }[] | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > maxErrorBytes) break;
      chunks.push(chunk);
    }
    const root = readJson(Buffer.concat(chunks), { maxBytes: maxErrorBytes, maxDepth: 16 });
    if (typeof root !== 'object' || root === null || !('errors' in root) || !Array.isArray(root.errors)) return undefined;
    return root.errors.filter((error): error is Record<string, unknown> => typeof error === 'object' && error !== null)
      .map(({ code, message }) => ({ ...(typeof code === 'string' ? { code } : {}), ...(typeof message === 'string' ? { message } : {}) }));
  } catch {
    // An error body that cannot be read explains nothing; the status stands.
    return undefined;
  } finally {
    response.discard();
  }
}

/** The registry's words in our sentence: short and without anything but plain text. */
const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 120).trim();
