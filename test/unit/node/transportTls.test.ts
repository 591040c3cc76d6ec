import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile, copyFile, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { get, makeTransport, never, startServer, text, tlsFile } from './servers.ts';

const authority = tlsFile('authority.pem');
const ok = (_request: unknown, response: { end(text: string): unknown }): void => { response.end('ok'); };
const rejects = (sent: Promise<unknown>, code: string, words: RegExp): Promise<void> =>
  assert.rejects(sent, (error) => error instanceof CosignError && error.code === code && words.test(error.message));

for (const [certificate, words] of [['self', /self-signed/], ['registry', /authority/]] as const) {
  it(`a certificate that this machine does not trust is refused (${certificate})`, async (test) => {
    const server = await startServer(test, ok, certificate);
    await rejects(makeTransport(test).send(get(server.url), never), 'REGISTRY_TLS', words);
    assert.equal(server.requests.length, 0);
  });
}

for (const [certificate, words] of [['expired', /expired/], ['other', /another host name/]] as const) {
  it(`the custom authority does not excuse a certificate that is wrong otherwise (${certificate})`, async (test) => {
    const server = await startServer(test, ok, certificate);
    const transport = makeTransport(test, { certificateAuthorities: { '127.0.0.1': authority } });
    await rejects(transport.send(get(server.url), never), 'REGISTRY_TLS', words);
  });
}

it('a custom authority counts for its host only, with or without a port', async (test) => {
  const server = await startServer(test, ok, 'registry');
  for (const entry of ['127.0.0.1', server.host]) {
    assert.equal(await text(await makeTransport(test, { certificateAuthorities: { [entry]: authority } }).send(get(server.url), never)), 'ok');
  }
  for (const entry of ['localhost', '127.0.0.1:1']) {
    await rejects(makeTransport(test, { certificateAuthorities: { [entry]: authority } }).send(get(server.url), never), 'REGISTRY_TLS', /authority/);
  }
});

it('the certificate of an insecure registry is not verified, that of any other is', async (test) => {
  const [listed, other] = [await startServer(test, ok, 'self'), await startServer(test, ok, 'self')];
  const transport = makeTransport(test, { insecureRegistries: [listed.host] });
  assert.equal(await text(await transport.send(get(listed.url), never)), 'ok');
  await rejects(transport.send(get(other.url), never), 'REGISTRY_TLS', /self-signed/);
  assert.equal(await text(await makeTransport(test, { insecureRegistries: ['127.0.0.1'] }).send(get(other.url), never)), 'ok');
});

it('http where https is expected says so and names the setting', async (test) => {
  const server = await startServer(test, ok);
  await assert.rejects(makeTransport(test).send(get(`https://${server.host}/`), never), (error) =>
    error instanceof CosignError && error.code === 'REGISTRY_TLS' && /plain http/.test(error.message) && error.remedy?.toString().includes('countersign.registries.insecure') === true);
});

it('an unreadable custom authority is an error that names file and setting, until the file is corrected', async (test) => {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(folder, { recursive: true }));
  const server = await startServer(test, ok, 'registry');
  const file = join(folder, 'ca.pem');
  const transport = makeTransport(test, { certificateAuthorities: { '127.0.0.1': file } });
  const fails = (): Promise<void> => assert.rejects(transport.send(get(server.url), never), (error) => error instanceof CosignError
    && error.code === 'CERTIFICATE_UNREADABLE' && error.message.includes(file) && error.remedy?.toString().includes('certificateAuthorities') === true);
  await fails();
  for (const content of ['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'x'.repeat(2_000_000)]) {
    await writeFile(file, content);
    await fails();
  }
  await copyFile(authority, file);
  await utimes(file, 1, 1);
  assert.equal(await text(await transport.send(get(server.url), never)), 'ok');
  assert.equal(server.requests.length, 1);
});

it('authorities named in SSL_CERT_FILE and NODE_EXTRA_CA_CERTS are trusted', async (test) => {
  const server = await startServer(test, ok, 'registry');
  for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    assert.equal(await text(await makeTransport(test, {}, { env: { [name]: authority } }).send(get(server.url), never)), 'ok');
  }
});
