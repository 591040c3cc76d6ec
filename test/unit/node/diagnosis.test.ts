import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { diagnose, type SystemPlaces } from '../../../src/core/diagnosis/diagnose.ts';
import { parseDiagnosisTarget } from '../../../src/core/diagnosis/diagnosisTarget.ts';
import type { Diagnosis, DiagnosisStep, StepFact, StepName } from '../../../src/core/diagnosis/diagnosis.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { isLoopback } from '../../../src/core/oci/hosts.ts';
import type { HttpRequest, HttpResponse } from '../../../src/core/oci/transport.ts';
import type { Resolve } from '../../../src/node/addressGuard.ts';
import { createConnectionProbe } from '../../../src/node/connectionProbe.ts';
import type { EditorFetch } from '../../../src/node/editorTransport.ts';
import { createKeychain } from '../../../src/node/keychain.ts';
import { createRegistryTransport, type RegistryTransport, type RegistryTransportOptions } from '../../../src/node/registryTransport.ts';
import { systemClock } from '../../../src/node/systemClock.ts';
import { SystemRegistries } from '../../../src/node/systemRegistries.ts';
import { diagnosisText } from '../../../src/presentation/diagnosisText.ts';
import { english } from '../../../src/presentation/translate.ts';
import { tooManyRequests } from '../../support/faults.ts';
import { pushImage } from '../../support/images.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../support/registry.ts';
import { startProxy, tlsFile } from './servers.ts';

interface Look {
  readonly settings?: Partial<RegistryTransportOptions['settings']>;
  readonly resolve?: Resolve;
  readonly fetch?: EditorFetch;
  /** The folder of docker's config.json. */
  readonly dockerConfig?: string;
  readonly trusted?: boolean;
  /** The text of registries.conf. */
  readonly conf?: string;
  readonly signal?: AbortSignal;
  readonly onStep?: (name: StepName) => void;
}

async function look(test: TestContext, text: string, { settings = {}, resolve, fetch, dockerConfig = '/nonexistent', trusted = true, conf, signal = new AbortController().signal, onStep = () => undefined }: Look = {}): Promise<Diagnosis> {
  const all = { insecureRegistries: [], certificateAuthorities: {}, noProxy: [], proxyStrictSSL: true, timeoutMs: 10_000, editorFallback: true, ...settings };
  const options = { version: '1.2.3', env: {}, homeDirectory: '/nonexistent', settings: all, ...(resolve ? { resolve } : {}) };
  const transport = createRegistryTransport({ ...options, fetch, now: () => systemClock.now() });
  test.after(() => transport.dispose());
  const logins = createKeychain({ env: {}, homeDirectory: '/nonexistent', dockerConfig, trusted: () => trusted, useCredentials: true });
  const rules = { allowsPlainHttp: (host: string) => isLoopback(host) || all.insecureRegistries.includes(host) };
  return diagnose({
    places: conf === undefined ? undefined : await placesOf(test, conf, transport),
    transport, probe: createConnectionProbe({ ...options, clock: systemClock }), findLogin: (...place) => logins.locate(...place), ...(trusted ? {} : { noLogins: 'restricted' as const }),
    rules, clock: systemClock, random: () => 0,
  }, parseDiagnosisTarget(text), onStep, signal);
}

async function placesOf(test: TestContext, conf: string, transport: RegistryTransport): Promise<SystemPlaces> {
  const root = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'etc/containers'), { recursive: true });
  await writeFile(join(root, 'etc/containers/registries.conf'), conf);
  const system = new SystemRegistries({ env: {}, homeDirectory: '/nonexistent', root, now: () => systemClock.now(), report: () => undefined });
  const send = (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => transport.send({ ...request, anyCertificate: true }, signal);
  return { find: (repository) => system.places(repository), problems: () => system.problems(), insecure: { transport: { send, goesSecond: () => false, maySecond: () => false }, rules: { allowsPlainHttp: () => true } } };
}

async function registry(test: TestContext, options: RegistryOptions = {}): Promise<TestRegistry> {
  const started = await startRegistry(options);
  test.after(() => started.close());
  return started;
}

async function dockerConfig(test: TestContext, host: string, login: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth: Buffer.from(login).toString('base64') } } }));
  return folder;
}

