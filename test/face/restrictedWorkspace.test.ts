// A workspace that nobody trusts and that tries everything, with the real engine: counted are programs started, logins sent, keys added and files read outside.
import assert from 'node:assert/strict';
import child from 'node:child_process';
import fs, { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import type * as api from 'vscode';
import { activate } from '../../src/extension.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import type { Digest } from '../../src/core/crypto/digest.ts';
import { makeKey, makePayload, simpleSigningType } from '../support/signedImages.ts';
import { ExtensionMode, fake, Uri, workspace } from '../support/vscode.ts';
import { settle } from './harness.ts';

const [mine, theirs] = [makeKey(), makeKey()];
const secret = 'canary:canary-password';

describe('a hostile workspace in Restricted Mode', () => {
  let registry: TestRegistry;
  /** Wants no login; holds an image that the user's own key signed. */
  let open: TestRegistry;
  let outside: string;
  let folder: string;
  let subscriptions: { dispose(): unknown }[];
  let environment: Readonly<Record<string, string | undefined>>;
  /** The extension's own, which no workspace chooses. */
  const storage = (): string => join(outside, 'User', 'globalStorage', 'countersign');
  const spawned: string[] = [];
  const read: string[] = [];

  beforeEach(async () => {
    fake.reset();
    [spawned.length, read.length] = [0, 0];
    registry = await startRegistry({ auth: { kind: 'basic', accounts: { canary: 'canary-password' } } });
    registry.store.putImage('demo/app', '1.0');
    outside = mkdtempSync(join(tmpdir(), 'countersign-outside-'));
    folder = join(outside, 'clone');
    const docker = join(outside, 'docker');
    for (const path of [folder, docker, join(folder, '.docker'), join(folder, 'k8s')]) mkdirSync(path);
    // What this person is logged in with, which the workspace would like to see used.
    const login = JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(secret).toString('base64') } }, credHelpers: { [registry.host]: 'canary' }, credsStore: 'canary' });
    for (const path of [join(docker, 'config.json'), join(folder, '.docker', 'config.json')]) writeFileSync(path, login);
    writeFileSync(join(outside, 'id.pub'), theirs.pem);
    writeFileSync(join(folder, 'cosign.pub'), theirs.pem);
    environment = { DOCKER_CONFIG: process.env['DOCKER_CONFIG'], KUBECONFIG: process.env['KUBECONFIG'], PATH: process.env['PATH'] };
    Object.assign(process.env, { DOCKER_CONFIG: docker, KUBECONFIG: join(folder, 'k8s', 'config') });
    const kubeconfig = { apiVersion: 'v1', clusters: [{ name: 'c', cluster: { server: registry.url } }], users: [{ name: 'u', user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: [join(outside, 'pwned')] } } }], contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], 'current-context': 'x' };
    writeFileSync(join(folder, 'k8s', 'config'), JSON.stringify(kubeconfig));
    for (const name of ['spawn', 'execFile', 'exec', 'fork', 'spawnSync', 'execFileSync', 'execSync'] as const) {
      const original = child[name] as (...args: unknown[]) => unknown;
      mock.method(child, name, (...args: unknown[]) => {
        spawned.push(String(args[0]));
        return original(...args);
      });
    }
    for (const name of ['open', 'readFile', 'stat', 'lstat', 'realpath', 'readdir'] as const) {
      const original = fs.promises[name] as (...args: unknown[]) => unknown;
      mock.method(fs.promises, name, (...args: unknown[]) => {
        read.push(String(args[0]));
        return original(...args);
      });
    }
    // The editor's own reading, which does not go through the modules of the machine.
    for (const name of ['readFile', 'stat'] as const) {
      const original = workspace.fs[name] as (uri: Uri) => Promise<never>;
      mock.method(workspace.fs, name, (uri: Uri) => {
        read.push(uri.path);
        return original(uri);
      });
    }
    open = await startRegistry();
    fake.folder(folder);
    workspace.isTrusted = false;
    workspace.workspaceFile = Uri.file(join(folder, 'x.code-workspace'));
    fake.configuration.user['countersign.keys'] = { mine: mine.pem };
    subscriptions = [];
  });
  afterEach(async () => {
    for (const item of subscriptions.toReversed()) item.dispose();
    await settle();
    mock.restoreAll();
    for (const [name, value] of Object.entries(environment)) {
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
    await Promise.all([registry, open].map((one) => one.close().catch(() => undefined)));
    // What is stored may still be being written.
    rmSync(outside, { recursive: true, force: true, maxRetries: 5 });
  });

  const hostile = (): Readonly<Record<string, unknown>> => ({
    'countersign.keys': { evil: join(outside, 'id.pub'), mine: theirs.pem, link: '../id.pub', env: 'env://PATH', cluster: 'k8s://default/evil', web: `${registry.url}/evil.pub` },
    'countersign.policies': [{ images: ['**'], keys: ['evil', 'mine', 'cluster', 'web'] }],
    'countersign.policyFiles': [join(outside, '*.json'), 'policy.json', 'policy.yaml', '../**'],
    'countersign.registries.useCredentials': true, 'countersign.registries.insecure': [registry.host, '*'],
    'countersign.registries.certificateAuthorities': { [registry.host]: join(outside, 'id.pub') }, 'countersign.registries.dockerConfig': outside,
    'countersign.kubernetes.kubeconfig': join(folder, 'k8s', 'config'), 'countersign.kubernetes.context': 'x', 'countersign.dockerfile.buildArgs': { A: 'x' }, 'countersign.signing.repository': registry.host,
    'countersign.verify.on': 'type',
  });

  for (const policies of ['no policy files', 'policy files'] as const) {
    it(`with ${policies} starts no program, sends no login, adds no key and reads no file outside`, async () => {
      for (const scope of ['workspace', 'folder'] as const) {
        Object.assign(fake.configuration[scope], hostile());
        if (policies === 'no policy files') delete fake.configuration[scope]['countersign.policyFiles'];
      }
      fake.script.answer({ escape: true });
      const policy = { default: [{ type: 'sigstoreSigned', keyPath: join(outside, 'id.pub') }], transports: { docker: { [registry.host]: [{ type: 'sigstoreSigned', keyPath: join(outside, 'id.pub') }] } } };
      fake.files.set(join(folder, 'policy.json'), new TextEncoder().encode(JSON.stringify(policy)));
      fake.files.set(join(folder, 'policy.yaml'), new TextEncoder().encode('apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: evil }\nspec: { images: [{ glob: "**" }], authorities: [{ key: { kms: "k8s://default/evil" } }, { key: { secretRef: { name: k } } }] }\n'));
      for (const name of ['a.json', 'policy.json']) fake.files.set(join(outside, name), new TextEncoder().encode(JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] })));
      const image = open.store.putImage('demo/mine', '1.0');
      const { payload, signature } = makePayload(image.digest as Digest, mine);
      const layer = { ...open.store.putBlob('demo/mine', payload, simpleSigningType), annotations: { 'dev.cosignproject.cosign/signature': signature } };
      open.store.putManifest('demo/mine', image.digest.replace(':', '-') + '.sig', { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: open.store.putBlob('demo/mine', '{}', 'application/vnd.oci.image.config.v1+json'), layers: [layer] });
      const context = { subscriptions, extensionMode: ExtensionMode.Test, extensionUri: Uri.file('/extension'), globalStorageUri: Uri.file(storage()), secrets: fake.secrets, workspaceState: fake.memory, globalState: fake.memory, extension: { packageJSON: { version: '1.2.3' } } };
      const hooks = activate(context as unknown as api.ExtensionContext);
      assert.ok(hooks);
      const document = fake.open(join(folder, 'Dockerfile'), `# syntax=${registry.host}/demo/app:1.0\nARG A=${registry.host}/demo/app:1.0\nFROM \${A} AS x\nFROM ${registry.host}/demo/app:1.0@sha256:${'0'.repeat(64)}\nCOPY --from=${registry.host}/demo/other:1 /a /b\nFROM ${open.host}/demo/mine:1.0\n`);
      fake.show(document);
      const uri = document.uri as unknown as api.Uri;
      for (let turn = 0; turn < 500 && !hooks.tracker.get(uri); turn++) await settle();
      await hooks.tracker.whenIdle();
      for (const command of ['verify', 'verifyAgain', 'signImage', 'signFile', 'copyImage', 'generateKeyPair', 'generateClusterKeyPair', 'importKeyPair', 'changeKeyPassword', 'showTrust', 'verifyFile', 'openLog']) await fake.commands.get(`countersign.${command}`)?.(uri);
      await settle();
      await hooks.tracker.whenIdle();

      const all = hooks.tracker.get(uri)?.uses ?? [];
      const states = all.filter(({ use }) => !use.text.startsWith(open.host)).map(({ state }) => state.kind);
      assert.ok(states.length >= 3 && !states.includes('verified'), states.join());
      // The user's own verdict is there, and what the workspace demands on top can only take "verified" from it.
      const own = all.find(({ use }) => use.text.startsWith(open.host))?.state;
      assert.equal(own?.kind, policies === 'policy files' ? 'unchecked' : 'verified');
      const judged = own.kind === 'unchecked' ? own.evidence : own;
      assert.deepEqual(judged && 'signatures' in judged ? judged.signatures.map(({ signedBy }) => signedBy?.key) : [], ['mine']);
      if (policies === 'no policy files') assert.ok(registry.count() > 0, 'the registry was asked, without a login');
      assert.deepEqual(spawned, []);
      assert.deepEqual(registry.requests.filter(({ headers }) => headers['authorization'] !== undefined), []);
      assert.deepEqual(fake.configuration.writes, []);
      assert.deepEqual([...fake.kept], []);
      // Where containers on this machine keep signatures, and which registries and mirrors it has, is the machine's to say: fixed places, which no workspace chooses.
      assert.deepEqual(read.filter((path) => !path.startsWith(folder) && !/\/User\/globalStorage\/countersign\/signatures(\/|$)/.test(path) && !/\/containers\/registries(?:\.rootful)?\.d$|\/containers\/registries\.conf(?:\.d(?:\/[^/]+)?)?$|\/daemon\.json$/.test(path)), []);
      assert.deepEqual([fake.script.unexpected, existsSync(join(outside, 'pwned'))], [[], false]);
      assert.ok(!JSON.stringify([fake.log, fake.script.messages()]).includes('canary'));
    });
  }


  it('is counted: once trusted, the same folder has the login sent', async () => {
    workspace.isTrusted = true;
    const context = { subscriptions, extensionMode: ExtensionMode.Test, extensionUri: Uri.file('/extension'), globalStorageUri: Uri.file(storage()), secrets: fake.secrets, workspaceState: fake.memory, globalState: fake.memory, extension: { packageJSON: { version: '1.2.3' } } };
    const hooks = activate(context as unknown as api.ExtensionContext);
    const document = fake.open(join(folder, 'Dockerfile'), `FROM ${registry.host}/demo/app:1.0\n`);
    fake.show(document);
    const uri = document.uri as unknown as api.Uri;
    for (let turn = 0; turn < 500 && !hooks?.tracker.get(uri); turn++) await settle();
    await hooks?.tracker.whenIdle();
    assert.ok(spawned.length > 0 || registry.requests.some(({ headers }) => headers['authorization'] !== undefined));
    assert.ok(read.some((path) => path.startsWith(join(outside, 'docker'))));
  });
});
