// Writing a blob of any size from a stream: mounted from a neighbour, in one piece, or in chunks; gone on with where a connection broke
// (OCI distribution-spec v1.1 §pushing blobs).
import type { Digest } from '../crypto/digest.ts';
import { CosignError } from '../errors.ts';
import { said } from '../said.ts';
import { isConnectionFailure } from './connectionFailure.ts';
import type { Exchange, ExchangeOptions, RegistryAnswer, RegistryRequest, RepositoryName } from './exchange.ts';
import { single } from './headers.ts';
import { RegistryFailure } from './registryError.ts';
import { pauseBeforeRetry } from './retry.ts';
import type { HttpRequest } from './transport.ts';
import { hasBlob, uploadUrl, withDigest } from './upload.ts';

export interface BlobTransfer {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly size: number;
  /** Reads the content from `start` up to `end`; may be asked for the same bytes again. */
  readonly read: (start: number, end: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  /** Called as bytes go out, with how many of the blob have; goes back where some must be sent again. */
  readonly onSent: (bytes: number) => void;
}

/** Where an upload goes on. */
interface Session {
  readonly url: URL;
  /** How many bytes the registry has. */
  readonly offset: number;
  /** `OCI-Chunk-Min-Length`. */
  readonly minChunkBytes: number;
}

const failuresInARow = 4;
/** For registries, or what stands in front of them, that refuse larger bodies. */
const chunkBytes = 16 * 1024 * 1024;
const smallestChunkBytes = 256 * 1024;
/** Between looks at what a registry is still storing when its answer did not come in time, in milliseconds. */
const storingPausesMs: readonly number[] = [1000, 2000, 4000, 8000, 16_000];
/** A registry moves what it got to where it keeps it, and reads it once more for that. */
const storingBytesPerMs = 10_000;
const leastStoringMs = 60_000;

/**
 * Asks the registry to take a blob over from another of its repositories.
 * @returns false when it would rather get the bytes
 */
export async function mountBlob(exchange: Exchange, repository: RepositoryName, digest: Digest, from: string, signal: AbortSignal): Promise<boolean> {
  const request: RegistryRequest = {
    repository, method: 'POST', path: `blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`,
    actions: 'pull,push', alsoPull: from, repeatable: true, headers: { 'content-length': '0' },
  };
  try {
    return await exchange.ask(request, async (answer) => {
      const { status, headers } = answer.response;
      if (status !== 201 && status !== 202) throw await exchange.error(request, answer, signal);
      answer.response.discard();
      if (status === 202) await cancel(exchange, repository, single(headers['location']), answer.url, signal);
      return status === 201;
    }, signal);
  } catch (error) {
    signal.throwIfAborted();
    // A login that may not read the neighbour, or a registry that does not know mounting, may still take the bytes.
    if (error instanceof RegistryFailure && error.failure.status < 500 && error.failure.status !== 429) return false;
    throw error;
  }
}

/** Sends a blob that is not there yet. @throws what `read` throws; {CosignError} every `REGISTRY_…` code */
export function sendBlob(exchange: Exchange, options: Pick<ExchangeOptions, 'clock' | 'random'>, transfer: BlobTransfer, signal: AbortSignal): Promise<void> {
  return new Upload(exchange, options, transfer).run(signal);
}

class Upload {
  readonly #exchange: Exchange;
  readonly #options: Pick<ExchangeOptions, 'clock' | 'random'>;
  readonly #transfer: BlobTransfer;
  /** Undefined: all in one piece. */
  #chunkBytes: number | undefined;
  /** What reading threw: it says more than the request that died of it. */
  #readFailure: { readonly error: unknown } | undefined;
  /** How many bytes were handed over for the session that goes on. */
  #sent = 0;

