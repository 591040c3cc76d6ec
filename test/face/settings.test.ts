// Settings as people and repositories write them: what counts, what is refused, and what is said about it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fake, Uri, workspace } from '../support/vscode.ts';
import { verdicts } from './fakeEngine.ts';
import { folder, home, openDockerfile, run, screen, settle, startFace, trustKey, trustOf, useFace } from './harness.ts';

describe('trusted keys', () => {
  useFace();

  it('of all scopes add up, the most specific one counting, each with the directory its paths start from', async () => {
    fake.configuration.user['countersign.keys'] = { a: 'a.pub', b: 'b.pub' };
    fake.configuration.workspace['countersign.keys'] = { b: 'other.pub' };
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    assert.deepEqual(trustOf(face, document).settings.trust.keys, [
      { name: 'a', reference: 'a.pub', baseDirectory: home },
      { name: 'b', reference: 'other.pub', baseDirectory: folder },
    ]);
  });

  it('that are broken hide the key of the same name in a less specific scope', async () => {
    fake.configuration.user['countersign.keys'] = { a: 'a.pub' };
    fake.configuration.workspace['countersign.keys'] = { a: 5 };
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    const { trust } = trustOf(face, document).settings;
    assert.deepEqual([trust.keys, trust.problems.map(({ code }) => code)], [[], ['SETTING_INVALID']]);
    assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['unchecked'], 0]);
  });

  for (const [what, value] of [['a list', []], ['a text', 'key.pub'], ['a number', 3]] as const) {
    it(`given as ${what} leave images unchecked, not unnoticed`, async () => {
      fake.configuration.user['countersign.keys'] = value;
      const face = startFace();
      const document = await openDockerfile('FROM alpine');
      assert.deepEqual([screen.kinds(face, document), screen.codes(document)], [['unchecked'], ['unchecked']]);
      assert.match(screen.languageStatus('countersign.settings')?.detail ?? '', /countersign\.keys/);
    });
  }

  it('that change drop every verdict and are asked about again', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    const document = await openDockerfile('FROM alpine');
    face.engine.answers.clear();
    fake.set('user', 'countersign.keys', { other: '/keys/other.pub' });
    await settle();
    assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['pending'], 2]);
    assert.deepEqual(face.engine.calls[1]?.query.trust.keys.map(({ name }) => name), ['other']);
  });

  it('that change while an answer is on its way make that answer count for nothing', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    const [old] = face.engine.calls;
    fake.set('user', 'countersign.keys', { other: '/keys/other.pub' });
    old?.answer(verdicts.verified);
    await settle();
    assert.deepEqual([old?.signal.aborted, screen.kinds(face, document)], [true, ['pending']]);
  });

  it('in files are watched: a changed file is read anew', async () => {
    fake.configuration.user['countersign.keys'] = { a: 'keys/a.pub', b: '-----BEGIN PUBLIC KEY-----', c: 'env://KEY', d: 'https://example.com/d.pub' };
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.verified);
    await openDockerfile('FROM alpine');
    const beside = `${folder}|Dockerfile{.sig,.sigstore.json,.bundle}`;
    assert.deepEqual([...fake.watchers].map(({ pattern }) => (typeof pattern === 'string' ? pattern : `${pattern.baseUri.path}|${pattern.pattern}`)), [beside, `${home}/keys|a.pub`]);
    for (const { changed, pattern } of fake.watchers) if (typeof pattern === 'object') changed.fire(pattern.baseUri);
    await settle();
    assert.deepEqual([face.engine.forgotten, face.engine.calls.length], [1, 2]);
  });
});

describe('policies', () => {
  useFace();

  for (const [what, policies] of [
    ['an unknown key', [{ images: ['**'], keys: ['nobody'] }]],
    ['no images', [{ images: [], keys: ['release'] }]],
    ['a pattern that is none', [{ images: ['a b'], keys: ['release'] }]],
    ['an unknown field', [{ images: ['**'], keys: ['release'], image: 'x' }]],
    ['no list at all', { images: ['**'] }],
  ] as const) {
    it(`with ${what} leave every image unchecked, and the engine is not asked`, async () => {
      trustKey();
      fake.configuration.user['countersign.policies'] = policies;
      const face = startFace();
      const document = await openDockerfile('FROM alpine\nFROM busybox');
      assert.deepEqual([screen.kinds(face, document), face.engine.calls.length], [['unchecked', 'unchecked'], 0]);
      const [state] = trustOf(face, document).uses.map((item) => item.state);
      assert.equal(state?.kind === 'unchecked' && state.reason.code, 'POLICY_INVALID');
      assert.equal(screen.languageStatus('countersign.settings')?.severity, 1);
    });
  }

  it('reach the engine as they are written', async () => {
    trustKey();
    fake.configuration.user['countersign.policies'] = [{ name: 'ours', images: ['ghcr.io/o/**', '!ghcr.io/o/x'], keys: ['release'], annotations: { env: 'prod' }, severity: 'error' }];
    const face = startFace();
    await openDockerfile('FROM ghcr.io/o/app');
    assert.deepEqual(face.engine.calls[0]?.query.trust.policies.map((policy) => ({ ...policy, annotations: { ...policy.annotations } })), [
      { name: 'ours', images: ['ghcr.io/o/**', '!ghcr.io/o/x'], keys: ['release'], annotations: { env: 'prod' }, severity: 'error', origin: { kind: 'settings', index: 0, uri: 'vscode-userdata:/User/settings.json' } },
    ]);
  });
});

