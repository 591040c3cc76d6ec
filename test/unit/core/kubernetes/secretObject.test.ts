import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { dataOf, onlyKeyOf, publicKeyOf, maxSecretBytes, parseSecret } from '../../../../src/core/kubernetes/secretObject.ts';

const place = { namespace: 'prod', name: 'cosign' };
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { ...place, uid: 'u', resourceVersion: '7' }, type: 'Opaque', data: { 'cosign.pub': 'UEVN' } };
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
const refused = (work: () => unknown, code = 'KUBERNETES_SECRET_INVALID'): void => { assert.throws(work, (error) => error instanceof CosignError && error.code === code); };

it('a secret is read with what it needs and keeps the rest', () => {
  const read = parseSecret(bytes({ ...secret, immutable: true, extra: 1, metadata: { ...secret.metadata, labels: { app: 'x' }, finalizers: ['f'], deletionTimestamp: 'now' } }), place);
  assert.deepEqual({ ...read.labels }, { app: 'x' });
  assert.deepEqual([read.uid, read.resourceVersion, read.type, read.immutable, read.finalizers, read.deleting], ['u', '7', 'Opaque', true, ['f'], true]);
  assert.equal(read.object['extra'], 1);
  assert.equal(Buffer.from(dataOf(read, 'cosign.pub', 'main')).toString(), 'PEM');
});

for (const [what, wrong] of Object.entries({
  'another kind': { ...secret, kind: 'ConfigMap' }, 'another name': { ...secret, metadata: { ...secret.metadata, name: 'other' } }, 'another namespace': { ...secret, metadata: { ...secret.metadata, namespace: 'x' } },
  'no metadata': { ...secret, metadata: undefined }, 'no uid': { ...secret, metadata: { ...secret.metadata, uid: undefined } }, 'a version that is a number': { ...secret, metadata: { ...secret.metadata, resourceVersion: 7 } },
  'data that is a list': { ...secret, data: [] }, 'data that is a number': { ...secret, data: { 'cosign.pub': 1 } }, 'labels that are no texts': { ...secret, metadata: { ...secret.metadata, labels: { a: {} } } },
  'truncated text': JSON.stringify(secret).slice(0, -5), 'trailing text': `${JSON.stringify(secret)}x`, 'a member twice': '{"kind":"Secret","kind":"Secret"}', 'a list': [],
})) {
  it(`${what} is refused`, () => { refused(() => parseSecret(bytes(wrong), place)); });
}

it('more than a secret can hold is not parsed', () => {
  refused(() => parseSecret(new Uint8Array(maxSecretBytes + 1), place), 'SIZE_LIMIT');
});

it('data that is missing, empty, inherited or not base64 is no key', () => {
  for (const data of [{}, { 'cosign.pub': '' }, { 'cosign.pub': 'UEVN=' }, { 'cosign.pub': 'U E V N' }]) refused(() => dataOf(parseSecret(bytes({ ...secret, data }), place), 'cosign.pub', 'main'));
  refused(() => dataOf(parseSecret(bytes(secret), place), 'toString', 'main'));
});

it('an empty password is a password', () => {
  assert.equal(dataOf(parseSecret(bytes({ ...secret, data: { 'cosign.password': '' } }), place), 'cosign.password', 'main').length, 0);
});

it('a public key is cosign.pub, or all that the secret holds, but never a private part', () => {
  const key = (data: Record<string, string>): string => Buffer.from(publicKeyOf(parseSecret(bytes({ ...secret, data }), place), 'main')).toString();
  assert.deepEqual([key({ 'cosign.pub': 'UEVN' }), key({ 'any.name': 'UEVN' }), key({ 'other': 'WFhY', 'cosign.pub': 'UEVN' })], ['PEM', 'PEM', 'PEM']);
  for (const data of [{ 'cosign.key': 'UEVN' }, { 'cosign.password': 'UEVN' }, { a: 'UEVN', b: 'UEVN' }, { a: '' }, {}]) refused(() => key(data));
});

it('a secret of policy-controller has one entry, of any name, and no other', () => {
  const key = (data: Record<string, string>): string => Buffer.from(onlyKeyOf(parseSecret(bytes({ ...secret, data }), place), 'main')).toString();
  assert.deepEqual([key({ 'cosign.pub': 'UEVN' }), key({ 'any.name': 'UEVN' })], ['PEM', 'PEM']);
  for (const data of [{ 'other': 'WFhY', 'cosign.pub': 'UEVN' }, { 'cosign.key': 'UEVN', 'cosign.pub': 'UEVN' }, { 'cosign.key': 'UEVN' }, { 'cosign.password': 'UEVN' }, { a: '' }, {}]) refused(() => key(data));
});