  constructor(exchange: Exchange, options: Pick<ExchangeOptions, 'clock' | 'random'>, transfer: BlobTransfer) {
    this.#exchange = exchange;
    this.#options = options;
    this.#transfer = transfer;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { size } = this.#transfer;
    let session: Session | undefined;
    let [failures, furthest] = [0, 0];
    for (;;) {
      try {
        session ??= await this.#start(signal);
        const isWhole = this.#chunkBytes === undefined;
        while (!isWhole && session.offset < size) session = await this.#patch(session, signal);
        await this.#finish(session, isWhole ? 0 : size, size, signal);
        return;
      } catch (error) {
        signal.throwIfAborted();
        if (this.#readFailure) throw this.#readFailure.error;
        if (session && isAnswerLate(error) && this.#sent === size && await this.#arrives(signal)) return;
        if (!isTooLarge(error)) failures++;
        const pauseMs = this.#pause(error, failures);
        if (pauseMs === undefined || failures >= failuresInARow) throw error;
        await this.#options.clock.sleep(pauseMs, signal);
        const { repository, digest } = this.#transfer;
        const known: Session | undefined = session && !isTooLarge(error) ? await this.#status(session, signal) : undefined;
        // The answer may be all that was lost.
        if (!known && await hasBlob(this.#exchange, repository, digest, 'pull,push', signal)) return;
        session = known;
        if (known && known.offset > furthest) [failures, furthest] = [0, known.offset];
        if (known) this.#chunkBytes ??= size;
        // A body that is too large is at times refused by cutting the connection.
        else if (failures > 1 && isConnectionFailure(error)) this.#chunkBytes = this.#smaller() ?? this.#chunkBytes;
      }
    }
  }

  /** @returns undefined when nothing can be made good by going on or beginning again */
  #pause(error: unknown, failures: number): number | undefined {
    if (isTooLarge(error)) {
      this.#chunkBytes = this.#smaller();
      return this.#chunkBytes === undefined ? undefined : 0;
    }
    // A session that another of the registry's machines does not know, or knows differently.
    if (error instanceof RegistryFailure && [404, 416].includes(error.failure.status)) return 0;
    if (error instanceof CosignError && error.code === 'REGISTRY_TIMEOUT') return 1000;
    return pauseBeforeRetry(error, Math.min(failures, 3), this.#options.random);
  }

  /** The next smaller size of chunks that makes more than one of the blob. */
  #smaller(): number | undefined {
    let bytes = this.#chunkBytes === undefined ? chunkBytes : this.#chunkBytes / 4;
    while (bytes >= this.#transfer.size) bytes /= 4;
    return bytes < smallestChunkBytes ? undefined : bytes;
  }

  /** Whether a registry that got everything, and was too slow to say so, comes to have the blob. */
  async #arrives(signal: AbortSignal): Promise<boolean> {
    const { repository, digest } = this.#transfer;
    for (const pauseMs of storingPausesMs) {
      await this.#options.clock.sleep(pauseMs, signal);
      if (await hasBlob(this.#exchange, repository, digest, 'pull,push', signal)) return true;
    }
    return false;
  }

  #start(signal: AbortSignal): Promise<Session> {
    this.#sent = 0;
    const request: RegistryRequest = { repository: this.#transfer.repository, method: 'POST', path: 'blobs/uploads/', actions: 'pull,push', headers: { 'content-length': '0' } };
    return this.#exchange.ask(request, async (answer) => {
      if (answer.response.status !== 202) throw await this.#exchange.error(request, answer, signal);
      answer.response.discard();
      return { url: this.#location(answer), offset: 0, minChunkBytes: positive(single(answer.response.headers['oci-chunk-min-length'])) };
    }, signal);
  }

  async #patch(session: Session, signal: AbortSignal): Promise<Session> {
    const { size, repository } = this.#transfer;
    const start = session.offset;
    const end = Math.min(size, start + Math.max(this.#chunkBytes ?? size, session.minChunkBytes));
    const headers = { 'content-type': 'application/octet-stream', 'content-range': `${start}-${end - 1}`, 'content-length': String(end - start) };
    return this.#ask({ repository, method: 'PATCH', path: session.url, headers }, [start, end], async (answer, request) => {
      if (answer.response.status !== 202 && answer.response.status !== 204) throw await this.#exchange.error(request, answer, signal);
      answer.response.discard();
      const offset = this.#received(answer, end) ?? end;
      if (offset <= start) throw new CosignError('REGISTRY_RESPONSE_INVALID', said`The registry takes the bytes of ${this.#transfer.digest} and does not keep them.`);
      return { ...session, url: this.#location(answer), offset };
    }, signal);
  }

  /** The last request, with what is still to be sent. */
  async #finish(session: Session, start: number, end: number, signal: AbortSignal): Promise<void> {
    const { repository, digest } = this.#transfer;
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(end - start) };
    const answerWithinMs = Math.max(leastStoringMs, this.#transfer.size / storingBytesPerMs);
    await this.#ask({ repository, method: 'PUT', path: withDigest(session.url, digest), headers, answerWithinMs }, [start, end], async (answer, request) => {
      if (answer.response.status !== 201 && answer.response.status !== 204) throw await this.#exchange.error(request, answer, signal);
      answer.response.discard();
    }, signal);
  }

  /** How far the registry has come; undefined when it does not know, or has nothing yet. */
  async #status(session: Session, signal: AbortSignal): Promise<Session | undefined> {
    const request: RegistryRequest = { repository: this.#transfer.repository, method: 'GET', path: session.url, actions: 'pull,push', redirects: 'same host' };
    try {
      return await this.#exchange.ask(request, (answer) => {
        answer.response.discard();
        const offset = answer.response.status === 204 || answer.response.status === 202 ? this.#received(answer, this.#sent) : undefined;
        const hasLocation = answer.response.headers['location'] !== undefined;
        return Promise.resolve(offset === undefined || offset <= 1 ? undefined : { ...session, offset, url: hasLocation ? this.#location(answer) : session.url });
      }, signal);
    } catch (error) {
      signal.throwIfAborted();
      // Not every registry answers this question: then the blob begins again.
      if (error instanceof CosignError) return undefined;
      throw error;
    }
  }

  /** Sends the bytes of a range as the body; what was begun to be read is let go of whatever happens. */
  async #ask<T>(request: RegistryRequest, [start, end]: readonly [number, number], use: (answer: RegistryAnswer, request: RegistryRequest) => Promise<T>, signal: AbortSignal): Promise<T> {
    const reading = new AbortController();
    const stop = (): void => { reading.abort(signal.reason); };
    signal.addEventListener('abort', stop, { once: true });
    const body: HttpRequest['body'] = end === start ? new Uint8Array() : () => this.#body(start, end, reading.signal);
    try {
      return await this.#exchange.ask({ ...request, actions: 'pull,push', repeatable: false, body }, (answer) => use(answer, request), signal);
    } finally {
      signal.removeEventListener('abort', stop);
      reading.abort(new CosignError('REGISTRY_UNREACHABLE', said`The upload has ended.`));
    }
  }

