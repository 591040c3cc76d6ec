// The command line as people start it, at registries with logins and certificates of their own: every flag that is about the connection does what it says.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { CliProcess, type ProcessResult } from '../support/cliProcess.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../support/registry.ts';
import { types } from '../support/registryStore.ts';
import { makeKey, simpleSigningType } from '../support/signedImages.ts';

const release = makeKey();
const tlsFile = (name: string): string => join(process.cwd(), 'test/fixtures/tls', name);
const tlsOf = (name: string): { readonly key: string; readonly cert: string } => ({ key: readFileSync(tlsFile(`${name}.key`), 'utf8'), cert: readFileSync(tlsFile(`${name}.pem`), 'utf8') });

let cli: CliProcess;
const open: TestRegistry[] = [];
before(async () => {
  cli = await CliProcess.build();
  writeFileSync(join(cli.directory, 'release.pub'), release.pem);
});
after(async () => { await Promise.all(open.map((registry) => registry.close())); });

/** A registry with one image, `team/app:1`, that release signed as `r.io/team/app`, or as what is `named`. */
async function signedRegistry(options: RegistryOptions = {}, named: (host: string) => string = () => 'r.io/team/app'): Promise<TestRegistry> {
  const registry = await startRegistry(options);
  open.push(registry);
  const { store } = registry;
  const image = store.putImage('team/app', '1');
  const payload = Buffer.from(JSON.stringify({ critical: { identity: { 'docker-reference': named(registry.host) }, image: { 'docker-manifest-digest': image.digest }, type: 'cosign container image signature' }, optional: null }));
  const layer = { ...store.putBlob('team/app', payload, simpleSigningType), annotations: { 'dev.cosignproject.cosign/signature': sign('sha256', payload, release.privateKey).toString('base64') } };
  store.putManifest('team/app', `${image.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers: [layer] });
  return registry;
}

const verify = (image: string, flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<ProcessResult> => cli.run(['verify', '--key', 'release.pub', ...flags, image], { env });

describe('a key from a pipe', { skip: process.platform === 'win32' }, () => {
  it('verifies an image and a file, like the file it comes from', async () => {
    const { host } = await signedRegistry();
    const image = await cli.shell(`countersign verify --key <(cat release.pub) --key <(cat release.pub) ${host}/team/app:1`);
    assert.equal(image.code, 0, image.stderr);
    const stranger = await cli.shell(`countersign verify --key <(printf '%s' "$OTHER") ${host}/team/app:1`, { env: { OTHER: makeKey().pem } });
    assert.equal(stranger.code, 12, stranger.stderr);
    const nonsense = await cli.shell(`countersign verify --key <(echo release.pub) ${host}/team/app:1`);
    assert.equal(nonsense.code, 1, nonsense.stderr);
  });

  it('signs, gives its public key and is imported', async () => {
    const pem = release.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const env = { COSIGN_PASSWORD: 'pw', PLAIN: pem };
    const made = await cli.shell(`countersign import-key-pair --key <(printf '%s' "$PLAIN") --output-key-prefix piped && countersign public-key --key <(cat piped.key)`, { env });
    assert.deepEqual([made.code, made.stdout], [0, readFileSync(join(cli.directory, 'piped.pub'), 'utf8')], made.stderr);
    const signed = await cli.shell(`echo text > text.txt && countersign sign-blob --key <(cat piped.key) --output-signature text.sig text.txt && countersign verify-blob --key <(cat piped.pub) --signature <(cat text.sig) text.txt`, { env });
    assert.equal(signed.code, 0, signed.stderr);
    const { host, store } = await signedRegistry();
    const written = await cli.shell(`countersign sign --key <(cat piped.key) --format legacy ${host}/team/app:1`, { env });
    assert.equal(written.code, 0, written.stderr);
    assert.ok(store.repository('team/app'));
  });
});

describe('certificates', () => {
  it('of an authority that nobody knows are refused, and --registry-cacert makes it known', async () => {
    const { host } = await signedRegistry({ tls: tlsOf('registry') });
    const refused = await verify(`${host}/team/app:1`);
    assert.deepEqual([refused.code, refused.stdout], [20, '']);
    assert.match(refused.stderr, /--registry-cacert/);
    assert.equal((await verify(`${host}/team/app:1`, ['--registry-cacert', tlsFile('authority.pem')])).code, 0);
    assert.equal((await verify(`${host}/team/app:1`, [], { COSIGN_REGISTRY_CACERT: tlsFile('authority.pem') })).code, 0);
    assert.equal((await verify(`${host}/team/app:1`, ['--registry-cacert', tlsFile('other.pem')])).code, 20);
  });

  it('of any kind are accepted with --allow-insecure-registry, and only with it', async () => {
    for (const name of ['self', 'expired']) {
      const { host } = await signedRegistry({ tls: tlsOf(name) });
      assert.equal((await verify(`${host}/team/app:1`)).code, 20, name);
      assert.equal((await verify(`${host}/team/app:1`, ['--allow-insecure-registry'])).code, 0, name);
      assert.equal((await verify(`${host}/team/app:1`, ['--allow-insecure-registry=false'])).code, 20, name);
    }
  });
});

describe('plain http', () => {
  /** Leads whatever name is asked for to one registry. */
  async function proxyTo(registry: TestRegistry): Promise<Server> {
    const proxy = createServer((incoming, answer) => {
      const { pathname, search } = new URL(incoming.url ?? '', 'http://unknown');
      const forwarded = request(`${registry.url}${pathname}${search}`, { method: incoming.method, headers: { ...incoming.headers, host: registry.host } }, (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(answer);
      });
      incoming.pipe(forwarded);
    });
    await new Promise<void>((listening) => { proxy.listen(0, '127.0.0.1', listening); });
    return proxy;
  }

  it('is spoken with another machine only with --allow-http-registry', async () => {
    const registry = await signedRegistry();
    const proxy = await proxyTo(registry);
    try {
      const env = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '' };
      assert.equal((await verify('registry.test/team/app:1', [], env)).code, 20);
      assert.equal(registry.requests.length, 0);
      assert.equal((await verify('registry.test/team/app:1', ['--allow-http-registry'], env)).code, 0);
    } finally {
      proxy.close();
    }
  });
});

describe('logins', () => {
  const accounts = { ada: 's3cret' };

  it('of the command line and of the environment are sent, and never said', async () => {
    for (const auth of [{ kind: 'basic', accounts }, { kind: 'bearer', accounts, anonymousPull: false }] as const) {
      const { host } = await signedRegistry({ auth });
      const refused = await verify(`${host}/team/app:1`, ['--verbose']);
      assert.deepEqual([refused.code, refused.stdout], [20, ''], auth.kind);
      assert.match(refused.stderr, /--registry-username/);
      for (const [flags, env] of [
        [['--registry-username', 'ada', '--registry-password', 's3cret'], {}],
        [['--registry-username=ada'], { COSIGN_REGISTRY_PASSWORD: 's3cret' }],
        [[], { COSIGN_REGISTRY_USERNAME: 'ada', COSIGN_REGISTRY_PASSWORD: 's3cret' }],
      ] as const) {
        const { code, stdout, stderr } = await verify(`${host}/team/app:1`, [...flags, '--verbose'], env);
        assert.equal(code, 0, `${auth.kind} ${flags.join(' ')}: ${stderr}`);
        assert.doesNotMatch(stdout + stderr, /s3cret/);
      }
      const wrong = await verify(`${host}/team/app:1`, ['--registry-username', 'ada', '--registry-password', 'wr0ng', '--verbose']);
      assert.equal(wrong.code, 20, auth.kind);
      assert.doesNotMatch(wrong.stdout + wrong.stderr, /wr0ng/);
    }
  });

  it('by token are sent as they are', async () => {
    const { host } = await signedRegistry({ auth: { kind: 'bearer', anonymousPull: false, staticTokens: ['t0ken'] } });
    assert.equal((await verify(`${host}/team/app:1`, ['--registry-token', 't0ken'])).code, 0);
    assert.equal((await verify(`${host}/team/app:1`, [], { COSIGN_REGISTRY_TOKEN: 't0ken' })).code, 0);
  });

  it('of docker are taken where the command line gives none', async () => {
    const { host } = await signedRegistry({ auth: { kind: 'basic', accounts } });
    const folder = join(cli.directory, 'docker-config');
    mkdirSync(folder);
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [host]: { auth: Buffer.from('ada:s3cret').toString('base64') } } }));
    assert.equal((await verify(`${host}/team/app:1`, [], { DOCKER_CONFIG: folder })).code, 0);
  });
});

describe('signing', () => {
  const env = { COSIGN_PASSWORD: 'of the test' };

  it('writes the media types of Docker when COSIGN_DOCKER_MEDIA_TYPES says so', async () => {
    const registry = await signedRegistry();
    await cli.run(['generate-key-pair', '--output-key-prefix', 'docker'], { env });
    for (const [value, type] of [['1', 'application/vnd.docker.distribution.manifest.v2+json'], ['', types.manifest], ['0', types.manifest]] as const) {
      const repository = `docker/of${value}`;
      const { digest } = registry.store.putImage(repository, '1');
      const { code, stderr } = await cli.run(['sign', '--key', 'docker.key', '--format', 'legacy', `${registry.host}/${repository}:1`], { env: { ...env, COSIGN_DOCKER_MEDIA_TYPES: value } });
      assert.equal(code, 0, stderr);
      assert.equal(registry.store.manifest(repository, `${digest.replace(':', '-')}.sig`)?.mediaType, type);
    }
  });

  it('takes cosign\'s words for the format', async () => {
    const registry = await signedRegistry();
    await cli.run(['generate-key-pair', '--output-key-prefix', 'words'], { env });
    for (const [flag, legacy, bundles] of [['--new-bundle-format=false', true, 0], ['--new-bundle-format', false, 1], ['--format=both', true, 1]] as const) {
      const repository = `words/${flag.replaceAll(/\W/g, '')}`;
      const { digest } = registry.store.putImage(repository, '1');
      assert.equal((await cli.run(['sign', '--key', 'words.key', flag, `${registry.host}/${repository}:1`], { env })).code, 0);
      assert.equal(registry.store.manifest(repository, `${digest.replace(':', '-')}.sig`) !== undefined, legacy, flag);
      const listed = await (await fetch(`${registry.url}/v2/${repository}/referrers/${digest}`)).json() as { manifests: unknown[] };
      assert.equal(listed.manifests.length, bundles, flag);
    }
  });
});

describe('where things are', () => {
  it('triangulate names each of the tags', async () => {
    const registry = await signedRegistry();
    const digest = registry.store.manifest('team/app', '1')?.digest ?? '';
    const name = `${registry.host}/team/app`;
    const tag = digest.replace(':', '-');
    for (const [type, said] of [['signature', `${name}:${tag}.sig`], ['attestation', `${name}:${tag}.att`], ['sbom', `${name}:${tag}.sbom`], ['digest', `${name}@${digest}`]] as const) {
      assert.equal((await cli.run(['triangulate', '--type', type, `${name}:1`])).stdout, `${said}\n`);
    }
  });

  it('copy --only takes those kinds and no other', async () => {
    const registry = await signedRegistry();
    const { store } = registry;
    const image = store.manifest('team/app', '1');
    assert.ok(image);
    const tag = image.digest.replace(':', '-');
    for (const suffix of ['att', 'sbom']) store.putManifest('team/app', `${tag}.${suffix}`, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers: [store.putBlob('team/app', suffix, 'text/plain')] });
    store.putReferrer('team/app', { mediaType: image.mediaType, digest: image.digest, size: image.bytes.length }, 'a report', 'text/report');
    for (const [only, kept] of [[['sig'], ['sig']], [['att,sbom'], ['att', 'sbom']], [['sig', 'referrers'], ['sig', 'referrers']], [[], ['sig', 'att', 'sbom', 'referrers']]] as const) {
      const target = `copies/${only.join('-').replace(',', '-') || 'all'}`;
      const { code, stderr } = await cli.run(['copy', ...only.flatMap((kind) => ['--only', kind]), `${registry.host}/team/app:1`, `${registry.host}/${target}:1`]);
      assert.equal(code, 0, stderr);
      const listed = await (await fetch(`${registry.url}/v2/${target}/referrers/${image.digest}`)).json() as { readonly manifests: readonly unknown[] };
      const there: readonly string[] = [...['sig', 'att', 'sbom'].filter((suffix) => store.manifest(target, `${tag}.${suffix}`) !== undefined), ...(listed.manifests.length > 0 ? ['referrers'] : [])];
      assert.deepEqual(there, kept);
    }
  });
});

describe('the name that signatures were made for', () => {
  const copy = async ({ host }: TestRegistry, flags: readonly string[] = ['--key', 'release.pub']): Promise<string> => {
    const { code, stdout, stderr } = await cli.run(['copy', ...flags, `${host}/team/app:1`, `${host}/copies/app:1`]);
    assert.deepEqual([code, stdout.startsWith(`${host}/copies/app@sha256:`)], [0, true], stderr);
    return stderr;
  };

  it('is told by copy where it is not that of the copy, which is no fault', async () => {
    const registry = await signedRegistry();
    const said = await copy(registry);
    assert.ok(said.includes(` is valid here: release.pub. Signed as r.io/team/app; the copy is ${registry.host}/copies/app. Verified at the destination: `), said);
  });

  it('is not told where it is that of the copy, nor of signatures that nobody verified', async () => {
    assert.doesNotMatch(await copy(await signedRegistry({}, (host) => `${host}/copies/app`)), /Signed as/);
    assert.doesNotMatch(await copy(await signedRegistry(), []), /Signed as/);
  });
});

describe('being stopped', () => {
  for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]] as const) {
    it(`by ${signal} while a registry is silent says nothing of any image`, { skip: process.platform === 'win32' }, async () => {
      let asked: () => void = () => undefined;
      const reached = new Promise<void>((done) => { asked = done; });
      const registry = await signedRegistry({ intercept: () => { asked(); return new Promise(() => undefined); } });
      const child = cli.start(['verify', '--key', 'release.pub', `${registry.host}/team/app:1`]);
      let said = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { said += chunk.toString(); });
      const ended = new Promise<number | null>((done) => { child.once('close', done); });
      await reached;
      child.kill(signal);
      assert.equal(await ended, code);
      assert.match(said, /^Cancelled: nothing is known\.\n$/);
    });
  }
});