describe('other settings', () => {
  useFace();

  it('that are wrong are said and their defaults stand in, credentials being kept back', async () => {
    trustKey();
    Object.assign(fake.configuration.user, {
      'countersign.verify.on': 'sometimes', 'countersign.verify.debounce': -1, 'countersign.registries.insecure': 'localhost', 'countersign.registries.useCredentials': 'yes',
      'countersign.network.timeout': 1e9, 'countersign.diagnostics.unsigned': 5, 'countersign.dockerfile.buildArgs': { A: 1, B: 'b' },
    });
    const configured: unknown[] = [];
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    const { settings } = trustOf(face, document);
    configured.push(settings.verifyOn, settings.debounceMs, settings.severities.unsigned, settings.dockerfile.buildArgs);
    assert.deepEqual(configured, ['type', 300, 'warning', { B: 'b' }]);
    assert.equal(settings.problems.filter(({ code }) => code === 'SETTING_INVALID').length, 7);
    assert.equal(face.engine.calls.length, 1);
    fake.set('user', 'http.proxy', 'http://proxy:3128');
    await settle();
    const [engine] = face.engine.configured;
    assert.deepEqual([engine?.useCredentials, engine?.insecureRegistries, engine?.timeoutMs, engine?.proxy], [false, [], 30_000, 'http://proxy:3128']);
  });

  it('reach the engine in its units, and paths of certificates in full', async () => {
    trustKey();
    const face = startFace();
    await openDockerfile('FROM alpine');
    Object.assign(fake.configuration.user, { 'countersign.network.timeout': 5, 'countersign.cache.tagLifetime': 7, 'countersign.storage.maxSize': 3, 'countersign.registries.certificateAuthorities': { a: 'ca.pem' } });
    Object.assign(fake.configuration.workspace, { 'countersign.registries.certificateAuthorities': { b: 'certs/ca.pem', c: '/etc/ca.pem' } });
    fake.set('user', 'countersign.registries.insecure', ['registry:5000']);
    const engine = face.engine.configured.at(-1);
    assert.deepEqual([engine?.timeoutMs, engine?.tagLifetimeMs, engine?.storageMaxBytes, engine?.insecureRegistries, engine?.trusted], [5000, 7000, 3_000_000, ['registry:5000'], true]);
    assert.deepEqual(engine?.certificateAuthorities, { a: `${home}/ca.pem`, b: `${folder}/certs/ca.pem`, c: '/etc/ca.pem' });
  });

  it('of the editor about proxies reach the engine, and turned off means none', async () => {
    trustKey();
    const face = startFace();
    await openDockerfile('FROM alpine');
    fake.set('user', 'http.proxyAuthorization', 'Basic YTpi');
    fake.set('user', 'http.proxy', 'http://proxy:3128');
    const on = face.engine.configured.at(-1);
    assert.deepEqual([on?.proxy, on?.proxyAuthorization, on?.proxySupport], ['http://proxy:3128', 'Basic YTpi', undefined]);
    fake.set('user', 'http.proxySupport', 'off');
    assert.equal(face.engine.configured.at(-1)?.proxySupport, false);
  });

  it('name client certificates by their two paths, and what is none is a problem', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    fake.configuration.user['countersign.registries.clientCertificates'] = { a: { cert: 'a.cert', key: 'a.key' }, wrong: 'a.pem', half: { cert: 'a.cert' } };
    fake.set('workspace', 'countersign.registries.clientCertificates', { b: { cert: 'certs/b.cert', key: '/etc/b.key' } });
    await settle();
    const engine = face.engine.configured.at(-1);
    assert.deepEqual(engine?.clientCertificates, {
      a: { certificate: `${home}/a.cert`, key: `${home}/a.key` }, b: { certificate: `${folder}/certs/b.cert`, key: '/etc/b.key' },
    });
    assert.equal(engine.useSystemConfiguration, true);
    assert.equal(trustOf(face, document).settings.problems.filter(({ message }) => message.includes('clientCertificates')).length, 2);
  });

  it('about drawing only do not ask the engine again', async () => {
    trustKey();
    const face = startFace();
    face.engine.answers.set('library/alpine', verdicts.unsigned);
    const document = await openDockerfile('FROM alpine');
    fake.set('user', 'countersign.diagnostics.unsigned', 'off');
    fake.set('user', 'countersign.codeLens.enabled', false);
    fake.set('user', 'countersign.statusBar.enabled', false);
    await settle();
    assert.deepEqual([face.engine.calls.length, screen.diagnostics(document), screen.lenses(document), screen.status().visible], [1, [], [], false]);
  });

  it('for build arguments decide which image is verified', async () => {
    trustKey();
    const face = startFace();
    const document = await openDockerfile('FROM $BASE');
    assert.deepEqual(screen.kinds(face, document), ['unresolved']);
    fake.set('user', 'countersign.dockerfile.buildArgs', { BASE: 'alpine' });
    await settle();
    assert.equal(face.engine.last('alpine').query.reference.repository, 'library/alpine');
  });
});

