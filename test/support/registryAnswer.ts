// Requests and answers of the in-process registry as plain data, so that routes and faults are functions between them.

export interface RegistryRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Empty outside `/v2/<name>/…`. */
  readonly repository: string;
  readonly kind: 'ping' | 'token' | 'manifest' | 'blob' | 'upload' | 'tags' | 'referrers' | 'other';
  /** The last part of the path: tag, digest, upload id. */
  readonly target: string;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A stream is sent chunked; bytes with their length. */
  readonly body?: Uint8Array | string | AsyncIterable<Uint8Array>;
  /** Cuts the connection instead of answering, or after half of the body. */
  readonly cut?: 'before answer' | 'in body';
}

export function json(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** An error as the distribution specification words it. */
export function failure(status: number, code: string, headers: Readonly<Record<string, string>> = {}): Answer {
  return json(status, { errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] }, headers);
}

export function parseRequest(method: string, target: string, headers: Readonly<Record<string, string | undefined>>, body: Uint8Array): RegistryRequest {
  const url = new URL(target, 'http://registry.invalid');
  const base = { method, path: url.pathname, query: url.searchParams, headers, body };
  if (url.pathname === '/v2/' || url.pathname === '/v2') return { ...base, kind: 'ping', repository: '', target: '' };
  if (url.pathname === '/token') return { ...base, kind: 'token', repository: '', target: '' };
  const found = /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs|tags|referrers)\/([^/]*)$/.exec(decodeURIComponent(url.pathname));
  if (!found) return { ...base, kind: 'other', repository: '', target: '' };
  const [, repository = '', route = '', last = ''] = found;
  const kinds: Readonly<Record<string, RegistryRequest['kind']>> = { manifests: 'manifest', 'blobs/uploads': 'upload', blobs: 'blob', tags: 'tags', referrers: 'referrers' };
  return { ...base, kind: kinds[route] ?? 'other', repository, target: last };
}
