import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { CosignError } from '../../../../src/core/errors.ts';
import { isSecretReference, namespaceProblem, parseSecretReference, secretNameProblem, secretReference } from '../../../../src/core/kubernetes/secretReference.ts';

it('a reference is namespace and name', () => {
  assert.deepEqual(parseSecretReference('k8s://prod/cosign'), { namespace: 'prod', name: 'cosign' });
  assert.deepEqual(parseSecretReference('  k8s://a-1/release.v2.key '), { namespace: 'a-1', name: 'release.v2.key' });
});

for (const text of [
  'k8s://', 'k8s:///a', 'k8s://a/', 'k8s://a', 'k8s://a/b/c', 'k8s://a/b/', 'k8s:///a/b', 'k8s://Prod/cosign', 'k8s://prod/Cosign', 'k8s://prod.x/cosign', 'k8s://prod/..', 'k8s://prod/.a', 'k8s://prod/a.',
  'k8s://prod/a..b', 'k8s://prod/a.-b', 'k8s://prod/a-.b', 'k8s://prod/a b', 'k8s://prod/a?x=1', 'k8s://prod/a%2fb', 'k8s://prod/a\n', `k8s://${'n'.repeat(64)}/a`, `k8s://prod/${'n'.repeat(254)}`, 'prod/cosign', 'https://prod/cosign',
].filter((text) => text.trim() !== 'k8s://prod/a')) {
  it(`${JSON.stringify(text.slice(0, 40))} is refused`, () => {
    assert.throws(() => parseSecretReference(text), (error) => error instanceof CosignError && error.code === 'KUBERNETES_REFERENCE_INVALID');
  });
}

it('what is parsed is written the same way again, and every name that is let through fits an address as it is', () => {
  fc.assert(fc.property(fc.stringMatching(/^[a-z0-9.-]{0,12}$/), fc.stringMatching(/^[a-z0-9./ A-]{0,12}$/), (namespace, name) => {
    const reference = `k8s://${namespace}/${name}`;
    if (namespaceProblem(namespace) !== undefined || secretNameProblem(name) !== undefined) {
      if (!/^\s|\s$/.test(name)) assert.throws(() => parseSecretReference(reference));
      return;
    }
    assert.equal(secretReference(parseSecretReference(reference)), reference);
    assert.equal(encodeURIComponent(name), name);
  }));
});

it('the scheme alone makes a reference one to a secret', () => {
  assert.ok(isSecretReference('k8s://x') && isSecretReference(' K8S://a/b'));
  assert.ok(!isSecretReference('k8s:/a/b') && !isSecretReference('/k8s://a/b'));
});
