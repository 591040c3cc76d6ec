import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import type { KubeApi } from '../../../support/kubeApi.ts';
import { clusterKeys, never, place, startCluster } from './cluster.ts';

const fails = (work: Promise<unknown>, code: ErrorCode, words = /./): Promise<void> => assert.rejects(work, (error) => {
  assert.ok(error instanceof CosignError, String(error));
  const text = `${error.message} ${String(error.remedy)}`;
  assert.equal(error.code, code, text);
  assert.match(text, words);
  assert.doesNotMatch(`${text} ${error.cause instanceof Error ? error.cause.message : ''}`, /token-|PRIVATE KEY/);
  return true;
});
const read = async (api: KubeApi, context: string, more: Parameters<typeof clusterKeys>[1] = {}): Promise<string> =>
  Buffer.from(await clusterKeys(api.kubeconfig(context), more).readPublic(place, never)).toString();

async function withKey(test: TestContext): Promise<KubeApi> {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { data: { 'cosign.pub': 'PUBLIC', 'cosign.key': 'KEY', 'cosign.password': 'pw' } });
  return api;
}

for (const [context, user] of [['token', 'jo'], ['certificate', 'jane'], ['exec', 'jo']] as const) {
  it(`a public key is read with the login "${context}"`, async (test) => {
    const api = await withKey(test);
    assert.equal(await read(api, context), 'PUBLIC');
    assert.deepEqual(api.requests, [{ user, verb: 'get', resource: 'secrets', namespace: 'prod', name: 'cosign', dryRun: false }]);
  });
}

it('a private key comes with its password, and an absent password is the empty one', async (test) => {
  const api = await withKey(test);
  const keys = clusterKeys(api.kubeconfig());
  const { file, password } = await keys.readPrivate(place, never);
  assert.deepEqual([Buffer.from(file).toString(), Buffer.from(password).toString()], ['KEY', 'pw']);
  api.put('prod', 'cosign', { data: { 'cosign.key': 'KEY' } });
  assert.equal((await keys.readPrivate(place, never)).password.length, 0);
});

it('a login program is not started in Restricted Mode, and the other logins work there', async (test) => {
  const api = await withKey(test);
  const marker = join(mkdtempSync(join(tmpdir(), 'countersign-')), 'started');
  const config = api.kubeconfig('exec', `require('node:fs').writeFileSync(${JSON.stringify(marker)}, '')`);
  await fails(clusterKeys(config, { trusted: false }).readPublic(place, never), 'KEY_REFUSED_UNTRUSTED_WORKSPACE', /"exec"/);
  assert.throws(() => readFileSync(marker));
  assert.equal(await read(api, 'token', { trusted: false }), 'PUBLIC');
  assert.equal(await read(api, 'certificate', { trusted: false }), 'PUBLIC');
});

it('an older provider that runs a command is not started in Restricted Mode either', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'countersign-')), 'config');
  writeFileSync(file, JSON.stringify({
    'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }], clusters: [{ name: 'k', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { 'auth-provider': { name: 'gcp', config: { 'cmd-path': '/bin/false' } } } }],
  }));
  await fails(clusterKeys(file, { trusted: false }).readPublic(place, never), 'KEY_REFUSED_UNTRUSTED_WORKSPACE');
});

it('what a login program gave is not handed to the same user name of another kubeconfig', async (test) => {
  const [first, second] = [await withKey(test), await withKey(test)];
  const lasting = (token: string): string => `console.log(JSON.stringify({ kind: 'ExecCredential', status: { token: '${token}', expirationTimestamp: '2999-01-01T00:00:00Z' } }))`;
  assert.equal(Buffer.from(await clusterKeys(first.kubeconfig('exec', lasting('token-of-jo'))).readPublic(place, never)).toString(), 'PUBLIC');
  second.tokens.set('token-of-al', 'al');
  await clusterKeys(second.kubeconfig('exec', lasting('token-of-al'))).readPublic(place, never);
  assert.deepEqual(second.authorizations, ['Bearer token-of-al']);
});

