// A plain HTTP forwarder in a process of its own that adds a fixed delay to every request and counts them, so that measuring costs nobody time.
import { fork } from 'node:child_process';
import { resolve } from 'node:path';

export interface Traffic {
  readonly requests: number;
  /** The longest chain of requests that ran one after another. */
  readonly serial: number;
}

export interface SlowProxy {
  readonly host: string;
  delay(ms: number): Promise<void>;
  reset(): Promise<void>;
  /** Since the last reset. */
  measure(): Promise<Traffic>;
  close(): void;
}

export async function startSlowProxy(targetHost: string): Promise<SlowProxy> {
  const child = fork(resolve('test/support/slowProxyServer.mjs'), [targetHost], { execArgv: [] });
  const waiting = new Map<number, (result: unknown) => void>();
  child.on('message', ({ id, result }: { id: number; result: unknown }) => waiting.get(id)?.(result));
  const answer = (id: number): Promise<unknown> => new Promise((done) => { waiting.set(id, done); });
  let next = 1;
  const call = (action: string, value?: number): Promise<unknown> => {
    const id = next++;
    const result = answer(id);
    child.send({ id, action, value });
    return result;
  };
  const port = await answer(0) as number;
  return {
    host: `127.0.0.1:${port}`,
    delay: async (ms) => { await call('delay', ms); },
    reset: async () => { await call('reset'); },
    measure: async () => await call('measure') as Traffic,
    close: () => { child.disconnect(); },
  };
}