const tls = (name: string): { key: string; cert: string } => ({ key: readFileSync(tlsFile(`${name}.key`), 'utf8'), cert: readFileSync(tlsFile(`${name}.pem`), 'utf8') });
const toHere: Resolve = (_name, done) => { done(null, [{ address: '127.0.0.1', family: 4 }]); };
const states = ({ steps }: Diagnosis): readonly string[] => steps.map((step) => (step.state === 'done' ? step.fact.kind : `${step.name} ${step.state === 'failed' ? step.error.code : step.state}`));
const facts = <K extends StepFact['kind']>({ steps }: Diagnosis, kind: K): Extract<StepFact, { kind: K }> | undefined =>
  steps.flatMap((step) => (step.state === 'done' ? [step.fact] : [])).find((fact): fact is Extract<StepFact, { kind: K }> => fact.kind === kind);
const failed = ({ steps }: Diagnosis): Extract<DiagnosisStep, { state: 'failed' }> => steps.find((step) => step.state === 'failed') ?? assert.fail('nothing failed');
const report = (diagnosis: Diagnosis): string => diagnosisText(diagnosis, english, 0);
const skipped = ['ping', 'login', 'image', 'signature tag', 'referrers'].map((name) => `${name} skipped`);

it('an image in a registry that needs nothing is followed to the end', async (test) => {
  const { host } = await registry(test);
  const { digest } = await pushImage(host, 'app', '1');
  const seen: string[] = [];
  const found = await look(test, `${host}/app:1`, { onStep: (name) => { seen.push(name); } });
  assert.deepEqual(states(found), ['proxy', 'name', 'connect', 'plain http', 'ping', 'login', 'image', 'signature tag', 'referrers']);
  assert.deepEqual(seen, ['proxy', 'name', 'connect', 'tls', 'ping', 'login', 'image', 'signature tag', 'referrers']);
  assert.deepEqual([facts(found, 'image')?.digest, facts(found, 'signature tag')?.found, facts(found, 'referrers')], [digest, false, { kind: 'referrers', support: 'yes', count: 0 }]);
  assert.match(report(found), /Every step that was tried went well[\s\S]*Nothing: the registry can be used/);
});

it('without the referrers API the tag is looked for', async (test) => {
  const { host } = await registry(test, { referrers: 'router 404' });
  const { digest } = await pushImage(host, 'app', '1');
  await pushImage(host, 'app', digest.replace(':', '-'));
  await pushImage(host, 'app', `${digest.replace(':', '-')}.sig`);
  const found = await look(test, `${host}/app:1`);
  assert.deepEqual([facts(found, 'signature tag')?.found, facts(found, 'referrers')?.support, facts(found, 'referrers')?.tagFound], [true, 'no', true]);
});

it('a missing image still says whether there is a referrers API', async (test) => {
  const { host } = await registry(test, { referrers: 'router 404' });
  const found = await look(test, `${host}/app:none`);
  assert.deepEqual(states(found).slice(-3), ['image IMAGE_NOT_FOUND', 'signature tag skipped', 'referrers']);
  assert.equal(facts(found, 'referrers')?.support, 'no');
});

it('a name that nobody knows ends it, and only what was not tried is said not to be tried', async (test) => {
  const found = await look(test, 'name.invalid/app:1');
  assert.deepEqual(states(found), ['proxy', 'name REGISTRY_UNREACHABLE', 'connect skipped', 'tls skipped', ...skipped]);
  assert.match(report(found), /ENOTFOUND|EAI_AGAIN[\s\S]*http\.proxy/);
});

it('a refused connection ends it, with the cause of the system', async (test) => {
  const found = await look(test, 'registry.test:1/app:1', { resolve: toHere });
  assert.deepEqual(states(found), ['proxy', 'name', 'connect REGISTRY_UNREACHABLE', 'tls skipped', ...skipped]);
  assert.match(report(found), /ECONNREFUSED/);
});

it('plain http where https is expected is told with the setting that allows it, and with it is spoken', async (test) => {
  const { host } = await registry(test);
  const name = host.replace('127.0.0.1', 'registry.test');
  const found = await look(test, name, { resolve: toHere });
  assert.deepEqual(states(found), ['proxy', 'name', 'connect', 'tls REGISTRY_TLS', 'ping skipped', 'login skipped']);
  assert.match(report(found), /The setting that changes it: `countersign\.registries\.insecure`/);
  const allowed = await look(test, name, { resolve: toHere, settings: { insecureRegistries: [name] } });
  assert.deepEqual([states(allowed), allowed.triedBefore?.scheme, facts(allowed, 'plain http')?.why], [['proxy', 'name', 'connect', 'plain http', 'ping', 'login'], 'https', 'listed']);
});

