// Two ways to a host: our own, and another one where ours finds no way there.
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { HttpRequest, HttpResponse, Transport } from '../core/oci/transport.ts';
import { isUnconnected } from './requestFailure.ts';

export interface FallbackOptions {
  readonly first: Transport & { dispose(): Promise<void> };
  readonly second: Transport & { dispose(): void };
  /** Whether the second way is good enough for a request, whatever became of the first. */
  readonly maySecond: (request: Pick<HttpRequest, 'method' | 'url' | 'body'>) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Long enough for a window's work, short enough to notice another network. */
const rememberedMs = 10 * 60_000;
/** How long nobody tries the second way again after it failed too. */
const hopelessMs = 30_000;

/**
 * A request goes the second way only when nothing of it was sent the first: no connection came about. An answer, a certificate that is
 * refused and a connection that breaks are final. The way that worked is remembered for the host.
 */
export class FallbackTransport implements Transport {
  readonly #options: FallbackOptions;
  readonly #works = new Map<string, number>();
  readonly #hopeless = new Map<string, number>();

  constructor(options: FallbackOptions) {
    this.#options = options;
  }

  /** Whether requests to this address go the second way now. */
  goesSecond(url: URL): boolean {
    return isAhead(this.#works.get(url.origin), this.#options.now());
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { first, second, maySecond, now } = this.#options;
    const { origin } = request.url;
    if (!maySecond(request)) return first.send(request, signal);
    if (this.goesSecond(request.url)) {
      try {
        return await second.send(request, signal);
      } catch (error) {
        signal.throwIfAborted();
        // How much of it was sent is not known.
        if (!isAboutWay(error) || (request.method !== 'GET' && request.method !== 'HEAD')) throw error;
        this.#works.delete(origin);
        return first.send(request, signal);
      }
    }
    try {
      return await first.send(request, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isUnconnected(error) || isAhead(this.#hopeless.get(origin), now())) throw error;
      try {
        const response = await second.send(request, signal);
        this.#works.set(origin, now() + rememberedMs);
        return response;
      } catch (other) {
        signal.throwIfAborted();
        if (!isAboutWay(other)) throw other;
        this.#hopeless.set(origin, now() + hopelessMs);
        throw other instanceof CosignError && other.code === 'REGISTRY_TLS' ? withFurther(error, other) : error;
      }
    }
  }

  async dispose(): Promise<void> {
    this.#options.second.dispose();
    await this.#options.first.dispose();
  }
}

/** Where the second way came as far as a certificate, that is the reason; what can be changed about our own way stays the advice. */
function withFurther(error: unknown, other: CosignError): unknown {
  if (!(error instanceof CosignError)) return error;
  const { code, said: message, remedy, setting } = error;
  return new CosignError(code, said`${message} The editor's own networking was tried as well: ${other.said}`, { cause: error, ...(remedy === undefined ? {} : { remedy }), ...(setting === undefined ? {} : { setting }) });
}

const isAhead = (until: number | undefined, now: number): boolean => until !== undefined && until > now;

const isAboutWay = (error: unknown): boolean => error instanceof CosignError && ['REGISTRY_UNREACHABLE', 'REGISTRY_TIMEOUT', 'REGISTRY_TLS'].includes(error.code);