describe('Restricted Mode', () => {
  useFace();

  const workspaceValues = {
    'countersign.keys': { evil: 'evil.pub' }, 'countersign.policies': [{ images: ['**'], keys: ['evil'] }], 'countersign.dockerfile.buildArgs': { BASE: 'evil' },
    'countersign.dockerfile.platform': 'linux/s390x', 'countersign.registries.insecure': ['evil:80'], 'countersign.registries.certificateAuthorities': { evil: '/evil.pem' },
    'countersign.registries.useCredentials': true, 'countersign.registries.clientCertificates': { evil: { cert: '/evil.cert', key: '/evil.key' } },
    'countersign.registries.useSystemConfiguration': true,
  };

  it('ignores what the workspace and the folder say about trust, and says so', async () => {
    workspace.isTrusted = false;
    trustKey();
    Object.assign(fake.configuration.user, { 'countersign.registries.useCredentials': false, 'countersign.registries.useSystemConfiguration': false });
    Object.assign(fake.configuration.workspace, workspaceValues);
    workspace.workspaceFile = Uri.file('/work space/x.code-workspace');
    Object.assign(fake.configuration.folder, { 'countersign.keys': { evil2: 'x.pub' } });
    const face = startFace();
    const document = await openDockerfile('FROM $BASE\nFROM alpine');
    const { settings } = trustOf(face, document);
    assert.deepEqual([settings.trust.keys.map(({ name }) => name), settings.trust.policies, settings.trust.problems], [['release'], [], []]);
    assert.deepEqual(settings.dockerfile, { buildArgs: {} });
    assert.deepEqual([...settings.ignored].sort(), Object.keys(workspaceValues).sort());
    fake.set('user', 'countersign.network.timeout', 1);
    const engine = face.engine.configured.at(-1);
    assert.deepEqual([engine?.trusted, engine?.insecureRegistries, engine?.certificateAuthorities, engine?.useCredentials], [false, [], {}, false]);
    assert.deepEqual([engine?.clientCertificates, engine?.useSystemConfiguration], [undefined, false]);
    assert.match(screen.languageStatus('countersign.settings')?.detail ?? '', /countersign\.keys/);
    assert.ok(fake.log.some(({ text }) => /countersign\.keys of the workspace is ignored/.test(text)));
  });

  it('asks nothing when only the workspace has a key', async () => {
    workspace.isTrusted = false;
    Object.assign(fake.configuration.workspace, workspaceValues);
    const face = startFace();
    const document = await openDockerfile('FROM alpine');
    assert.deepEqual([face.engine.calls.length, screen.kinds(face, document)], [0, ['no keys']]);
  });

  it('ends without a reload', async () => {
    workspace.isTrusted = false;
    fake.configuration.workspace['countersign.keys'] = { team: 'team.pub' };
    const face = startFace();
    await openDockerfile('FROM alpine');
    fake.grantTrust();
    await settle();
    assert.deepEqual([face.engine.calls.length, face.engine.configured.at(-1)?.trusted, screen.languageStatus('countersign.settings')], [1, true, undefined]);
  });

  it('lets a new key go to the user settings only', async () => {
    workspace.isTrusted = false;
    startFace();
    await openDockerfile('FROM alpine');
    fake.clipboard = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----';
    fake.script.answer({ pick: 'Clipboard' }, { type: 'mine' }, { pick: 'All Images' });
    await run('addTrustedKey');
    await settle();
    assert.deepEqual(fake.configuration.writes.map(({ id, target }) => [id, target]), [['countersign.keys', 1]]);
  });
});