it('a login that failed says what the program said', async (test) => {
  const api = await withKey(test);
  await fails(clusterKeys(api.kubeconfig('exec', 'console.error("session has ended, run: corp login"); process.exit(1)')).readPublic(place, never), 'KUBERNETES_UNAUTHORIZED', /run: corp login/);
  await fails(clusterKeys(api.kubeconfig('exec', 'console.log("no json")')).readPublic(place, never), 'KUBERNETES_UNAUTHORIZED');
});

it('a login program that never ends is waited for only so long, and not at all by whoever cancelled', async (test) => {
  const api = await withKey(test);
  const config = api.kubeconfig('exec', 'setTimeout(() => {}, 3000)');
  await fails(clusterKeys(config, { timeoutMs: 100 }).readPublic(place, never), 'KUBERNETES_UNREACHABLE');
  const cancel = new AbortController();
  const reading = clusterKeys(config).readPublic(place, cancel.signal);
  cancel.abort(new Error('cancelled'));
  await assert.rejects(reading, /^Error: cancelled$/);
});

it('an expired login, a missing one and a forbidden secret are told apart, with the line to ask the cluster', async (test) => {
  const api = await withKey(test);
  await fails(read(api, 'expired'), 'KUBERNETES_UNAUTHORIZED', /"cosign" in namespace "prod" \(context "expired"\)/);
  await fails(read(api, 'nobody'), 'KUBERNETES_UNAUTHORIZED');
  api.allows = ({ name }) => name !== 'cosign';
  await fails(read(api, 'certificate'), 'KUBERNETES_FORBIDDEN', /"cosign" in namespace "prod" \(context "certificate"\).* get secrets is forbidden for user "jane"\..*kubectl auth can-i get secrets\/cosign --namespace prod --context certificate$/);
});

it('a secret that is not there, or holds no public key, says so', async (test) => {
  const api = await startCluster(test);
  await fails(read(api, 'token'), 'KUBERNETES_SECRET_NOT_FOUND', /"cosign" in namespace "prod" \(context "token"\) does not exist/);
  api.put('prod', 'cosign', { data: { 'tls.crt': 'x', 'cosign.key': 'k' } });
  await fails(read(api, 'token'), 'KUBERNETES_SECRET_INVALID', /no "cosign\.pub".*cosign\.key, tls\.crt/);
  await fails(clusterKeys(api.kubeconfig()).readPrivate({ namespace: 'prod', name: 'other' }, never), 'KUBERNETES_SECRET_NOT_FOUND');
});

it('a server that is gone, silent, broken or of an unknown authority cannot be reached', async (test) => {
  const api = await withKey(test);
  await fails(read(api, 'untrusted-authority'), 'KUBERNETES_UNREACHABLE', /untrusted-authority/);
  api.fault = () => 'hang';
  await fails(read(api, 'token', { timeoutMs: 100 }), 'KUBERNETES_UNREACHABLE', /0\.1 s\b/);
  api.fault = () => 'drop';
  await fails(read(api, 'token'), 'KUBERNETES_UNREACHABLE');
  const config = api.kubeconfig();
  api.close();
  await fails(clusterKeys(config).readPublic(place, never), 'KUBERNETES_UNREACHABLE', /ECONNREFUSED/);
});

for (const status of [301, 400, 429, 500, 503]) {
  it(`an answer of ${status} is a refusal`, async (test) => {
    const api = await withKey(test);
    api.fault = () => status;
    await fails(read(api, 'token'), 'KUBERNETES_REFUSED', new RegExp(`${status}`));
  });
}

it('cancelling is no failure', async (test) => {
  const api = await withKey(test);
  const cancel = new AbortController();
  api.fault = () => { cancel.abort(new Error('cancelled')); return 'hang'; };
  await assert.rejects(clusterKeys(api.kubeconfig()).readPublic(place, cancel.signal), /^Error: cancelled$/);
});

