// One request to an API server: login and certificates by the client library; bounded and timed by us; redirects are not followed.
import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { sizeText } from '../../core/encoding/sizeText.ts';
import { CosignError } from '../../core/errors.ts';
import { said } from '../../core/said.ts';
import { noLogin, refusal, unreachable, type ApiCall } from './apiFailure.ts';
import type { ClusterLogin } from './kubeConfig.ts';

export interface ApiRequest {
  readonly call: ApiCall;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Behind the server's address; encoded. */
  readonly path: string;
  readonly accept?: string;
  readonly body?: unknown;
  readonly maxBytes: number;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/**
 * @returns any answer below 400, and 404
 * @throws {CosignError} `KUBERNETES_…`, `SIZE_LIMIT`; the signal's reason when it was aborted
 */
export async function askServer(login: ClusterLogin, timeoutMs: number, request: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  signal.throwIfAborted();
  const { call } = request;
  const server = new URL(login.cluster.server);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const headers: OutgoingHttpHeaders = {};
  const options: RequestOptions = { headers };
  try {
    // A login program cannot be stopped, but nobody has to wait for it.
    await until(login.config.applyToHTTPSOptions(options), deadline);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) throw unreachable(call, server.host, undefined, said`the login took too long`);
    throw noLogin(call, error);
  }
  let answer: ApiAnswer;
  try {
    answer = await send(server, options, headers, request, deadline);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CosignError) throw error;
    throw deadline.aborted ? unreachable(call, server.host, error, said`no answer within ${timeoutMs / 1000} s`) : unreachable(call, server.host, error);
  } finally {
    const { agent } = options;
    if (typeof agent === 'object') agent.destroy();
  }
  if (answer.status < 300 || (answer.status === 404 && call.verb !== 'create')) return answer;
  throw refusal(call, answer.status, messageIn(answer.body));
}

function send(server: URL, options: RequestOptions, login: OutgoingHttpHeaders, { method, path, accept = 'application/json', body, maxBytes, call }: ApiRequest, signal: AbortSignal): Promise<ApiAnswer> {
  const content = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const send = server.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const outgoing = send(new URL(`${server.href.replace(/\/$/, '')}${path}`), {
      ...options, method, signal,
      headers: { ...login, accept, 'user-agent': 'countersign', ...(content === undefined ? {} : { 'content-type': 'application/json', 'content-length': content.length }) },
    }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxBytes) {
          outgoing.destroy(new CosignError('SIZE_LIMIT', said`The API server of context "${call.context}" sent more than ${sizeText(maxBytes)}.`));
          return;
        }
        chunks.push(chunk);
      });
      response.on('error', reject);
      response.on('end', () => { resolve({ status: response.statusCode ?? 0, body: new Uint8Array(Buffer.concat(chunks)) }); });
      response.on('close', () => { if (!response.complete) reject(unreachable(call, server.host, undefined, said`the connection ended in the middle of an answer`)); });
    });
    outgoing.on('error', reject);
    outgoing.end(content);
  });
}

function until<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => { reject(signal.reason as Error); };
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => { signal.removeEventListener('abort', stop); });
  });
}

/** Of the Status object an API server answers with (Kubernetes API conventions, "Response Status Kind"). */
function messageIn(body: Uint8Array): string {
  try {
    const status: unknown = JSON.parse(new TextDecoder().decode(body.subarray(0, 64 * 1024)));
    return typeof status === 'object' && status !== null && 'message' in status && typeof status.message === 'string' ? status.message : '';
  } catch {
    return '';
  }
}