it('a certificate that is refused is shown all the same, with the remedy for its fault', async (test) => {
  const unknown = await registry(test, { tls: tls('registry') });
  const found = await look(test, unknown.host.replace('127.0.0.1', 'registry.test'), { resolve: toHere });
  assert.deepEqual([failed(found).name, failed(found).error.setting, failed(found).tls?.issuer], ['tls', 'countersign.registries.certificateAuthorities', 'authority']);
  const expired = await registry(test, { tls: tls('expired') });
  const old = await look(test, expired.host.replace('127.0.0.1', 'registry.test'), { resolve: toHere, settings: { certificateAuthorities: { 'registry.test': tlsFile('authority.pem') } } });
  assert.deepEqual([failed(old).name, failed(old).error.setting], ['tls', 'countersign.registries.insecure']);
  assert.match(report(old), /CERT\\_HAS\\_EXPIRED[\s\S]*Valid from[\s\S]*renewed/);
  assert.equal(unknown.requests.length + expired.requests.length, 0);
});

it('a trusted certificate is shown with the file that it is trusted for', async (test) => {
  const { host } = await registry(test, { tls: tls('registry') });
  const found = await look(test, host.replace('127.0.0.1', 'registry.test'), { resolve: toHere, settings: { certificateAuthorities: { 'registry.test': tlsFile('authority.pem') } } });
  const fact = facts(found, 'tls')?.tls;
  assert.deepEqual([fact?.verified, fact?.authorityFile, fact?.protocol, fact?.names.includes('DNS:registry.test')], [true, tlsFile('authority.pem'), 'TLSv1.3', true]);
  assert.equal(states(found).at(-1), 'login');
});

for (const kind of ['basic', 'bearer'] as const) {
  const auth = { kind, accounts: { ada: 's3cret' }, anonymousPull: false } as const;
  it(`a login (${kind}) is tried and named with its source, and its password is nowhere`, async (test) => {
    const { host } = await registry(test, { auth });
    for (const [text, login, expected] of [[host, 'ada:s3cret', 'login'], [`${host}/app:1`, 'ada:wrong', 'login REGISTRY_UNAUTHORIZED']] as const) {
      const folder = await dockerConfig(test, host, login);
      const found = await look(test, text, { dockerConfig: folder });
      assert.equal(states(found)[5], expected);
      if (expected === 'login') assert.deepEqual(facts(found, 'login'), { kind: 'login', needed: true, account: 'ada', source: { kind: 'file', path: join(folder, 'config.json') }, accepted: true });
      assert.doesNotMatch(JSON.stringify(found) + report(found), /s3cret|wrong|YWRh/);
    }
  });
}

it('calls no login accepted that was of no use', async (test) => {
  const { host } = await registry(test, { auth: { kind: 'basic', accounts: { ada: 's3cret' } } });
  const found = await look(test, host, { dockerConfig: await dockerConfig(test, host, 'ada:s3cret') });
  assert.match(report(found), /ada is accepted/);
  const steps = found.steps.map((step) => ('fact' in step && step.fact.kind === 'login' ? { ...step, fact: { ...step.fact, accepted: false } } : step));
  assert.match(report({ ...found, steps }), /ada is of no use here/);
  assert.doesNotMatch(report({ ...found, steps }), /is accepted/);
});

it('without a login it is said that there is none; in Restricted Mode none is looked for', async (test) => {
  const { host } = await registry(test, { auth: { kind: 'basic', accounts: { ada: 's3cret' } } });
  const found = await look(test, `${host}/app:1`);
  assert.deepEqual([facts(found, 'login'), failed(found).name], [{ kind: 'login', needed: true, accepted: false }, 'image']);
  assert.match(report(found), /no login is stored[\s\S]*docker login/);
  const restricted = await look(test, `${host}/app:1`, { trusted: false, dockerConfig: await dockerConfig(test, host, 'ada:s3cret') });
  assert.deepEqual([facts(restricted, 'login')?.accepted, facts(restricted, 'login')?.account], [false, undefined]);
  assert.match(report(restricted), /no login was looked for[\s\S]*Restricted Mode: no login was used and no credential helper was started[\s\S]*Trust the workspace/);
});

