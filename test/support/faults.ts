// Everything that goes wrong with real registries, ready to be given to `registry.intercept`.
import { setTimeout as sleep } from 'node:timers/promises';
import { failure, type Answer, type RegistryRequest } from './registryAnswer.ts';
import type { Fault } from './registry.ts';
import { sha256, types } from './registryStore.ts';

/** Only requests that fit: `GET manifest`, `blob`, `HEAD`; every word must be the method, the kind or the last part of the path. */
export function on(words: string, fault: Fault): Fault {
  return (request, ordinary) => (fits(request, words) ? fault(request, ordinary) : undefined);
}

/** Only the first `count` times. */
export function times(count: number, fault: Fault): Fault {
  let left = count;
  return (request, ordinary) => (left-- > 0 ? fault(request, ordinary) : undefined);
}

/** The first fault that has an answer. */
export function either(...faults: readonly Fault[]): Fault {
  return (request, ordinary) => {
    for (const fault of faults) {
      const answer = fault(request, ordinary);
      if (answer) return answer;
    }
    return undefined;
  };
}

/** Any status, with the JSON body of the specification. */
export const status = (code: number, error = 'UNKNOWN', headers: Readonly<Record<string, string>> = {}): Fault => () => failure(code, error, headers);

/** A server that is no registry: `200` and a web page. */
export const webPage = (code = 200): Fault => () => ({ status: code, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<!doctype html><title>Sign in to the network</title>' });

/** Asks for a login whatever it is sent. @param challenge the whole header */
export const unauthorizedForever = (challenge: string): Fault => () => failure(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });

/** @param retryAfter the header: seconds or a date */
export const tooManyRequests = (retryAfter?: string): Fault => () => failure(429, 'TOOMANYREQUESTS', retryAfter === undefined ? {} : { 'retry-after': retryAfter });

export const redirect = (location: string, code = 307): Fault => () => ({ status: code, headers: { location } });

/** Redirects each request to the one before's target for ever. */
export const redirectLoop: Fault = ({ path }) => ({ status: 307, headers: { location: path } });

/** The connection ends before any answer. */
export const cutConnection: Fault = () => ({ status: 0, cut: 'before answer' });

/** The connection ends after half of the body. */
export const cutBody: Fault = (_request, ordinary) => ({ ...ordinary(), cut: 'in body' });

/** A shorter body, with a length that agrees. */
export const shortBody: Fault = change((answer) => ({ ...answer, body: bytesOf(answer).subarray(0, -1) }));

/** One bit differs from what the digest promises. */
export const tamperedBody: Fault = change((answer) => {
  const bytes = Uint8Array.from(bytesOf(answer));
  bytes.set([(bytes[0] ?? 0) ^ 1], 0);
  return { ...answer, body: bytes };
});

export const lyingDigestHeader: Fault = change((answer) => ({ ...answer, headers: { ...answer.headers, 'docker-content-digest': sha256('something else') } }));
export const malformedDigestHeader: Fault = change((answer) => ({ ...answer, headers: { ...answer.headers, 'docker-content-digest': 'sha256:xyz' } }));
export const missingDigestHeader: Fault = change((answer) => ({ ...answer, headers: without(answer, 'docker-content-digest') }));

export const contentType = (type: string): Fault => change((answer) => ({ ...answer, headers: { ...answer.headers, 'content-type': type } }));

/** Bytes without end and without a length. */
export const endlessBody: Fault = change((answer) => ({ ...answer, body: zeros() }));

/** A byte every so often. */
export const slowBody = (everyMs: number): Fault => change((answer) => ({ ...answer, body: drip(bytesOf(answer), everyMs) }));

/** Never answers. */
export const silence: Fault = () => new Promise<Answer>(() => undefined);

/** Referrers whose every page names a next one, each with one new descriptor. */
export function endlessPages(): Fault {
  let page = 0;
  return on('referrers', ({ path }) => ({
    status: 200,
    headers: { 'content-type': types.index, link: `<${path}?last=${++page}>; rel="next"` },
    body: JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [{ mediaType: types.manifest, digest: sha256(`page ${page}`), size: 2 }] }),
  }));
}

/** Referrers whose next page is the page itself. */
export const pageLoop: Fault = on('referrers', ({ path }) => ({
  status: 200,
  headers: { 'content-type': types.index, link: `<${path}?last=1>; rel="next"` },
  body: JSON.stringify({ schemaVersion: 2, mediaType: types.index, manifests: [] }),
}));

/** Applies to successful answers only, so that a login still works. */
function change(alter: (answer: Answer) => Answer): Fault {
  return (_request, ordinary) => {
    const answer = ordinary();
    return answer.status === 200 ? alter(answer) : answer;
  };
}

function fits({ method, kind, target, repository }: RegistryRequest, words: string): boolean {
  return words.split(' ').every((word) => [method, kind, target, repository].includes(word));
}

function bytesOf({ body = '' }: Answer): Buffer {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body);
  throw new Error('This fault changes answers with a body of known length only.');
}

function without({ headers = {} }: Answer, name: string): Record<string, string | readonly string[]> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

async function* zeros(): AsyncIterable<Uint8Array> {
  for (;;) {
    yield new Uint8Array(64 * 1024);
    await sleep(0);
  }
}

async function* drip(bytes: Uint8Array, everyMs: number): AsyncIterable<Uint8Array> {
  for (const byte of bytes) {
    await sleep(everyMs);
    yield Uint8Array.of(byte);
  }
}
