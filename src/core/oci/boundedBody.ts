// Reading an HTTP body: never more than a limit, never less than announced, never without letting go of the connection.
import { sizeText } from '../encoding/sizeText.ts';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import { single } from './headers.ts';
import type { HttpResponse } from './transport.ts';

/**
 * @param what for the message: `the manifest of ghcr.io/o/app`
 * @throws {CosignError} `SIZE_LIMIT` as soon as more is announced or arrives, `REGISTRY_UNREACHABLE` when the connection breaks
 * @throws the signal's reason
 */
export async function readBody(response: HttpResponse, limitBytes: number, what: Said, signal: AbortSignal): Promise<Uint8Array> {
  const tooLarge = (): CosignError => new CosignError('SIZE_LIMIT', said`The registry sends more than ${sizeText(limitBytes)} for ${what}; it was not read.`);
  const announced = single(response.headers['content-length']);
  try {
    if (announced !== undefined && Number(announced) > limitBytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      signal.throwIfAborted();
      size += chunk.byteLength;
      if (size > limitBytes) throw tooLarge();
      chunks.push(chunk);
    }
    signal.throwIfAborted();
    // A content coding would make the lengths differ; none is asked for.
    if (announced !== undefined && size < Number(announced) && response.headers['content-encoding'] === undefined) throw cut(what);
    return Buffer.concat(chunks, size);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof CosignError ? error : cut(what, error);
  } finally {
    response.discard();
  }
}

function cut(what: Said, cause?: unknown): CosignError {
  return new CosignError('REGISTRY_UNREACHABLE', said`The connection broke while ${what} was being read.`, { cause, remedy: said`Verify again.` });
}
