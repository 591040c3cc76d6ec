// A public key from an https address: no credentials, few redirects, few bytes.
import { sizeText } from '../core/encoding/sizeText.ts';
import { CosignError } from '../core/errors.ts';
import { said, type Said } from '../core/said.ts';
import { maySendTo } from '../core/oci/hosts.ts';
import type { HttpResponse, Transport } from '../core/oci/transport.ts';
import { hostPortOf, isLoopback } from './hostNames.ts';

/** Enough for dozens of keys, wherever they come from. */
export const maxKeyBytes = 64 * 1024;
const maxRedirects = 3;

/**
 * An address a key may be read from: https, or http on this machine.
 * @throws {CosignError} `KEY_UNREADABLE`, never quoting a query or a password
 */
export function keyUrl(name: string, text: string, base?: URL): URL {
  let url: URL;
  try {
    url = new URL(text, base);
  } catch {
    throw unreadable(name, said`its address is not a URL`);
  }
  if (url.username !== '' || url.password !== '') throw unreadable(name, said`its address holds a login, and keys are fetched without one`, said`Use an address that needs no login, or save the key as a file.`);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && base?.protocol !== 'https:' && isLoopback(hostPortOf(url).hostname))) return url;
  if (url.protocol !== 'http:') throw unreadable(name, said`it was redirected to "${url.protocol}"`);
  throw unreadable(name, said`"${shown(url)}" is plain http, and anybody on the way could exchange the key`, said`Use https, or save the key as a file.`);
}

/**
 * @throws {CosignError} `KEY_UNREADABLE`
 * @throws the signal's reason
 */
export async function downloadKey(transport: Transport, name: string, from: URL, signal: AbortSignal): Promise<Uint8Array> {
  let url = from;
  for (let redirects = 0; ; redirects++) {
    const response = await send(transport, name, url, from, signal);
    if (response.status === 200) return readBody(response, name, url, signal);
    response.discard();
    const { location } = response.headers;
    if (![301, 302, 303, 307, 308].includes(response.status) || typeof location !== 'string') {
      throw unreadable(name, said`"${shown(url)}" answered ${response.status}`, said`Check the address in countersign.keys.`);
    }
    if (redirects === maxRedirects) throw unreadable(name, said`"${shown(from)}" was redirected more than ${maxRedirects} times`);
    url = keyUrl(name, location, url);
    if (!maySendTo(from.host, url.host)) throw refused(name, from, said`${url.host} is a private address`);
  }
}

async function send(transport: Transport, name: string, url: URL, from: URL, signal: AbortSignal): Promise<HttpResponse> {
  const referral = url.origin === from.origin ? undefined : { from: from.host, refuse: (why: Said) => refused(name, from, why) };
  try {
    return await transport.send({ method: 'GET', url, headers: { accept: '*/*' }, ...(referral ? { referral } : {}) }, signal);
  } catch (error) {
    throw wrapped(error, name, signal);
  }
}

async function readBody(response: HttpResponse, name: string, url: URL, signal: AbortSignal): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > maxKeyBytes) throw unreadable(name, said`"${shown(url)}" holds more than ${sizeText(maxKeyBytes)}`);
      chunks.push(chunk);
    }
  } catch (error) {
    throw wrapped(error, name, signal);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** What the transport says, as a matter of this key. */
function wrapped(error: unknown, name: string, signal: AbortSignal): unknown {
  if (signal.aborted || !(error instanceof CosignError) || error.code === 'KEY_UNREADABLE') return signal.aborted ? signal.reason : error;
  return new CosignError('KEY_UNREADABLE', said`The key "${name}" cannot be read: ${error.said}`, { cause: error, ...(error.remedy === undefined ? {} : { remedy: error.remedy }) });
}

const shown = (url: URL): string => `${url.origin}${url.pathname}`;

function refused(name: string, from: URL, why: Said): CosignError {
  return unreadable(name, said`"${shown(from)}" redirects to a place that is refused: ${why}`);
}

function unreadable(name: string, why: Said, remedy = said`Check the address in countersign.keys.`): CosignError {
  return new CosignError('KEY_UNREADABLE', said`The key "${name}" cannot be read: ${why}.`, { remedy });
}
