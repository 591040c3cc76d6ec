// Reading a blob of any size in constant memory: hashed on the way, and gone on with where a connection broke.
import { startDigest, type Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said, type Said } from '../said.ts';
import type { Exchange, ExchangeOptions, RegistryAnswer, RegistryRequest, RepositoryName } from './exchange.ts';
import { single } from './headers.ts';
import { canonicalRepository } from './reference.ts';
import { isPlainNotFound, registryError } from './registryError.ts';
import { pauseBeforeRetry } from './retry.ts';

export interface BlobName {
  readonly digest: Digest;
  readonly size: number;
}

const failuresInARow = 3;

/** One blob, to be read from its beginning or from anywhere before the furthest place read so far. */
export class BlobStream {
  readonly #exchange: Exchange;
  readonly #options: Pick<ExchangeOptions, 'clock' | 'random'>;
  readonly #repository: RepositoryName;
  readonly #blob: BlobName;
  readonly #hash = startDigest();
  #hashedBytes = 0;
  /** Of all the bytes, once they were read. */
  #actual: Digest | undefined;

  constructor(exchange: Exchange, options: Pick<ExchangeOptions, 'clock' | 'random'>, repository: RepositoryName, blob: BlobName) {
    this.#exchange = exchange;
    this.#options = options;
    this.#repository = repository;
    this.#blob = blob;
  }

  /**
   * The bytes from `start` up to `end`. Whoever reads to the blob's end gets its last bytes only when all of them are what the digest
   * names; bytes read a second time are not hashed again.
   * @throws {CosignError} `DIGEST_MISMATCH`, `REGISTRY_RESPONSE_INVALID` when it is gone, every `REGISTRY_…` code
   */
  async *read(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    if (start > this.#hashedBytes) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`Of ${this.#name()} a part was asked for before what precedes it: it could not be proven.`);
    let at = start;
    let failures = 0;
    let held: Uint8Array | undefined;
    while (at < end) {
      let answer: RegistryAnswer | undefined;
      try {
        answer = await this.#open(at, end, signal);
        let skip = answer.response.status === 206 ? 0 : at;
        for await (const bytes of answer.response.body) {
          signal.throwIfAborted();
          const chunk = skip === 0 ? bytes : bytes.subarray(Math.min(skip, bytes.byteLength));
          skip -= bytes.byteLength - chunk.byteLength;
          const wanted = chunk.subarray(0, end - at);
          if (wanted.byteLength < chunk.byteLength && end === this.#blob.size) throw this.#mismatch(said`it goes on behind its end`);
          if (wanted.byteLength === 0) continue;
          if (held) yield held;
          this.#hashUpTo(at, wanted);
          at += wanted.byteLength;
          held = wanted;
          failures = 0;
          if (at === end && end < this.#blob.size) break;
        }
        signal.throwIfAborted();
        if (at < end) throw new CosignError('REGISTRY_UNREACHABLE', said`The connection broke while ${this.#name()} was being read.`, { remedy: said`Try again.` });
      } catch (error) {
        signal.throwIfAborted();
        failures++;
        const pauseMs = isTimeout(error) ? 0 : pauseBeforeRetry(error, failures, this.#options.random);
        if (pauseMs === undefined || failures >= failuresInARow) throw error;
        await this.#options.clock.sleep(pauseMs, signal);
      } finally {
        answer?.response.discard();
      }
    }
    this.#prove();
    if (held) yield held;
  }

  #open(at: number, end: number, signal: AbortSignal): Promise<RegistryAnswer> {
    const partly = at > 0 || end < this.#blob.size;
    const request: RegistryRequest = {
      repository: this.#repository, method: 'GET', path: `blobs/${this.#blob.digest}`, ...(partly ? { headers: { range: `bytes=${at}-${end - 1}` } } : {}),
    };
    return this.#exchange.ask(request, async (answer) => {
      const { status, headers } = answer.response;
      if (status === 404) {
        const failure = await this.#exchange.failure(request, answer, signal);
        if (!isPlainNotFound(failure, false)) throw registryError(failure);
        throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The registry lists ${this.#name()}, but does not have it.`, { remedy: said`Push the image again.` });
      }
      if (status !== 200 && status !== 206) throw await this.#exchange.error(request, answer, signal);
      const announced = single(headers['content-length']);
      const expected = status === 206 ? end - at : this.#blob.size;
      const starts = status === 206 ? /^bytes (\d+)-/.exec(single(headers['content-range']) ?? '')?.[1] : undefined;
      const isOther = announced !== undefined && Number(announced) !== expected;
      if (isOther || (status === 206 && Number(starts) !== at)) {
        answer.response.discard();
        throw this.#mismatch(isOther ? said`${expected} bytes were promised, ${Number(announced)} announced` : said`another part of it came than was asked for`);
      }
      return answer;
    }, signal);
  }

  #hashUpTo(at: number, bytes: Uint8Array): void {
    const known = this.#hashedBytes - at;
    if (known >= bytes.byteLength) return;
    this.#hash.update(bytes.subarray(known));
    this.#hashedBytes = at + bytes.byteLength;
  }

  #prove(): void {
    if (this.#hashedBytes < this.#blob.size) return;
    this.#actual ??= this.#hash.finish();
    if (this.#actual !== this.#blob.digest) throw this.#mismatch(said`${this.#actual} came`);
  }

  #mismatch(why: Said): CosignError {
    return new CosignError('DIGEST_MISMATCH', said`The registry sent other bytes for ${this.#name()} than it names: ${why}.`, {
      remedy: said`Do not use this image until the registry, or whatever stands in front of it, is repaired.`,
    });
  }

  #name(): Said {
    return said`the blob ${this.#blob.digest} of ${canonicalRepository(this.#repository)}`;
  }
}

/** Bytes may come slowly for reasons that pass; the next piece gets a time of its own. */
const isTimeout = (error: unknown): boolean => error instanceof CosignError && error.code === 'REGISTRY_TIMEOUT';
