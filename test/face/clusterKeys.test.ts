// Keys in Kubernetes from the editor: making a pair, signing with one, trusting one; and that leaving at any question writes nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../src/core/errors.ts';
import { said } from '../../src/core/said.ts';
import { fake, Uri, workspace } from '../support/vscode.ts';
import type { Answer } from '../support/vscode/prompts.ts';
import { verdicts } from './fakeEngine.ts';
import { FakeCluster } from './fakeCluster.ts';
import { description } from './fakeSigning.ts';
import { answer, folder, settle, startSigning, useFace } from './harness.ts';

function start(): ReturnType<typeof startSigning> & { readonly cluster: FakeCluster } {
  const cluster = new FakeCluster();
  const face = startSigning();
  face.engine.kubernetes = cluster;
  return { ...face, cluster };
}

const asked: readonly Answer[] = [{ pick: 'main' }, { pick: 'prod' }, { type: 'cosign' }, { pick: 'One Secret' }, { pick: '$(check)' }];
const done: Answer = { check: [] };

describe('generating a key pair in Kubernetes', () => {
  useFace();

  it('asks context, namespace and name, shows the manifest, writes, and says the fingerprint', async () => {
    const { cluster } = start();
    await answer('generateClusterKeyPair', [...asked, done]);
    assert.deepEqual(cluster.planned, [{ context: 'main', place: { namespace: 'prod', name: 'cosign' } }]);
    assert.equal(cluster.written, 1);
    assert.ok(workspace.textDocuments.some((document) => document.uri.toString().startsWith('countersign-secret:') && document.getText() === 'kind: Secret\n'));
    assert.match(fake.script.messages().join(), /k8s:\/\/prod\/cosign.*SHA256:signer/);
    assert.ok(![...fake.files.keys()].some((file) => file.endsWith('cosign.pub')), 'a file nobody asked for');
  });

  it('starts with the current context, the namespace of that context, and a name', async () => {
    start();
    await answer('generateClusterKeyPair', [...asked, done]);
    assert.deepEqual(fake.script.shown.slice(1, 3).map(({ value }) => value), ['prod', 'cosign']);
    assert.ok(fake.script.shown[2]?.items.every(({ label }) => !label.includes('Not-A-Name')));
  });

  for (const [at] of asked.entries()) {
    it(`writes nothing when it is left at question ${at + 1}`, async () => {
      const { cluster } = start();
      await answer('generateClusterKeyPair', [...asked.slice(0, at), { escape: true }]);
      assert.deepEqual([cluster.written, fake.script.messages()], [0, []]);
    });
  }

  it('writes nothing when the manifest is turned down', async () => {
    const { cluster } = start();
    await answer('generateClusterKeyPair', [...asked.slice(0, -1), { pick: 'Write Nothing' }]);
    assert.equal(cluster.written, 0);
  });

  it('takes free text where nothing may be listed', async () => {
    const { cluster } = start();
    cluster.mayList = false;
    await answer('generateClusterKeyPair', [{ pick: 'test' }, { type: 'team-a' }, { type: 'keys' }, { pick: 'One Secret' }, { pick: '$(check)' }, done]);
    assert.deepEqual(cluster.planned, [{ context: 'test', place: { namespace: 'team-a', name: 'keys' } }]);
    assert.match(fake.script.shown[1]?.text ?? '', /may not list/);
  });

  it('makes a second secret for verifiers under another name', async () => {
    const { cluster } = start();
    await answer('generateClusterKeyPair', [...asked.slice(0, 3), { pick: 'Second Secret' }, { type: 'cosign-public' }, { pick: '$(check)' }, done]);
    assert.deepEqual(cluster.planned[0]?.publicOnly, { namespace: 'prod', name: 'cosign-public' });
  });

  for (const [action, choose, written] of [['update', 'Replace', 1], ['replace', 'Replace', 1], ['replace', 'no such button', 0]] as const) {
    it(`shows what an existing secret holds; ${action} with the answer "${choose}" ${written === 1 ? 'writes' : 'writes nothing'}`, async () => {
      const { cluster } = start();
      cluster.secret = { action, holds: ['cosign.key', 'tls.crt'], losesPrivateKey: true };
      await answer('generateClusterKeyPair', [...asked, { choose }, ...(written === 1 ? [done] : [])]);
      const modal = fake.script.shown.find((shown) => shown.modal === true)?.text ?? '';
      assert.match(modal, /k8s:\/\/prod\/cosign[^]*cosign\.key[^]*tls\.crt[^]*private key will be gone/);
      assert.equal(cluster.written, written);
    });
  }

  it('says where a copy is that still holds the old key', async () => {
    const { cluster } = start();
    cluster.leftovers = [{ namespace: 'prod', name: 'cosign-before-abc' }];
    await answer('generateClusterKeyPair', [...asked, done]);
    assert.match(fake.script.messages().join(), /k8s:\/\/prod\/cosign-before-abc/);
  });

  it('writes cosign.pub, uses the context, and leads to trusting the key, each only when asked', async () => {
    const { engine } = start();
    await answer('generateClusterKeyPair', [{ pick: 'test' }, ...asked.slice(1), { check: ['Write cosign.pub', 'Use This Context', 'Trust'] }, { escape: true }]);
    assert.equal(new TextDecoder().decode(fake.files.get(`${folder}/cosign.pub`)), description.pem);
    assert.equal(fake.configuration.workspace['countersign.kubernetes.context'], 'test');
    assert.deepEqual(engine.described.map(({ reference }) => reference), ['k8s://prod/cosign']);
  });

  it('trusts the key itself where the reference would lead to another context', async () => {
    const { engine } = start();
    await answer('generateClusterKeyPair', [{ pick: 'test' }, ...asked.slice(1), { check: ['Trust'] }, { escape: true }]);
    assert.ok(engine.described.every(({ reference }) => reference.includes('BEGIN PUBLIC KEY')));
    assert.equal(engine.described.length, 1);
  });

  it('does not write over a cosign.pub without a yes', async () => {
    start();
    fake.write(`${folder}/cosign.pub`, 'OLD');
    await answer('generateClusterKeyPair', [...asked, { check: ['Write cosign.pub'] }, { choose: 'no such button' }]);
    assert.equal(new TextDecoder().decode(fake.files.get(`${folder}/cosign.pub`)), 'OLD');
  });

  it('says what the cluster said', async () => {
    const { cluster } = start();
    cluster.failure = new CosignError('KUBERNETES_FORBIDDEN', said`It cannot be read.`, { remedy: said`Ask: kubectl auth can-i get secrets` });
    await answer('generateClusterKeyPair', asked.slice(0, -1));
    assert.match(fake.script.messages().join(), /kubectl auth can-i get secrets/);
  });

  it('is refused in Restricted Mode', async () => {
    const { cluster } = start();
    workspace.isTrusted = false;
    await answer('generateClusterKeyPair', []);
    assert.match(fake.script.messages().join(), /Restricted Mode/);
    assert.equal(cluster.planned.length, 0);
  });
});

