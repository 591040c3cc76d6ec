import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { describeChange, knowsImmutable, maskedManifest, planChange } from '../../../../src/core/kubernetes/plannedSecret.ts';
import { parseSecret, type StoredSecret } from '../../../../src/core/kubernetes/secretObject.ts';

const place = { namespace: 'prod', name: 'cosign' };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const base64 = (value: string): string => Buffer.from(value).toString('base64');
const pair = { 'cosign.key': text('new key'), 'cosign.pub': text('new pub'), 'cosign.password': text('hunter2') };

function stored(more: object = {}, metadata: object = {}): StoredSecret {
  return parseSecret(text(JSON.stringify({
    apiVersion: 'v1', kind: 'Secret', type: 'example.com/keys', data: { 'cosign.key': base64('old key'), other: base64('other') }, ...more,
    metadata: {
      ...place, uid: 'u', resourceVersion: '7', labels: { app: 'x' }, ownerReferences: [{ name: 'owner' }], managedFields: [{}],
      annotations: { note: 'n', 'kubectl.kubernetes.io/last-applied-configuration': base64('old key') }, ...metadata,
    },
  })), place);
}

it('a new secret holds the three keys and is immutable where that is known', () => {
  const { action, after } = planChange(place, undefined, pair, true);
  assert.equal(action, 'create');
  assert.deepEqual(after, { apiVersion: 'v1', kind: 'Secret', metadata: place, immutable: true, data: { 'cosign.key': base64('new key'), 'cosign.pub': base64('new pub'), 'cosign.password': base64('hunter2') } });
  assert.ok(!('immutable' in planChange(place, undefined, pair, false).after));
});

it('immutable secrets are known since 1.21', () => {
  assert.deepEqual([{ major: 1, minor: 20 }, { major: 1, minor: 21 }, { major: 1, minor: 9 }, { major: 2, minor: 0 }, undefined].map(knowsImmutable), [false, true, false, true, true]);
});

it('an update keeps other data, labels, annotations, owners and type, names the version it changes, and stays mutable for the sake of the others', () => {
  const change = planChange(place, stored(), pair, true);
  const { action, after } = change;
  assert.equal(action, 'update');
  assert.equal(after.metadata['resourceVersion'], '7');
  assert.deepEqual({ ...after.metadata['labels'] as object }, { app: 'x' });
  assert.deepEqual(after.metadata['ownerReferences'], [{ name: 'owner' }]);
  assert.ok(!('managedFields' in after.metadata));
  assert.equal(after['type'], 'example.com/keys');
  assert.equal(after.data['other'], base64('other'));
  assert.equal(after.data['cosign.key'], base64('new key'));
  assert.ok(!('immutable' in after));
  assert.deepEqual(describeChange(change), { place, action: 'update', holds: ['cosign.key', 'other'], losesPrivateKey: true });
});

it('an update of a secret with our keys only makes it immutable', () => {
  assert.equal(planChange(place, stored({ data: { 'cosign.pub': base64('p') } }), pair, true).after['immutable'], true);
});

it('a secret for those who verify loses a private key that was in it', () => {
  const { after } = planChange(place, stored(), { 'cosign.pub': text('new pub') }, true);
  assert.deepEqual(Object.keys(after.data).sort(), ['cosign.pub', 'other']);
});

it('an immutable secret is replaced by one that keeps everything but the identity and what kubectl remembers of the old key', () => {
  const { action, after } = planChange(place, stored({ immutable: true }), pair, true);
  assert.equal(action, 'replace');
  assert.deepEqual(Object.keys(after.metadata).sort(), ['annotations', 'labels', 'name', 'namespace', 'ownerReferences']);
  assert.deepEqual(after.metadata['annotations'], { note: 'n' });
  assert.equal(after.data['other'], base64('other'));
  assert.ok(!JSON.stringify(after).includes(base64('old key')));
});

it('what is being deleted, or could not be deleted in one go, is left alone', () => {
  for (const before of [stored({ immutable: true }, { finalizers: ['x'] }), stored({}, { deletionTimestamp: 'now' })]) {
    assert.throws(() => planChange(place, before, pair, true), (error) => error instanceof CosignError && error.code === 'KUBERNETES_CONFLICT');
  }
});

it('the manifest shows the public key and masks all else', () => {
  for (const before of [undefined, stored(), stored({ immutable: true })]) {
    const yaml = maskedManifest(planChange(place, before, pair, true)).toString();
    assert.ok(yaml.includes(`cosign.pub: ${base64('new pub')}`));
    for (const hidden of ['new key', 'hunter2', 'old key', 'other']) assert.ok(!yaml.includes(base64(hidden)), yaml);
  }
  assert.match(maskedManifest(planChange(place, stored(), pair, true)).toString(), /labels:\n {4}app: "x"\n {2}annotations:\n {4}note: "n"\ntype: example\.com\/keys\ndata:/);
});
