import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { TLSSocket, type PeerCertificate } from 'node:tls';
import { CosignError } from '../../../src/core/errors.ts';
import { EditorTransport } from '../../../src/node/editorTransport.ts';
import type { TransportOptions } from '../../../src/node/undiciTransport.ts';
import { get, makeTransport, never, startProxy, startServer, text, tlsFile, type TestServer } from './servers.ts';

const pair = { certificate: tlsFile('client.pem'), key: tlsFile('client.key') };
const stranger = { certificate: tlsFile('self.pem'), key: tlsFile('self.key') };
const authority = tlsFile('authority.pem');
/** Says who came. */
const whoIs: RequestListener = ({ socket }, response) => {
  if (!(socket instanceof TLSSocket)) throw new Error('not over TLS');
  const { subject } = socket.getPeerCertificate() as Partial<PeerCertificate>;
  response.end(subject ? String(subject.CN) : 'nobody');
};
const mutual = { requestCert: true, ca: readFileSync(tlsFile('clients.pem')) };
const start = (test: TestContext, tls: object = mutual): Promise<TestServer> => startServer(test, whoIs, 'registry', tls);
const settings = (more: Partial<TransportOptions['settings']> = {}): Partial<TransportOptions['settings']> =>
  ({ certificateAuthorities: { '127.0.0.1': authority }, trusted: true, useCredentials: true, ...more });
const refused = (sent: Promise<unknown>, words: RegExp, remedy: RegExp): Promise<void> => assert.rejects(sent, (error) =>
  error instanceof CosignError && error.code === 'CLIENT_CERTIFICATE_REQUIRED' && words.test(error.message) && remedy.test(String(error.remedy)));

describe('a registry that asks for a client certificate', () => {
  for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
    it(`gets the one of its host (${maxVersion})`, async (test) => {
      const server = await start(test, { ...mutual, maxVersion });
      for (const entry of ['127.0.0.1', server.host]) {
        assert.equal(await text(await makeTransport(test, settings({ clientCertificates: { [entry]: pair } })).send(get(server.url), never)), 'client');
      }
    });

    it(`and gets none is told apart from other failures (${maxVersion})`, async (test) => {
      const server = await start(test, { ...mutual, maxVersion });
      await refused(makeTransport(test, settings()).send(get(server.url), never), /asks for a client certificate, and there is none/, /countersign\.registries\.clientCertificates/);
      assert.equal(server.requests.length, 0);
    });
  }

  it('and gets one it does not know is told apart from other failures, also when it hangs up without a word', async (test) => {
    const server = await start(test);
    const transport = makeTransport(test, settings({ clientCertificates: { '127.0.0.1': stranger } }));
    await refused(transport.send(get(server.url), never), /(?:refuses|seems to refuse) the client certificate ".*self\.pem"/, /which certificates it accepts/);
    assert.equal(server.requests.length, 0);
  });

  it('gets that of no other host', async (test) => {
    const server = await start(test);
    for (const entry of ['localhost', '127.0.0.1:1']) {
      await refused(makeTransport(test, settings({ clientCertificates: { [entry]: pair } })).send(get(server.url), never), /there is none/, /./);
    }
    const asking = await start(test, { ...mutual, rejectUnauthorized: false });
    const transport = makeTransport(test, settings({ clientCertificates: { [server.host]: pair } }));
    assert.equal(await text(await transport.send(get(server.url), never)), 'client');
    assert.equal(await text(await transport.send(get(asking.url), never)), 'nobody');
  });

  it('gets none in Restricted Mode and without credentials', async (test) => {
    const server = await start(test);
    for (const less of [{ trusted: false }, { useCredentials: false }]) {
      const transport = makeTransport(test, settings({ clientCertificates: { '127.0.0.1': pair }, ...less }));
      await refused(transport.send(get(server.url), never), /Restricted Mode/, /Trust the workspace/);
    }
  });

  it('is shown one through a proxy, which sees none itself', async (test) => {
    const server = await start(test);
    const proxy = await startProxy(test, server.port);
    const transport = makeTransport(test, { ...settings({ clientCertificates: { 'registry.test': pair } }), certificateAuthorities: { 'registry.test': authority }, proxy: `http://${proxy.host}` });
    assert.equal(await text(await transport.send(get('https://registry.test/'), never)), 'client');
    assert.equal(proxy.tunnels.length, 1);
  });

  it('and would do without answers as always', async (test) => {
    const server = await start(test, { ...mutual, rejectUnauthorized: false });
    assert.equal(await text(await makeTransport(test, settings()).send(get(server.url), never)), 'nobody');
  });

  it('gets it on an insecure registry too', async (test) => {
    const server = await startServer(test, whoIs, 'self', mutual);
    assert.equal(await text(await makeTransport(test, settings({ insecureRegistries: [server.host], clientCertificates: { [server.host]: pair } })).send(get(server.url), never)), 'client');
  });

  it('that fails for its own certificate is not said to ask for ours', async (test) => {
    const server = await startServer(test, whoIs, 'self', mutual);
    await assert.rejects(makeTransport(test, settings()).send(get(server.url), never), { code: 'REGISTRY_TLS' });
  });
});