it('a registry that limits requests is told as that', async (test) => {
  const { host } = await registry(test, { intercept: tooManyRequests('60') });
  const found = await look(test, `${host}/app:1`);
  assert.deepEqual(states(found).slice(4), ['ping REGISTRY_RATE_LIMITED', 'login skipped', 'image skipped', 'signature tag skipped', 'referrers skipped']);
});

it('a proxy is named with where it comes from, never with its login, and looks names up itself', async (test) => {
  const target = await registry(test, { tls: tls('registry') });
  const proxy = await startProxy(test, Number(target.host.split(':')[1]));
  const unknown: Resolve = (name, done) => { if (name === 'registry.test') done(Object.assign(new Error('x'), { code: 'ENOTFOUND' }), []); else toHere(name, done); };
  const found = await look(test, 'registry.test', { resolve: unknown, settings: { proxy: `http://ada:s3cret@${proxy.host}`, certificateAuthorities: { 'registry.test': tlsFile('authority.pem') } } });
  assert.deepEqual([facts(found, 'proxy')?.proxy, facts(found, 'name')?.addresses, states(found).at(-1)], [{ kind: 'proxy', shown: proxy.host, setting: 'http.proxy', hasLogin: true }, [], 'login']);
  assert.doesNotMatch(JSON.stringify(found) + report(found), /s3cret/);
});

