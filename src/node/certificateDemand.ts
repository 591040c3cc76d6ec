// Servers that end TLS first and ask for a client certificate afterwards, in the words of their error page.
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import { plainMediaType, single } from '../core/oci/headers.ts';
import type { HttpRequest, HttpResponse } from '../core/oci/transport.ts';
import type { ClientState } from './hostTrust.ts';
import { clientCertificateRefused } from './requestFailure.ts';

/** nginx answers 400 for what it calls 495 and 496 itself; Apache answers 403. */
const statuses: readonly number[] = [400, 403, 495, 496];
/** Such pages are short. */
const maxPageBytes = 16 * 1024;

/**
 * Reads what may be such a page, and gives everything else back as it came.
 * @throws {CosignError} `CLIENT_CERTIFICATE_REQUIRED`
 */
export async function withoutDemand(response: HttpResponse, { url, method }: Pick<HttpRequest, 'url' | 'method'>, client: ClientState): Promise<HttpResponse> {
  const { status, headers } = response;
  if (url.protocol !== 'https:' || method === 'HEAD' || !statuses.includes(status) || plainMediaType(single(headers['content-type'])) !== 'text/html') return response;
  const chunks: Uint8Array[] = [];
  let broken: { readonly error: unknown } | undefined;
  try {
    let size = 0;
    for await (const chunk of response.body) {
      chunks.push(chunk);
      if ((size += chunk.byteLength) > maxPageBytes) break;
    }
  } catch (error) {
    broken = { error };
  }
  const demand = demandIn(Buffer.concat(chunks).toString('latin1'), url.host, client);
  if (demand) {
    response.discard();
    throw demand;
  }
  return { status, headers, discard: () => { response.discard(); }, body: again(chunks, broken) };
}

function demandIn(page: string, host: string, client: ClientState): CosignError | undefined {
  if (/<title>\s*4\d\d No required SSL certificate was sent\s*<\/title>/i.test(page)) return clientCertificateRefused(host, client, 'does not take');
  if (/<title>\s*4\d\d The SSL certificate error\s*<\/title>/i.test(page)) return clientCertificateRefused(host, client, 'refuses');
  if (!page.includes('Cannot perform Post-Handshake Authentication')) return undefined;
  return new CosignError('CLIENT_CERTIFICATE_REQUIRED', said`"${host}" asks for a client certificate only once the connection is made, and none can be sent then.`, {
    remedy: said`Ask whoever runs the registry to let its server ask for the certificate in the handshake, for the whole host.`, setting: false,
  });
}

async function* again(chunks: readonly Uint8Array[], broken: { readonly error: unknown } | undefined): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield await Promise.resolve(chunk);
  if (broken) throw broken.error;
}
