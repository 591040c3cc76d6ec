// Asks for the verdicts of several images at once, and tells how far it is.
import type { Engine, VerifyQuery } from '../core/engine.ts';
import { toCosignError } from '../core/errors.ts';
import type { Verdict } from '../core/policy/verdict.ts';
import type { Call } from './machine.ts';

/** In the order asked. When time runs out, what is not known by then is "could not check". @throws only the signal's reason */
export async function verifyAll(call: Pick<Call, 'machine' | 'flags'>, engine: Engine, queries: readonly VerifyQuery[], stop: AbortSignal, signal: AbortSignal): Promise<readonly Verdict[]> {
  const { machine: { stderr, now }, flags } = call;
  const draws = stderr.isTerminal && !flags.on('quiet');
  let done = 0;
  const draw = (): void => { if (draws) stderr.write(`\r\u001b[KVerifying: ${done} of ${queries.length}`); };
  draw();
  try {
    return await Promise.all(queries.map(async (query): Promise<Verdict> => {
      const verdict = await engine.verify(query, signal).catch((error: unknown): Verdict => {
        stop.throwIfAborted();
        return { kind: 'unchecked', reason: toCosignError(signal.aborted ? signal.reason : error), checkedAt: now() };
      });
      done += 1;
      draw();
      return verdict;
    }));
  } finally {
    if (draws) stderr.write('\r\u001b[K');
  }
}
