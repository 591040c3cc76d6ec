// Reading an HTTP body: never more than a limit, never without letting go of the connection.
import { CosignError } from '../errors.ts';
import { single } from './registryError.ts';
import type { HttpResponse } from './transport.ts';

/**
 * @param what for the message: `the manifest of ghcr.io/o/app`
 * @throws {CosignError} `SIZE_LIMIT` as soon as more is announced or arrives
 */
export async function readBody(response: HttpResponse, limitBytes: number, what: string): Promise<Uint8Array> {
  const tooLarge = (): CosignError => new CosignError('SIZE_LIMIT', `The registry sends more than ${limitBytes} bytes for ${what}; it was not read.`);
  const announced = single(response.headers['content-length']);
  try {
    if (announced !== undefined && Number(announced) > limitBytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      size += chunk.byteLength;
      if (size > limitBytes) throw tooLarge();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  } finally {
    response.discard();
  }
}
