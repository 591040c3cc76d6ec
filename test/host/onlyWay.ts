// Registries that this machine knows no way to, behind a proxy that only the networking of the editor uses.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

export interface OnlyWay {
  /** For the extension host. */
  readonly env: Readonly<Record<string, string>>;
  /** `registry.test:5443`, with a certificate for that name. */
  readonly host: string;
  readonly registry: TestRegistry;
  /** `strange.test:5443`, with one that nobody vouches for. */
  readonly strangeHost: string;
  readonly strange: TestRegistry;
  /** What the proxy was asked to connect to. */
  readonly tunnels: string[];
  close(): Promise<void>;
}

/**
 * Names below `.test` lead nowhere, and the proxy is in the one variable that is not for https to us, but is to the editor: it takes
 * HTTP_PROXY for any address. It trusts the authorities of the system, which are of a file here. The window of the editor from npm is a browser's, in which VS Code looks for no PAC file.
 */
export async function startOnlyWay(): Promise<OnlyWay> {
  const file = (name: string): string => join(process.cwd(), 'test/fixtures/tls', name);
  const tls = (name: string): { readonly key: string; readonly cert: string } => ({ key: readFileSync(file(`${name}.key`), 'utf8'), cert: readFileSync(file(`${name}.pem`), 'utf8') });
  const [registry, strange] = [await startRegistry({ tls: tls('registry') }), await startRegistry({ tls: tls('self') })];
  const [host, strangeHost] = ['registry.test:5443', 'strange.test:5443'];
  const ways: Readonly<Record<string, string>> = { [host]: registry.host, [strangeHost]: strange.host };
  const tunnels: string[] = [];
  const proxy = createServer((_request, response) => { response.writeHead(403).end(); });
  proxy.on('connect', ({ url = '' }, socket, head) => {
    socket.on('error', () => undefined);
    const way = ways[url];
    if (way === undefined) {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
      return;
    }
    tunnels.push(url);
    const upstream = connect(Number(way.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => { socket.destroy(); });
    socket.on('close', () => { upstream.destroy(); });
  });
  await new Promise<void>((done) => { proxy.listen(0, '127.0.0.1', done); });
  const { port } = proxy.address() as AddressInfo;
  return {
    env: { HTTP_PROXY: `http://127.0.0.1:${port}`, http_proxy: '', HTTPS_PROXY: '', https_proxy: '', NO_PROXY: '127.0.0.1', no_proxy: '', SSL_CERT_FILE: file('authority.pem') },
    host, registry, strangeHost, strange, tunnels,
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await Promise.all([registry.close(), strange.close()]);
    },
  };
}
