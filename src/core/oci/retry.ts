// When a failed request is worth repeating, and how long to wait first.
import { connectionTrouble } from './connectionFailure.ts';
import { RegistryFailure } from './registryError.ts';
import type { Clock } from './transport.ts';

export interface RetryOptions {
  readonly clock: Clock;
  /** From 0 to 1, for spreading retries. */
  readonly random: () => number;
  /** In all, the first one included. */
  readonly attempts: number;
}

/** A registry that asks for more patience than this is reported instead. */
const maxPatienceMs = 10_000;
const retriedStatus: readonly number[] = [408, 429, 499, 500, 502, 503, 504, 522];

/**
 * Repeats what fails for a reason that may pass: overload (RFC 9110 §15, honouring `Retry-After`), and connections that break, also in the
 * middle of a body. Wrong certificates, time-outs and wrong answers are not repeated.
 * @throws what the last attempt threw, or the signal's reason
 */
export async function withRetries<T>(attempt: () => Promise<T>, { clock, random, attempts }: RetryOptions, signal: AbortSignal): Promise<T> {
  for (let count = 1; ; count++) {
    try {
      return await attempt();
    } catch (error) {
      signal.throwIfAborted();
      const pauseMs = count < attempts ? pauseBeforeRetry(error, count, random) : undefined;
      if (pauseMs === undefined) throw error;
      await clock.sleep(pauseMs, signal);
    }
  }
}

/**
 * How long to wait after the `count`-th failure in a row, in milliseconds.
 * @returns undefined when there is no point in another attempt
 */
export function pauseBeforeRetry(error: unknown, count: number, random: () => number): number | undefined {
  const backoffMs = 250 * 3 ** (count - 1) * (0.5 + random() / 2);
  if (error instanceof RegistryFailure) {
    const { status, retryAfterMs = backoffMs } = error.failure;
    return (retriedStatus.includes(status) || error.code === 'REGISTRY_UNREACHABLE') && retryAfterMs <= maxPatienceMs ? retryAfterMs : undefined;
  }
  const trouble = connectionTrouble(error);
  // Refused: nobody listens there; one more look, in case a registry is just starting.
  return trouble === 'may pass' || (trouble === 'refused' && count === 1) ? backoffMs : undefined;
}