  async *#body(start: number, end: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    let at = start;
    try {
      for await (const bytes of this.#transfer.read(start, end, signal)) {
        this.#sent = Math.max(this.#sent, at + bytes.byteLength);
        yield bytes;
        at += bytes.byteLength;
        this.#transfer.onSent(at);
      }
    } catch (error) {
      if (!signal.aborted) this.#readFailure = { error };
      throw error;
    }
  }

  #location(answer: RegistryAnswer): URL {
    return uploadUrl(single(answer.response.headers['location']), answer.url, this.#transfer.repository);
  }

  /** `Range: 0-N`: the last byte that the registry has; undefined when it says nothing that makes sense, such as more than it was sent. */
  #received({ response }: RegistryAnswer, sent: number): number | undefined {
    const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(single(response.headers['range']) ?? '')?.[1];
    const offset = last === undefined ? undefined : Number(last) + 1;
    return offset === undefined || offset > sent ? undefined : offset;
  }
}

/** Best effort: what is not called off expires by itself. */
async function cancel(exchange: Exchange, repository: RepositoryName, location: string | undefined, base: URL, signal: AbortSignal): Promise<void> {
  try {
    await exchange.ask({ repository, method: 'DELETE', path: uploadUrl(location, base, repository), actions: 'pull,push', repeatable: false }, ({ response }) => {
      response.discard();
      return Promise.resolve();
    }, signal);
  } catch {
    signal.throwIfAborted();
  }
}

/** A quota that is used up is said with the same status, and smaller pieces are no help then. */
const isTooLarge = (error: unknown): boolean => error instanceof RegistryFailure && error.failure.status === 413 && error.code !== 'REGISTRY_DENIED';

/** Nothing is said about what becomes of what was sent: by the registry itself, or by what stands in front of it and waited long enough. */
const isAnswerLate = (error: unknown): boolean => (error instanceof RegistryFailure && error.failure.status === 504) || (error instanceof CosignError && error.code === 'REGISTRY_TIMEOUT');

function positive(text: string | undefined): number {
  return text !== undefined && /^\d{1,12}$/.test(text) ? Number(text) : 0;
}
