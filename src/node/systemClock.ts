// Real time.
import type { Clock } from '../core/oci/transport.ts';

/** A sleeper is awaited, so its timer holds the process; an aborted one leaves no timer and no listener behind. */
export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(asError(signal.reason));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  }),
};

/** The reason itself, whatever it is: promises reject with what a signal was aborted with. */
function asError(reason: unknown): Error {
  return reason as Error;
}
