// The whole face in a language for tests: outside its brackets stand names, and nothing else. Every letter that a person is shown as a word comes from the bundle of texts.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { DiagnosisStep } from '../../src/core/diagnosis/diagnosis.ts';
import { readDockerfile } from '../../src/core/dockerfile/images.ts';
import { CosignError, errorCodes } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import type { Evidence, PolicyOutcome, SignatureFault, SignatureReport, Verdict } from '../../src/core/policy/verdict.ts';
import { fake, Uri, workspace } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { copy, destination, index, kinds, proven, source, startCopying } from './fakeCopying.ts';
import { FakeCluster } from './fakeCluster.ts';
import { digest } from './fakeEngine.ts';
import { answer, folder, openDockerfile, screen, settle, startFace, startSigning, tick, useFace, type Face } from './harness.ts';
import { assertTranslated, plainWords } from './plainWords.ts';

const origin = { kind: 'settings', uri: Uri.file(`${folder}/.vscode/settings.json`).toString(), index: 0 } as const;
const by = (key: string, more: Partial<SignatureReport> = {}): SignatureReport => ({ format: 'legacy', store: 'signature tag', manifest: digest('b'), blob: digest('c'), annotations: {}, signedBy: { key, fingerprint: `SHA256:${key}` }, ...more });
const policy = (more: Partial<PolicyOutcome> = {}): PolicyOutcome => ({ policy: 'p1', satisfied: false, keys: ['k1'], annotations: {}, origin, ...more });
const evidence = (more: Partial<Evidence> = {}): Evidence => ({ digest: digest('a'), decidedBy: digest('a'), signatures: [], incomplete: [], checkedAt: 0, policies: [policy()], ...more });
const faults: readonly SignatureFault[] = ['other-key', 'wrong-digest', 'annotations', 'identity', 'format', 'certificate', 'malformed', 'unsupported', 'no-signature'];
const faulty = (fault: SignatureFault): SignatureReport => ({ format: 'bundle', store: 'referrers API', manifest: digest('b'), blob: digest('c'), annotations: {}, fault });
const failed = (code: CosignError['code'] = 'REGISTRY_TIMEOUT'): CosignError => new CosignError(code, said`"${'n1'}" did not answer in time.`);

/** By the repository of the image. */
const verdicts: Readonly<Record<string, Verdict>> = {
  v1: { kind: 'verified', ...evidence({ signatures: [by('k1', { annotations: { a1: 'b1' }, identity: 'i1', payload: new Uint8Array(3) }), by('k2', { format: 'bundle', store: 'referrers tag', predicateType: 'https://i1.io/p1' })], policies: [policy({ satisfied: true }), policy({ policy: 'all keys', satisfied: true })] }) },
  v2: { kind: 'verified', ...evidence({ decidedBy: digest('b'), platform: 'linux/arm64', signatures: [by('k1', { repository: 'r1.io/s1' })], policies: [policy({ satisfied: true })], storedAt: 5_000_000, incomplete: [failed()] }) },
  u1: { kind: 'unsigned', ...evidence() },
  ...Object.fromEntries(faults.map((fault, at) => [`t${at}`, { kind: 'untrusted' as const, ...evidence({ signatures: [faulty(fault)], policies: [policy({ severity: 'error', annotations: { a1: 'b1' } })] }) }])),
  s1: { kind: 'untrusted', ...evidence({ signatures: [by('k1')], policies: [policy({ kind: 'signers', state: 'unsatisfied', required: 2, keys: ['k1', 'k2', 'k3', 'k4'], signers: [{ key: 'k1', state: 'present' }, { key: 'k2', state: 'missing' }, { key: 'k3', state: 'invalid', detail: said`it does not carry the annotation ${'a1=b1'}` }, { key: 'k4', state: 'unreadable' }] })] }) },
  r1: { kind: 'untrusted', ...evidence({ policies: [policy({ kind: 'reject', state: 'unsatisfied', required: 0, signers: [], keys: [], reason: said`The policy rejects every image here.` })] }) },
  c1: { kind: 'unchecked', reason: failed(), digest: digest('a'), evidence: evidence({ signatures: [faulty('other-key')], incomplete: [failed()] }), checkedAt: 0 },
  n1: { kind: 'uncovered' },
  n2: { kind: 'uncovered', acceptedBy: 'p2' },
};