describe('signing with a key in Kubernetes', () => {
  useFace();
  const signed = async (keyAnswers: readonly Answer[]): Promise<readonly string[]> => {
    const face = start();
    face.engine.answers.set('o/app', verdicts.unsigned);
    face.signing.password = '';
    await answer('signImage', [{ type: 'ghcr.io/o/app:1' }, ...keyAnswers, { pick: 'Both' }, { type: '' }, { choose: 'Sign' }]);
    return face.signing.signedImages.map(({ key: { reference } }) => reference);
  };

  it('takes a reference, and asks for no password', async () => {
    assert.deepEqual(await signed([{ type: 'k8s://prod/release' }]), ['k8s://prod/release']);
    assert.ok(!fake.script.shown.some(({ password }) => password));
  });

  it('lists trusted secrets beside files', async () => {
    fake.configuration.user['countersign.keys'] = { release: 'k8s://prod/release' };
    assert.deepEqual(await signed([{ pick: 'k8s://prod/release' }]), ['k8s://prod/release']);
  });

  it('picks namespace and secret from the cluster', async () => {
    assert.deepEqual(await signed([{ pick: 'Kubernetes Secret' }, { pick: 'prod' }, { pick: 'release' }]), ['k8s://prod/release']);
  });

  it('keeps its password where it is', async () => {
    start();
    await answer('changeKeyPassword', [{ type: 'k8s://prod/release' }]);
    assert.match(fake.script.messages().join(), /would protect nothing/);
  });
});

describe('trusting a key in Kubernetes', () => {
  useFace();

  it('takes a reference as an address', async () => {
    const { engine } = start();
    await answer('addTrustedKey', [{ pick: 'Address' }, { type: 'k8s://prod/release' }, { type: 'cluster' }, { pick: 'All' }, { pick: 'User' }]);
    assert.deepEqual(fake.configuration.user['countersign.keys'], { cluster: 'k8s://prod/release' });
    assert.ok(engine.described.some(({ reference }) => reference === 'k8s://prod/release'));
  });

  it('reads the kubeconfig and the context of the settings, none of an untrusted workspace', async () => {
    fake.configuration.user['countersign.keys'] = { cluster: 'k8s://prod/release' };
    fake.configuration.user['countersign.kubernetes.kubeconfig'] = '~/clusters/main';
    fake.configuration.workspace['countersign.kubernetes.context'] = 'evil';
    const { engine } = start();
    fake.show(fake.open(`${folder}/Dockerfile`, 'FROM o/app'));
    await settle();
    workspace.isTrusted = false;
    fake.configuration.changed('countersign.kubernetes.context');
    await settle();
    assert.deepEqual(engine.configured.at(-1)?.kubernetes, { kubeconfig: Uri.file('/home/ada/clusters/main').fsPath });
  });
});