it('what only the editor can reach is asked through it, and said so', async (test) => {
  const found = await look(test, 'name.invalid', { fetch: () => Promise.resolve(new Response('{}')) });
  assert.deepEqual([states(found), facts(found, 'ping')?.throughEditor], [['proxy', 'name REGISTRY_UNREACHABLE', 'ping', 'login'], true]);
  assert.match(report(found), /Our own way ends at "Name"; the editor's own networking knows another[\s\S]*ENOTFOUND[\s\S]*Nothing: the registry can be used/);
  const missing = await look(test, 'name.invalid/app:1', { fetch: (asked) => Promise.resolve(new Response('{}', { status: asked.endsWith('/v2/') ? 200 : 404 })) });
  assert.match(report(missing), /It ends at "Image"/);
});

it('a registry that registries.conf leads elsewhere is looked at there, and its mirrors are asked for the image', async (test) => {
  const [real, same, other, empty] = [await registry(test), await registry(test), await registry(test), await registry(test)];
  const { digest } = await pushImage(real.host, 'team/app', '1', 'one');
  await pushImage(same.host, 'copy/app', '1', 'one');
  await pushImage(other.host, 'copy/app', '1', 'another');
  const mirror = (location: string, more = ''): string => `[[registry.mirror]]\nlocation = "${location}"\n${more}\n`;
  const conf = `[[registry]]\nprefix = "registry.test"\nlocation = "${real.host}/team"\n${mirror(`${same.host}/copy`)}${mirror(`${other.host}/copy`)}${mirror(empty.host)}${mirror('127.0.0.1:1')}${mirror(`${same.host}/x`, 'pull-from-mirror = "digest-only"')}`;
  const seen: string[] = [];
  const found = await look(test, 'registry.test/app:1', { conf, onStep: (name) => { seen.push(name); } });
  assert.deepEqual(states(found), ['places', 'proxy', 'name', 'connect', 'plain http', 'ping', 'login', 'image', 'signature tag', 'referrers', 'mirror', 'mirror', 'mirror', 'mirror', 'mirror']);
  assert.deepEqual([seen[0], seen.at(-1), found.host, found.target.registry, facts(found, 'image')?.digest], ['places', 'mirror', real.host, 'registry.test', digest]);
  assert.deepEqual([facts(found, 'places')?.places.movedTo, facts(found, 'places')?.places.mirrors.length], [`${real.host}/team/app`, 5]);
  const text = report(found);
  assert.match(text, /Every step that was tried went well[\s\S]*It is really at `127[\s\S]*Mirror `127\.0\.0\.1:\d+\/copy\/app`, asked first\n/);
  assert.match(text, /Mirror `[^`]+\/x\/app`, asked first for what is named by its digest/);
  assert.match(text, new RegExp(`${same.host}/copy/app\` has it: \`${digest}[\\s\\S]*${other.host}/copy/app\` has another image[\\s\\S]*${empty.host}/app\` does not have it[\\s\\S]*127.0.0.1:1/app\` cannot be asked: .*REFUSED[\\s\\S]*/x/app\` is not asked for this`));
  const [whole] = [await look(test, 'registry.test', { conf })];
  assert.deepEqual([whole.host, facts(whole, 'places')?.places.movedTo, states(whole).at(-1), same.requests.some(({ path }) => path.includes('*'))], [real.host, `${real.host}/team`, 'mirror', false]);
});

it('what registries.conf blocks is asked nothing', async (test) => {
  const { host, requests } = await registry(test);
  for (const [text, rest] of [[`${host}/app:1`, ['image', 'signature tag', 'referrers']], [host, []]] as const) {
    const found = await look(test, text, { conf: `[[registry]]\nlocation = "${host}"\nblocked = true\n` });
    assert.deepEqual(states(found), ['places REGISTRY_BLOCKED', ...['proxy', 'name', 'connect', 'tls', 'ping', 'login', ...rest].map((name) => `${name} skipped`)]);
    assert.match(report(found), /It ends at "Files of this machine"[\s\S]*blocked in the registries&#46;conf/);
  }
  assert.equal(requests.length, 0);
});

it('what registries.conf calls insecure may speak plain http or show any certificate, and only that', async (test) => {
  const [plain, secure] = [await registry(test), await registry(test, { tls: tls('expired') })];
  for (const { host } of [plain, secure]) {
    const name = host.replace('127.0.0.1', 'registry.test');
    const conf = (insecure: boolean): string => `[[registry]]\nlocation = "${name}"\ninsecure = ${String(insecure)}\n`;
    assert.equal(failed(await look(test, name, { resolve: toHere, conf: conf(false) })).error.code, 'REGISTRY_TLS');
    const found = await look(test, name, { resolve: toHere, conf: conf(true) });
    assert.equal(states(found).at(-1), 'login', states(found).join());
    assert.match(report(found), /Plain http and any certificate are accepted there[\s\S]*the files of this machine/);
    assert.doesNotMatch(report(found), /countersign\.registries\.insecure (?:allows|$)/m);
  }
});

it('a registries.conf of version 1 is told, with what to do, and ends nothing', async (test) => {
  const { host } = await registry(test);
  const found = await look(test, host, { conf: '[registries.search]\nregistries = ["docker.io"]\n' });
  assert.deepEqual(states(found), ['places', 'proxy', 'name', 'connect', 'plain http', 'ping', 'login']);
  assert.match(report(found), /is of version 1, which is not supported.*version 2/);
  assert.match(report(await look(test, host, { conf: 'unqualified-search-registries = ["quay.io"]\n[aliases]\nalpine = "quay.io/x/alpine"\n' })), /say nothing of it/);
});

it('what a registry says is made harmless in the report', async (test) => {
  const hostile = '[x](command:evil) <b> ` $(bug) \u202E';
  const { host } = await registry(test, { intercept: () => ({ status: 401, headers: { 'www-authenticate': `Bearer realm="https://x.test/${encodeURI('[x](command:evil)')}?token=s3cret",service="[x](command:evil) <b> $(bug)"` } }) });
  const text = report(await look(test, host));
  assert.doesNotMatch(text, /\]\(command:|<b>|\$\(bug\)|s3cret/);
  const made: Diagnosis = { target: { registry: 'r' }, host: 'r', steps: [{ state: 'failed', tookMs: 1, name: 'ping', error: new CosignError('REGISTRY_DENIED', said`${hostile}`) }] };
  assert.doesNotMatch(report(made), /\]\(command:|<b>|\$\(bug\)|\u202E/);
});

it('cancelling is no finding', async (test) => {
  const reason = new Error('cancelled');
  const abort = new AbortController();
  const { host } = await registry(test);
  await assert.rejects(look(test, `${host}/app:1`, { signal: abort.signal, onStep: (name) => { if (name === 'ping') abort.abort(reason); } }), reason);
});

for (const [text, registryName, image] of [
  ['ghcr.io', 'ghcr.io', undefined], ['https://ghcr.io/v2/', 'ghcr.io', undefined], ['docker.io', 'index.docker.io', undefined], ['localhost:5000', 'localhost:5000', undefined],
  ['registry:5000/', 'registry:5000', undefined], ['alpine:3.20', 'index.docker.io', 'library/alpine'], ['registry:5000', 'index.docker.io', 'library/registry'], ['ghcr.io/o/r:1', 'ghcr.io', 'o/r'],
] as const) {
  it(`"${text}" is ${image === undefined ? 'a registry' : 'an image'}`, () => {
    const { registry: found, reference } = parseDiagnosisTarget(text);
    assert.deepEqual([found, reference?.repository], [registryName, image]);
  });
}