/** Of people, images and policies here, which have a digit where they have letters. */
const ours = ['SHA256:signer', 'SHA256:fingerprint', /\bghcr\.io_[\w@.]+/];
/** Fields, types and values of settings and policies: what a person writes there. */
const settingWords = ['sign, copy, pin', 'name, images, keys, require, annotations, severity', 'more'];
const policyWords = ['"spec"', '"mode"', '"modes"', '"more"', '"authority-0"', 'spec.authorities[1].keyless', '"identities"', 'default, transports', 'insecureAcceptAnything, reject, signedBy, signedBaseLayer, sigstoreSigned', 'matchRepoDigestOrExact'];
const here = folder.split('/').at(-1) ?? '';
const keyFile = `${folder}/cosign.key`;
const dockerfile = [...Object.keys(verdicts).map((name) => `FROM ghcr.io/o1/${name}:1`), `FROM ghcr.io/o1/v1:1@${digest('a')}`, 'FROM ${X1}', 'FROM ghcr.io/O1/UPPER', 'FROM scratch'].join('\n');

function answers(face: Face): void {
  for (const [name, verdict] of Object.entries(verdicts)) face.engine.answers.set(`o1/${name}`, verdict);
  face.engine.readDockerfile = readDockerfile;
  face.engine.contents = {
    resolve: () => Promise.resolve(digest('a')),
    manifest: () => Promise.resolve({ bytes: new Uint8Array(), mediaType: 'x', text: '{}' }),
    payload: () => Promise.resolve({ bytes: new Uint8Array(), mediaType: 'x' }),
    read: (_repository: unknown, of: Digest) => Promise.resolve({
      digest: of, mediaType: 'application/vnd.oci.image.index.v1+json', sizeBytes: 500, blobs: [{ digest: digest('8'), mediaType: 'application/x', size: 12 }], notRead: 3, incomplete: [failed()],
      manifests: of === digest('1') ? [] : [{ digest: digest('1'), mediaType: 'application/x', sizeBytes: 2500, platform: 'linux/arm64' }],
      proofs: (['signature', 'attestation', 'sbom', 'other'] as const).map((kind) => ({ kind, digest: digest('5'), mediaType: 'application/x', sizeBytes: 900, place: { kind: 'referrer' as const }, annotations: { a1: 'b1' }, layers: [{ digest: digest('6'), mediaType: 'text/x', size: 7 }] })),
    }),
  };
}

function start(): ReturnType<typeof startSigning> {
  fake.configuration.user['countersign.keys'] = { k1: '/keys/k1.pub', k2: '/keys/k2.pub', k3: '/keys/k3.pub', k4: '/keys/k4.pub' };
  fake.configuration.workspace['countersign.policies'] = [{ name: 'p1', images: ['ghcr.io/o1/**'], keys: ['k1'] }];
  const face = startSigning();
  answers(face);
  return face;
}