describe('a server that asks for a client certificate once the connection is made', () => {
  const page = (status: number, says: string): RequestListener => (_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html' });
    response.end(`<html>\r\n<head><title>${status} ${says}</title></head>\r\n<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n<center>${says}</center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n`);
  };
  const say = (test: TestContext, listener: RequestListener): Promise<TestServer> => startServer(test, listener, 'registry', { ...mutual, rejectUnauthorized: false });
  const missing = page(400, 'No required SSL certificate was sent');

  it('and got none is told as nginx tells it, with the setting and the folder', async (test) => {
    for (const listener of [missing, page(496, 'No required SSL certificate was sent')]) {
      const server = await say(test, listener);
      await refused(makeTransport(test, settings()).send(get(server.url), never), /asks for a client certificate, and there is none/, /countersign\.registries\.clientCertificates.*certs\.d\/127\.0\.0\.1:\d+"/);
      await refused(makeTransport(test, settings({ trusted: false, clientCertificates: { '127.0.0.1': pair } })).send(get(server.url), never), /Restricted Mode/, /Trust the workspace/);
    }
  });

  it('and refuses the one it got is told as nginx tells it', async (test) => {
    const transport = makeTransport(test, settings({ clientCertificates: { '127.0.0.1': stranger } }));
    await refused(transport.send(get((await say(test, page(400, 'The SSL certificate error'))).url), never), /refuses the client certificate ".*self\.pem"/, /which certificates it accepts/);
  });

  it('and does so after the handshake only is told as Apache tells it', async (test) => {
    const { url } = await say(test, page(403, 'Forbidden</title></head><body><p>Reason: Cannot perform Post-Handshake Authentication.<br /></p>'));
    await refused(makeTransport(test, settings()).send(get(url), never), /only once the connection is made/, /in the handshake/);
  });

  it('through the editor is told as well', async (test) => {
    const transport = new EditorTransport({ version: '1', timeoutMs: 10_000, fetch: () => Promise.resolve(new Response('<title>400 No required SSL certificate was sent</title>', { status: 400, headers: { 'content-type': 'text/html' } })) });
    test.after(() => { transport.dispose(); });
    await refused(transport.send(get('https://registry.test/'), never), /there is none for it/, /./);
  });

  it('is nobody who says anything else, whose answer stays as it is, and who speaks no TLS', async (test) => {
    for (const listener of [page(400, 'Request Header Or Cookie Too Large'), page(403, 'Forbidden'), page(200, 'No required SSL certificate was sent')]) {
      const response = await makeTransport(test, settings()).send(get((await say(test, listener)).url), never);
      assert.match(await text(response), /<html>[\s\S]*<\/html>\r\n$/);
    }
    assert.equal((await makeTransport(test).send(get((await startServer(test, missing)).url), never)).status, 400);
    const long = await say(test, (_request, response) => { response.writeHead(400, { 'content-type': 'text/html' }); response.end('x'.repeat(3_000_000)); });
    assert.ok((await text(await makeTransport(test, settings()).send(get(long.url), never))).length < 1_000_000);
  });
});

describe('a client certificate that cannot be used', () => {
  const cases: readonly (readonly [string, { certificate: string; key: string }, RegExp])[] = [
    ['is not there', { ...pair, certificate: '/nonexistent/client.pem' }, /"\/nonexistent\/client\.pem".*does not exist/],
    ['has no key', { ...pair, key: '/nonexistent/client.key' }, /"\/nonexistent\/client\.key".*does not exist/],
    ['has a key with a password', { ...pair, key: tlsFile('client-encrypted.key') }, /with a password/],
    ['has the key of another', { ...pair, key: tlsFile('self.key') }, /another key/],
    ['is no certificate', { ...pair, certificate: tlsFile('client.key') }, /no PEM certificate/],
    ['has no private key', { ...pair, key: tlsFile('client.pem') }, /no private key/],
  ];
  for (const [what, files, words] of cases) {
    it(`${what}: nothing is sent`, async (test) => {
      const server = await start(test, { ...mutual, rejectUnauthorized: false });
      await assert.rejects(makeTransport(test, settings({ clientCertificates: { '127.0.0.1': files } })).send(get(server.url), never), (error) =>
        error instanceof CosignError && error.code === 'CERTIFICATE_UNREADABLE' && words.test(error.message) && /clientCertificates/.test(String(error.remedy)));
      assert.equal(server.connections, 0);
    });
  }
});

describe('certs.d', () => {
  const root = (test: TestContext): string => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-'));
    test.after(() => { rmSync(folder, { recursive: true, force: true }); });
    return folder;
  };
  const put = (folder: string, host: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(folder, host), { recursive: true });
    for (const [name, file] of Object.entries(files)) copyFileSync(tlsFile(file), join(folder, host, name));
  };
  const all = { 'ca.crt': 'authority.pem', 'client.cert': 'client.pem', 'client.key': 'client.key' };
  const open = { trusted: true, useCredentials: true, useSystemConfiguration: true };

  it('of every kind gives authorities and a client certificate for its host and port', async (test) => {
    const server = await start(test);
    for (const place of ['etc/docker/certs.d', 'etc/containers/certs.d', 'home/.config/containers/certs.d', 'home/.config/docker/certs.d', 'home/.docker/certs.d']) {
      const at = root(test);
      put(join(at, place), server.host, all);
      const found = { homeDirectory: join(at, 'home'), root: at };
      assert.equal(await text(await makeTransport(test, open, found).send(get(server.url), never)), 'client', place);
      await assert.rejects(makeTransport(test, { ...open, useSystemConfiguration: false }, found).send(get(server.url), never), { code: 'REGISTRY_TLS' });
      await assert.rejects(makeTransport(test, open, found).send(get((await start(test)).url), never), { code: 'REGISTRY_TLS' });
      await refused(makeTransport(test, { ...open, trusted: false }, found).send(get(server.url), never), /Restricted Mode/, /./);
    }
  });

  it("of the user comes before the machine's, and a setting before both", async (test) => {
    const server = await start(test, { ...mutual, rejectUnauthorized: false });
    const at = root(test);
    put(join(at, 'etc/docker/certs.d'), server.host, { ...all, 'client.cert': 'self.pem', 'client.key': 'self.key' });
    const found = { homeDirectory: join(at, 'home'), root: at };
    assert.equal(await text(await makeTransport(test, open, found).send(get(server.url), never)), 'self');
    put(join(at, 'home/.config/containers/certs.d'), server.host, all);
    assert.equal(await text(await makeTransport(test, open, found).send(get(server.url), never)), 'client');
    assert.equal(await text(await makeTransport(test, { ...open, clientCertificates: { [server.host]: stranger } }, found).send(get(server.url), never)), 'self');
  });

  it('with a certificate without its key, or a key without its certificate, is an error that names it', async (test) => {
    const server = await start(test);
    for (const [alone, file] of [['client.cert', 'client.pem'], ['client.key', 'client.key']] as const) {
      const at = root(test);
      put(join(at, 'etc/docker/certs.d'), server.host, { 'ca.crt': 'authority.pem', [alone]: file });
      await assert.rejects(makeTransport(test, open, { root: at }).send(get(server.url), never), (error) =>
        error instanceof CosignError && error.code === 'CERTIFICATE_UNREADABLE' && error.message.includes(alone));
    }
  });

  it('is read again when it changes', async (test) => {
    const server = await start(test, {});
    const at = root(test);
    const transport = makeTransport(test, open, { root: at });
    await assert.rejects(transport.send(get(server.url), never), { code: 'REGISTRY_TLS' });
    put(join(at, 'etc/containers/certs.d'), server.host, { 'ca.crt': 'authority.pem' });
    assert.equal(await text(await transport.send(get(server.url), never)), 'nobody');
    writeFileSync(join(at, 'etc/containers/certs.d', server.host, 'ca.crt'), 'nothing');
    await assert.rejects(transport.send(get(server.url), never), { code: 'CERTIFICATE_UNREADABLE' });
  });
});

describe('the flags of a command line', () => {
  it('show the certificate to the registries of the command only', async (test) => {
    const [named, other] = [await start(test, { ...mutual, rejectUnauthorized: false }), await start(test, { ...mutual, rejectUnauthorized: false })];
    const flags = { plainHttp: [], anyCertificate: false, clientCertificate: { ...pair, registries: [named.host] } };
    const transport = makeTransport(test, settings({ flags }));
    assert.equal(await text(await transport.send(get(named.url), never)), 'client');
    assert.equal(await text(await transport.send(get(other.url), never)), 'nobody');
  });

  it('say which name the certificate is for', async (test) => {
    const server = await startServer(test, whoIs, 'other');
    const named = (name: string): Promise<unknown> => makeTransport(test, settings({ flags: { plainHttp: [], anyCertificate: false, serverName: { registries: [server.host], name } } })).send(get(server.url), never);
    await named('other.test');
    await assert.rejects(named('registry.test'), { code: 'REGISTRY_TLS' });
  });
});
