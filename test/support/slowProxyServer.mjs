// The process behind slowProxy.ts: forwards HTTP with a delay, and notes when each request came and went.
import { Agent, createServer, request } from 'node:http';

const [targetHost] = process.argv.slice(2);
const [hostname, port] = targetHost.split(':');
const agent = new Agent({ keepAlive: true, maxSockets: 256 });
let delayMs = 0;
let spans = [];

const server = createServer((incoming, outgoing) => {
  const span = { start: performance.now(), end: Infinity };
  spans.push(span);
  outgoing.on('finish', () => { span.end = performance.now(); });
  setTimeout(() => {
    const forward = request({ hostname, port, path: incoming.url, method: incoming.method, headers: incoming.headers, agent }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    forward.on('error', () => { outgoing.writeHead(502).end(); });
    incoming.pipe(forward);
  }, delayMs);
});

const actions = {
  delay: (ms) => { delayMs = ms; },
  reset: () => { spans = []; },
  measure: () => ({ requests: spans.length, serial: longestChain(spans) }),
};

/** The most requests of which each starts after the one before it has ended. */
function longestChain(list) {
  let [count, free] = [0, -Infinity];
  for (const { start, end } of [...list].sort((a, b) => a.end - b.end)) {
    if (start >= free) [count, free] = [count + 1, end];
  }
  return count;
}

process.on('message', ({ id, action, value }) => { process.send({ id, result: actions[action](value) }); });
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send({ id: 0, result: server.address().port }));