describe('in another language', () => {
  useFace();
  beforeEach(() => {
    fake.isPseudo = true;
    fake.write(keyFile, 'PEM');
  });

  it('the check sees a word that nobody translated, and none in names', () => {
    const words = (text: string): number => plainWords([{ where: '', text }]).length;
    assert.equal(words('⟦Šîĝñéð⟧ by k1'), 1);
    assert.equal(words('$(pass) ⟦Šîĝñéð ƀý ghcr.io/o1/v1:1@sha256:aaaaaaaaaaaa…, /a/b c.key, countersign.keys, REGISTRY_TIMEOUT, 7.0 MB⟧'), 0);
  });

  it('are lenses, hovers, diagnostics, fixes, status bars and the tree, for every verdict', async () => {
    const face = start();
    fake.configuration.user['countersign.codeLens.actions'] = ['pin', 'copy', 'sign'];
    face.engine.tags.set('o1/v1', { digest: digest('b'), includesPin: false });
    const document = await openDockerfile(`ARG X1\n${dockerfile}\nBOGUS`);
    await tick(200);
    assert.ok(screen.lenses(document).length > Object.keys(verdicts).length);
    await assertTranslated([...ours, 'scratch', 'BOGUS', 'UPPER'], document);
  });

  it('is what stands there before there are keys, while it is verified, and in Restricted Mode', async () => {
    const face = startFace();
    answers(face);
    face.engine.answers.clear();
    const document = await openDockerfile('FROM ghcr.io/o1/v1:1\nFROM ghcr.io/o1/v2:1');
    await assertTranslated(ours, document);
    fake.set('user', 'countersign.keys', { k1: '/keys/k1.pub' });
    await tick(1000);
    assert.deepEqual(screen.kinds(face, document), ['pending', 'pending']);
    await assertTranslated(ours, document);
  });

  it('is what is said about settings that are wrong, in a workspace that nobody trusts', async () => {
    Object.assign(fake.configuration.workspace, {
      'countersign.keys': { k1: 5 }, 'countersign.policies': [{ images: ['a"b'], keys: ['k9'], require: 9, severity: 'x1', more: 1 }, 3], 'countersign.codeLens.actions': ['x1'], 'countersign.policyFiles': ['p1.yaml'],
      'countersign.registries.insecure': [3], 'countersign.network.timeout': 'x1', 'countersign.dockerfile.buildArgs': 3, 'countersign.registries.clientCertificates': { 'r1.io': 3 }, 'countersign.registries.certificateAuthorities': 3,
    });
    fake.configuration.user['countersign.keys'] = { k1: '/keys/k1.pub' };
    workspace.isTrusted = false;
    const face = startFace();
    answers(face);
    const document = await openDockerfile('FROM ghcr.io/o1/v1:1');
    await assertTranslated([...ours, ...settingWords], document);
    fake.grantTrust();
    await tick(1000);
    await assertTranslated([...ours, ...settingWords], document);
  });

  for (const code of errorCodes) {
    it(`is why an image could not be checked and why a command failed: ${code}`, async () => {
      const { engine, signing } = start();
      engine.answers.set('o1/c1', { kind: 'unchecked', reason: new CosignError(code, said`"${'n1'}" did not answer in time.`), checkedAt: 0 });
      const document = await openDockerfile('FROM ghcr.io/o1/c1:1');
      signing.failure = failed(code);
      await answer('signImage', [{ type: 'ghcr.io/o1/v1:1' }]);
      assert.ok(fake.script.messages().length > 0);
      await assertTranslated(ours, document);
    });
  }

  it('is the list of images, and why each is trusted or not', async () => {
    start();
    const document = await openDockerfile(dockerfile);
    await answer('showTrust', [{ escape: true }]);
    for (const line of dockerfile.split('\n').keys()) {
      const range = { start: { line, character: 5 }, end: { line, character: document.lineAt(line).text.length } };
      await answer('explainTrust', [], { uri: document.uri.toString(), range });
    }
    assert.ok(fake.executed.filter(({ command }) => command === 'markdown.showPreview').length > 10);
    await assertTranslated([...ours, 'scratch', 'UPPER']);
  });

  it('is what a registry was found to be', async () => {
    const face = start();
    const tls = { protocol: 'TLSv1.3', subject: 'r1.io', names: 'r1.io', issuer: 'i1', validFrom: 0, validTo: 1, verified: false };
    const done = (fact: Extract<DiagnosisStep, { state: 'done' }>['fact']): DiagnosisStep => ({ state: 'done', tookMs: 3, fact });
    const rounds: readonly (readonly DiagnosisStep[])[] = [
      [
        done({ kind: 'places', places: { movedTo: 'm1.io/o1', insecure: true, mirrors: [{ name: 'm1.io', pulls: 'all' }, { name: 'm2.io', pulls: 'tag-only' }, { name: 'm3.io', pulls: 'digest-only' }], problems: [failed('SETTING_INVALID')] } }),
        done({ kind: 'proxy', proxy: { kind: 'proxy', shown: 'http://p1.io:3', setting: 'http.proxy', hasLogin: true } }), done({ kind: 'name', addresses: [] }), done({ kind: 'connect', address: '1.2.3.4', throughProxy: true }),
        done({ kind: 'tls', tls }), done({ kind: 'ping', status: 401, challenges: [], throughEditor: true }), done({ kind: 'login', needed: true, account: 'u1', source: { kind: 'file', path: '/d/config.json' }, accepted: false }),
        done({ kind: 'image', digest: digest('a'), mediaType: 'application/x', sizeBytes: 3 }), done({ kind: 'signature tag', tag: `sha256-${'a'.repeat(64)}.sig`, found: true }), done({ kind: 'referrers', support: 'yes', count: 2 }),
        ...(['found', 'missing', 'not asked', 'failed'] as const).map((kind) => done({ kind: 'mirror', name: 'm1.io', outcome: kind === 'found' ? { kind, digest: digest('a') } : kind === 'failed' ? { kind, error: failed() } : { kind } })),
      ],
      [
        ...(['loopback', 'turned off', 'none'] as const).map((why) => done({ kind: 'proxy', proxy: { kind: 'direct', why } })), done({ kind: 'proxy', proxy: { kind: 'direct', why: 'exception', entry: 'r1.io', from: 'NO_PROXY' } }),
        done({ kind: 'name', addresses: ['1.2.3.4'] }), done({ kind: 'plain http', why: 'listed' }), done({ kind: 'login', needed: false, accepted: true }), done({ kind: 'signature tag', tag: `sha256-${'a'.repeat(64)}.sig`, found: false }), done({ kind: 'referrers', support: 'no', tag: `sha256-${'a'.repeat(64)}`, tagFound: false }),
        { state: 'failed', tookMs: 3, name: 'tls', error: failed('REGISTRY_TLS'), tls: { ...tls, verified: true, authorityFile: '/d/ca.pem' } }, ...(['ping', 'login', 'image', 'signature tag', 'referrers', 'mirror', 'connect', 'name', 'proxy', 'places'] as const).map((name): DiagnosisStep => ({ state: 'skipped', name })),
      ],
    ];
    for (const steps of rounds) {
      face.engine.diagnosis = steps;
      await answer('diagnoseRegistry', [{ type: 'ghcr.io/o1/v1:1' }]);
    }
    await answer('diagnoseRegistry', [{ type: 'UPPER' }, { escape: true }]);
    await assertTranslated([...ours, 'UPPER', 'TLSv1.3']);
  });

  it('is what is asked and said about signing an image', async () => {
    const { signing } = start();
    signing.isIndex = true;
    await answer('signImage', [{ type: 'ghcr.io/Upper/case' }, { type: 'ghcr.io/o1/v1:1' }, { pick: 'cosign.key' }, { type: 'wrong' }, { press: 'Remember' }, { type: 'right' }, { pick: 'Both' }, { type: 'nonsense' }, { type: 'a1=b1' }, { type: '' }, { pick: 'All It Lists' }, { choose: 'Sign' }]);
    assert.equal(signing.signedImages.length, 1, JSON.stringify([fake.script.unexpected, fake.script.left, fake.script.shown.map(({ text }) => text)]));
    await assertTranslated([...ours, 'Upper/case', 'Upper', 'nonsense', 'env=prod']);
  });

  it('is what is asked and said about signing and verifying a file', async () => {
    const { signing } = start();
    const file = `${folder}/f1.txt`;
    fake.write(file, 'abc');
    const document = fake.open(file, 'abc', 'plaintext');
    fake.show(document);
    await answer('signFile', [{ pick: 'cosign.key' }, { type: 'right' }], Uri.file(file));
    const report = { path: `${file}.sig`, format: 'signature' } as const;
    for (const verdict of [
      { kind: 'verified', signatures: [{ ...report, signedBy: { key: 'k1', fingerprint: 'SHA256:k1' } }], checkedAt: 0, fileSizeBytes: 3 }, { kind: 'untrusted', signatures: [{ ...report, fault: said`It is for other contents.` }], checkedAt: 0, fileSizeBytes: 3 },
      { kind: 'unchecked', reason: failed('FILE_UNREADABLE'), checkedAt: 0 }, { kind: 'unsigned', checkedAt: 0 },
    ] as const) {
      signing.verdict = verdict;
      await answer('verifyFileSignature', [], Uri.file(file));
      await tick(1000);
      await assertTranslated(ours, document);
    }
    fake.write(file, 'abd');
    await tick(1000);
    await assertTranslated(ours, document);
  });

  it('is what is asked and said about key pairs and passwords', async () => {
    const { signing } = start();
    const pair: readonly Answer[] = [{ pick: here }, { type: 'a/b' }, { type: 'n1' }, { type: 'secret' }, { type: 'other' }, { type: 'secret' }, { check: [] }];
    await answer('generateKeyPair', pair);
    await answer('generateKeyPair', [{ pick: here }, { type: 'cosign' }, { choose: 'Replace' }, { type: '' }, { choose: 'Use No Password' }, { check: [] }]);
    await answer('importKeyPair', [{ files: [Uri.file('/keys/i1.pem')] }, { pick: here }, { type: 'n2' }, { type: 'p' }, { type: 'p' }, { check: [] }]);
    await answer('showPublicKey', [{ type: 'half/a/path' }, { type: keyFile }, { type: 'wrong' }, { type: 'right' }, { choose: 'Copy Public Key' }]);
    await answer('changeKeyPassword', [{ pick: 'cosign.key' }, { type: 'right' }, { type: 'n' }, { type: 'n' }]);
    await answer('forgetPasswords', []);
    await answer('clearStorage', []);
    assert.equal(signing.generated.length, 3);
    await assertTranslated([...ours, here, 'i1.pem', 'half/a/path', '.gitignore']);
  });

  it('is what is asked and said about keys in a cluster', async () => {
    const { engine } = start();
    const cluster = new FakeCluster();
    engine.kubernetes = cluster;
    const questions: readonly Answer[] = [{ pick: 'main' }, { pick: 'prod' }, { type: 'Not A Name' }, { type: 'c1' }, { pick: 'Second Secret' }, { type: 'c2' }];
    await answer('generateClusterKeyPair', [...questions, { pick: '$(check)' }, { check: [] }]);
    cluster.secret = { action: 'replace', holds: ['cosign.key'], losesPrivateKey: true };
    await answer('generateClusterKeyPair', [...questions, { pick: '$(check)' }, { choose: 'nothing of it' }]);
    cluster.failure = failed('KUBERNETES_FORBIDDEN');
    await answer('generateClusterKeyPair', questions);
    assert.equal(cluster.written, 1);
    await assertTranslated([...ours, 'kind: Secret', 'main', 'test', 'prod', 'jo', 'default', 'release', 'team', 'Not A Name']);
  });

  it('is what is asked and said about trusted keys', async () => {
    start();
    fake.clipboard = `-----BEGIN PUBLIC KEY-----\n${'A'.repeat(64)}\n-----END PUBLIC KEY-----\n`;
    await openDockerfile('FROM ghcr.io/o1/v1:1');
    await answer('addTrustedKey', [{ pick: 'Paste' }, { type: 'hello' }, { type: fake.clipboard.replaceAll('\n', ' ') }, { type: '' }, { type: 'k9' }, { pick: 'Some Images' }, { type: '!x' }, { type: 'ghcr.io/o1/**' }, { pick: 'User' }]);
    await answer('addTrustedKey', [{ pick: 'Address' }, { type: 'http://i1.io/x1.pub' }, { escape: true }]);
    await answer('addTrustedKey', [{ pick: 'File' }, { escape: true }, { pick: 'Clipboard' }, { type: 'k1' }, { pick: 'All Images' }, { pick: 'User' }, { escape: true }]);
    await answer('removeTrustedKey', [{ pick: 'k2' }]);
    await answer('removeTrustedKey', [{ pick: 'k1' }, { escape: true }]);
    await assertTranslated([...ours, 'A'.repeat(64)]);
  });

  it('is what is asked and said about copying an image', async () => {
    const { copying } = startCopying();
    copying.root = index;
    copying.proof = { signatures: [proven('valid', 'k1'), proven('invalid', 'k2'), proven('missing', 'k3')], incomplete: [failed()], holds: false };
    await answer('copyImage', [source, destination, { check: ['Index of 2'] }, kinds, { pick: 'as a Document' }, copy]);
    for (const failure of [failed('REGISTRY_DENIED'), new Error('x1')]) {
      copying.failure = failure;
      await answer('copyImage', [source, destination, { check: ['Index of 2'] }, kinds, copy]);
    }
    copying.failure = undefined;
    await answer('showCopyPlan', [source, destination, { check: ['Index of 2'] }, { check: ['SBOMs'] }]);
    assert.ok(copying.copies.length > 0, JSON.stringify([fake.script.unexpected, fake.script.left, fake.script.shown.map(({ text }) => text)]));
    await assertTranslated([...ours, 'release']);
  });

  it('is what is said about pinning and about all files', async () => {
    start();
    const document = await openDockerfile(`FROM ghcr.io/o1/v1:1\nFROM ghcr.io/o1/u1:1\nFROM ghcr.io/o1/v2:1@${digest('a')}`);
    await answer('pinImages', []);
    await answer('unpinImages', [{ check: ['v2'] }]);
    await answer('verifyFile', []);
    await answer('verifyWorkspace', []);
    await answer('verifyAgain', []);
    await assertTranslated(ours, document);
  });

  it('is what is said about a policy file', async () => {
    start();
    const yaml = 'apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata:\n  name: p1\nspec:\n  modes: warn\n  images:\n  - glob: docker.io/library/a1\n  - glob: "a b"\n  authorities:\n  - key:\n      data: |\n        x1\n    signatureFormat: bundle\n  - keyless: {}\n  policy: {}\n';
    const json = '{ "default": [{ "type": "insecureAcceptAnything" }], "transports": { "docker": { "r1.io": [{ "type": "sigstoreSigned", "keyPath": "/x1.pub" }, { "type": "x1" }] } }, "more": 1 }';
    const documents = [];
    for (const [path, text, language] of [[`${folder}/policies/p1.yaml`, yaml, 'yaml'], [`${folder}/policy.json`, json, 'json']] as const) {
      fake.write(path, text);
      const document = fake.open(path, text, language);
      fake.show(document);
      for (let turn = 0; turn < 6; turn++) await settle();
      await tick(300);
      assert.ok(screen.diagnostics(document).length > 2);
      documents.push(document);
    }
    await assertTranslated([...ours, ...policyWords], ...documents);
  });

  it('is all but what the system and the parser of a file say, which is in no language of ours', async () => {
    const { signing } = start();
    signing.failure = new Error('ENOSPC: no space left on device');
    await answer('signImage', [{ type: 'ghcr.io/o1/v1:1' }]);
    const path = `${folder}/policies/p1.yaml`;
    const text = 'apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nspec: [\n';
    fake.write(path, text);
    const document = fake.open(path, text, 'yaml');
    fake.show(document);
    for (let turn = 0; turn < 6; turn++) await settle();
    await tick(300);
    assert.ok(screen.diagnostics(document).length > 0);
    await assertTranslated([...ours, 'ENOSPC: no space left on device', /Flow sequence [\w ]+ \]/], document);
  });

  it('is what leads to the report of an issue, which itself is English for those who read it', async () => {
    start();
    await answer('reportIssue', [{ choose: 'Copy Report' }]);
    assert.match(fake.clipboard, /^# Countersign: report/);
    await assertTranslated([...ours, fake.clipboard]);
  });
});
