// The smallest honest Transport, over node:http, for testing the registry client without the product's own.
import { request as httpRequest, Agent } from 'node:http';
import { request as httpsRequest, Agent as TlsAgent } from 'node:https';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { HttpRequest, HttpResponse, Transport } from '../../src/core/oci/transport.ts';

export class NodeTransport implements Transport {
  /** Every URL that was asked for, without its query. */
  readonly sent: string[] = [];
  readonly #http = new Agent({ keepAlive: true });
  readonly #https: TlsAgent;

  /** @param ca PEM of a certificate to trust besides the system's */
  constructor(ca?: string) {
    this.#https = new TlsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    signal.throwIfAborted();
    const { url, method, headers, body } = request;
    this.sent.push(`${method} ${url.origin}${url.pathname}`);
    const secure = url.protocol === 'https:';
    return new Promise((resolve, reject) => {
      const outgoing = (secure ? httpsRequest : httpRequest)(url, { method, headers, agent: secure ? this.#https : this.#http, signal });
      outgoing.on('error', (cause: NodeJS.ErrnoException) => {
        reject(signal.aborted ? (signal.reason as Error) : connectionError(cause, url));
      });
      outgoing.on('response', (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: readAll(response, signal, url),
          discard: () => {
            response.on('error', () => undefined);
            response.destroy();
          },
        });
      });
      if (typeof body === 'function') void pipe(body(), outgoing);
      else outgoing.end(body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

async function* readAll(response: AsyncIterable<unknown>, signal: AbortSignal, url: URL): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (cause) {
    signal.throwIfAborted();
    throw connectionError(cause as NodeJS.ErrnoException, url);
  }
}

async function pipe(chunks: AsyncIterable<Uint8Array>, outgoing: { write(chunk: Uint8Array): boolean; end(): void; destroy(error?: Error): void }): Promise<void> {
  try {
    for await (const chunk of chunks) outgoing.write(chunk);
    outgoing.end();
  } catch (error) {
    outgoing.destroy(error as Error);
  }
}

function connectionError(cause: NodeJS.ErrnoException, url: URL): CosignError {
  const tls = cause.code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO|^ERR_TLS|^ERR_SSL|EPROTO/.test(cause.code);
  return new CosignError(tls ? 'REGISTRY_TLS' : 'REGISTRY_UNREACHABLE', said`${url.host}: ${cause.message}`, { cause });
}
