import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { DemandRule } from '../../../../src/core/policy/demand.ts';
import { restrictedFile } from '../../../../src/core/policy/restrictedFile.ts';
import { said } from '../../../../src/core/said.ts';

const signers = (reference: string): DemandRule => ({ kind: 'signers', keys: [{ name: 'k', reference }], threshold: 1, annotations: {} });
function restricted(rule: DemandRule): DemandRule | undefined {
  const file = restrictedFile({ uri: 'file:///x', demandsFor: () => [{ policy: 'p', origin: { kind: 'cluster-image-policy' }, rule }] }, ({ reference }) => !reference.includes('outside'));
  assert.equal(file.demandsOnly, true);
  return file.demandsFor(parseReference('alpine'))[0]?.rule;
}

for (const reference of ['k8s://a/b', 'K8S://a/b', 'https://example.com/key', 'env://KEY', 'awskms:///x', 'pkcs11:token=a', 'file:///key', '/outside/key.pub', '\\\\outside\\share\\key.pub', '../outside.pub']) {
  it(`a key at ${reference} is not looked up for an untrusted workspace`, () => {
    const rule = restricted({ kind: 'any', rules: [signers(reference), { kind: 'accept', reason: said`` }] });
    const [first] = rule?.kind === 'any' ? rule.rules : [];
    assert.equal(first?.kind === 'unsupported' && first.error.code, 'KEY_REFUSED_UNTRUSTED_WORKSPACE');
  });
}

for (const reference of ['-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----', 'keys/cosign.pub', '/etc/key.pub', 'C:\\keys\\a.pub', './a']) {
  it(`a key in ${JSON.stringify(reference.slice(0, 30))} is`, () => assert.deepEqual(restricted(signers(reference)), signers(reference)));
}

it('the keys that are watched are those that may be read', () => {
  const keys = ['a.pub', '/outside/b.pub', 'k8s://a/b'].map((reference) => ({ name: reference, reference }));
  assert.deepEqual(restrictedFile({ uri: 'file:///x', keys, demandsFor: () => [] }, ({ reference }) => !reference.includes('outside')).keys, [{ name: 'a.pub', reference: 'a.pub' }]);
});