it('a renewed login counts at the next read', async (test) => {
  const api = await withKey(test);
  const config = api.kubeconfig('expired');
  const keys = clusterKeys(config);
  await fails(keys.readPublic(place, never), 'KUBERNETES_UNAUTHORIZED');
  writeFileSync(config, readFileSync(config, 'utf8').replace('token-that-expired', 'token-of-jo'));
  assert.equal(Buffer.from(await keys.readPublic(place, never)).toString(), 'PUBLIC');
});

it('the setting\'s context counts before the kubeconfig\'s, and an unknown one is an error that lists those there are', async (test) => {
  const api = await withKey(test);
  assert.equal(await read(api, 'expired', { context: 'certificate' }), 'PUBLIC');
  await fails(read(api, 'token', { context: 'elsewhere' }), 'KUBERNETES_CONFIG_INVALID', /"elsewhere".*token, certificate/);
});

it('contexts are listed with the current one', async (test) => {
  const api = await startCluster(test);
  const { contexts, current } = await clusterKeys(api.kubeconfig('exec')).contexts(never);
  assert.equal(current, 'exec');
  assert.deepEqual(contexts[0], { name: 'token', cluster: 'main', user: 'token', namespace: 'prod' });
  assert.equal((await clusterKeys(api.kubeconfig('gone')).contexts(never)).current, undefined);
  assert.equal((await clusterKeys(api.kubeconfig('exec'), { context: 'token' }).contexts(never)).current, 'token');
});

it('KUBECONFIG may list several files: the first that names something wins, and those that are missing are passed over', async (test) => {
  const [first, second] = [await withKey(test), await startCluster(test)];
  const files = ['/nonexistent/config', first.kubeconfig('certificate'), second.kubeconfig('token')].join(delimiter);
  const keys = clusterKeys(undefined, { env: { KUBECONFIG: files } });
  assert.equal((await keys.contexts(never)).current, 'certificate');
  assert.equal(Buffer.from(await keys.readPublic(place, never)).toString(), 'PUBLIC');
  assert.equal(second.requests.length, 0);
});

it('the kubeconfig of the home directory is read where nothing else is named', async (test) => {
  const api = await withKey(test);
  const home = mkdtempSync(join(tmpdir(), 'countersign-'));
  await fails(clusterKeys(undefined, { homeDirectory: home }).contexts(never), 'KUBERNETES_CONFIG_INVALID', /does not exist/);
  const { mkdirSync } = await import('node:fs');
  mkdirSync(join(home, '.kube'));
  writeFileSync(join(home, '.kube', 'config'), readFileSync(api.kubeconfig()));
  assert.equal(Buffer.from(await clusterKeys(undefined, { homeDirectory: home }).readPublic(place, never)).toString(), 'PUBLIC');
});

for (const [what, text] of Object.entries({ 'no YAML': 'users: [token-x: {', empty: '', 'a text': 'hello', 'no current context': 'contexts: []', 'a context without cluster': JSON.stringify({ 'current-context': 'c', contexts: [{ name: 'c', context: { cluster: 'k', user: 'u' } }] }) })) {
  it(`a kubeconfig that is ${what} is reported without quoting it`, async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'countersign-')), 'config');
    writeFileSync(file, text);
    await fails(clusterKeys(file).readPublic(place, never), 'KUBERNETES_CONFIG_INVALID');
  });
}

it('a kubeconfig that is named and missing is reported', async () => {
  await fails(clusterKeys('/nonexistent/config').readPublic(place, never), 'KUBERNETES_CONFIG_INVALID', /does not exist/);
});

it('names are listed without the content of a secret, and undefined where listing is forbidden', async (test) => {
  const api = await withKey(test);
  api.put('prod', 'another');
  const keys = clusterKeys(api.kubeconfig());
  assert.deepEqual(await keys.namespaces(undefined, never), ['default', 'prod']);
  assert.deepEqual(await keys.secrets('certificate', 'prod', never), ['another', 'cosign']);
  api.allows = ({ verb }) => verb !== 'list';
  assert.equal(await keys.namespaces(undefined, never), undefined);
  assert.equal(await keys.secrets(undefined, 'prod', never), undefined);
  await fails(keys.secrets('nobody', 'prod', never), 'KUBERNETES_UNAUTHORIZED');
});
