// A plain HTTP forwarder that adds a fixed delay to every request, and counts requests and how many had to wait for one another.
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SlowProxy {
  readonly host: string;
  /** Requests since the last reset, and the longest chain of requests that ran one after another. */
  measure(): { readonly requests: number; readonly serial: number };
  reset(): void;
  delayMs: number;
  close(): Promise<void>;
}

export async function startSlowProxy(targetHost: string, delayMs: number): Promise<SlowProxy> {
  const [hostname = '', port = ''] = targetHost.split(':');
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  let spans: { start: number; end: number }[] = [];
  const server = createServer((incoming, outgoing) => {
    const span = { start: performance.now(), end: Infinity };
    spans.push(span);
    outgoing.on('finish', () => { span.end = performance.now(); });
    setTimeout(() => {
      const forward = request({ hostname, port, path: incoming.url ?? '/', method: incoming.method ?? 'GET', headers: { ...incoming.headers, host: targetHost }, agent }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forward.on('error', () => { outgoing.writeHead(502).end(); });
      incoming.pipe(forward);
    }, proxy.delayMs);
  });
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const proxy: SlowProxy = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    delayMs,
    measure: () => ({ requests: spans.length, serial: longestChain(spans) }),
    reset: () => { spans = []; },
    close: async () => {
      agent.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
  return proxy;
}

/** The most spans of which each starts after the one before it has ended. */
function longestChain(spans: readonly { start: number; end: number }[]): number {
  let [count, free] = [0, -Infinity];
  for (const { start, end } of [...spans].sort((a, b) => a.end - b.end)) {
    if (start >= free) [count, free] = [count + 1, end];
  }
  return count;
}
