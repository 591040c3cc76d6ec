import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReference } from '../../../../../src/core/oci/reference.ts';
import { parseClusterImagePolicies, type ClusterPolicyFile } from '../../../../../src/core/policy/cluster/parseClusterImagePolicies.ts';
import type { Demand, DemandRule } from '../../../../../src/core/policy/demand.ts';
import { isValid } from '../../../../../src/core/policy/policyProblem.ts';
import { said } from '../../../../../src/core/said.ts';

const pem = readFileSync('test/fixtures/keys/p256.pub', 'utf8');
const pem2 = readFileSync('test/fixtures/keys/ed25519.pub', 'utf8');
const uri = 'file:///policies/app.yaml';
const indented = (text: string, by: number): string => text.trim().split('\n').map((line) => `${' '.repeat(by)}${line}`).join('\n');

interface Parts { readonly name?: string; readonly images?: string; readonly authorities?: string; readonly rest?: string; readonly version?: string }

const keyAuthority = (key = pem): string => `  - key:\n      data: |\n${indented(key, 8)}`;
function policy({ name = 'app', images = '  - glob: "ghcr.io/o/**"', authorities = keyAuthority(), rest = '', version = 'v1beta1' }: Parts = {}): string {
  return `apiVersion: policy.sigstore.dev/${version}\nkind: ClusterImagePolicy\nmetadata:\n  name: ${name}\nspec:\n  images:\n${images}\n  authorities:\n${authorities}\n${rest}`;
}
const read = (text: string): ClusterPolicyFile => parseClusterImagePolicies(text, uri);
const kinds = (text: string): readonly string[] => read(text).problems.map(({ kind, severity }) => `${severity} ${kind}`);
const errors = (text: string): readonly string[] => read(text).problems.filter(({ severity }) => severity === 'error').map(({ kind }) => kind);
const demands = (text: string, image = 'ghcr.io/o/app:1'): readonly Demand[] => read(text).file.demandsFor(parseReference(image));
function rule(text: string): DemandRule {
  const [demand, ...more] = demands(text);
  assert.deepEqual(more, []);
  assert.ok(demand, JSON.stringify(read(text).problems));
  return demand.rule;
}
const authority = (yaml: string): string => policy({ authorities: indented(yaml, 2) });

describe('a ClusterImagePolicy', () => {
  for (const version of ['v1beta1', 'v1alpha1']) {
    it(`of ${version} demands a legacy signature by its key`, () => {
      assert.deepEqual(demands(policy({ version })), [{
        policy: 'app', match: { kind: 'glob', text: 'ghcr.io/o/**' }, severity: 'error', origin: { kind: 'cluster-image-policy', uri, range: { start: { line: 3, character: 8 }, end: { line: 3, character: 11 } } },
        rule: { kind: 'signers', name: 'authority-0', keys: [{ name: 'authority-0', reference: pem }], threshold: 1, annotations: {}, formats: ['legacy'], asNamed: true, besideImage: true },
      }]);
      assert.deepEqual(read(policy({ version })).problems, []);
    });
  }

  it('says nothing about images that no glob of it matches', () => {
    assert.deepEqual(demands(policy(), 'ghcr.io/other/app:1'), []);
    assert.deepEqual(demands(policy({ images: '  - glob: "docker.io/**"' }), 'alpine'), []);
  });

  it('counts once, however many of its globs match', () => {
    assert.equal(demands(policy({ images: '  - glob: "**"\n  - glob: ghcr.io/**\n  - glob: quay.io/**' })).length, 1);
  });

  it('adds up with every other one that matches', () => {
    const file = [policy(), policy({ name: 'all', images: '  - glob: "**"', authorities: keyAuthority(pem2) }), policy({ name: 'other', images: '  - glob: quay.io/**' })].join('---\n');
    assert.deepEqual(demands(file).map(({ policy: name }) => name), ['app', 'all']);
    assert.deepEqual(demands(file, 'alpine').map(({ policy: name }) => name), ['all']);
    assert.equal(read(file).policies, 3);
  });

  it('is satisfied by any one of its authorities', () => {
    const any = rule(policy({ authorities: `${keyAuthority()}\n${keyAuthority(pem2).replace('- key', '- name: second\n    key')}` }));
    assert.ok(any.kind === 'any');
    assert.deepEqual(any.rules.map((one) => one.kind === 'signers' && [one.name, one.keys[0]?.reference]), [['authority-0', pem], ['second', pem2]]);
  });

  it('is a warning in the mode "warn"', () => {
    assert.deepEqual(['mode: warn', 'mode: enforce', ''].map((mode) => demands(policy({ rest: `  ${mode}` }))[0]?.severity), ['warning', 'error', 'error']);
  });

  it('is for every resource, whatever it matches in the cluster', () => {
    const text = policy({ rest: '  match:\n  - resource: pods\n    version: v1\n    selector:\n      matchLabels: { a: b }' });
    assert.equal(demands(text).length, 1);
    assert.deepEqual(kinds(text), ['information match-ignored']);
  });

  it('is found among other documents, and in lists', () => {
    const foreign = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\ndata: { a: b, a: c }\nnonsense: [1]\n';
    const trustRoot = 'apiVersion: policy.sigstore.dev/v1alpha1\nkind: TrustRoot\nmetadata: { name: r }\nspec: { anything: true }\n';
    const item = `- ${indented(policy({ name: 'listed' }), 2).trimStart()}`;
    for (const list of [`apiVersion: v1\nkind: List\nitems:\n${item}\n- apiVersion: v1\n  kind: Pod\n`, `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicyList\nitems:\n${item}\n`]) {
      const text = `# nothing\n---\n${foreign}---\n${trustRoot}---\n${list}---\n${policy()}`;
      assert.deepEqual(demands(text).map(({ policy: name }) => name), ['listed', 'app']);
      assert.deepEqual(read(text).problems, []);
    }
    assert.deepEqual([read(foreign).policies, read('').policies, read('just text').policies, read('- a\n- b').policies], [0, 0, 0, 0]);
    assert.deepEqual(errors('apiVersion: config.openshift.io/v1\nkind: ClusterImagePolicy\nspec: { scopes: [a] }\n'), []);
  });

  it('may be written in JSON, with comments, with Windows line ends and with anchors', () => {
    const json = JSON.stringify({ apiVersion: 'policy.sigstore.dev/v1beta1', kind: 'ClusterImagePolicy', metadata: { name: 'app' }, spec: { images: [{ glob: '**' }], authorities: [{ key: { data: pem } }] } });
    for (const text of [json, policy().replaceAll('\n', '\r\n'), policy({ rest: '# end' }), policy({ images: '  - &a { glob: "**" }\n  - *a' })]) {
      assert.deepEqual([demands(text).length, errors(text)], [1, []]);
    }
  });
});

describe('an authority', () => {
  it('takes the first key of its PEM and no other, as policy-controller does', () => {
    const text = policy({ authorities: keyAuthority(`${pem}${pem2}`) });
    const signers = rule(text);
    assert.ok(signers.kind === 'signers');
    assert.deepEqual(signers.keys.map(({ reference }) => reference), [pem]);
    assert.deepEqual(kinds(text), ['warning several-keys']);
  });

  it('may name a secret, whose only entry and first key count', () => {
    for (const secret of ['{ name: cosign }', '{ name: cosign, namespace: cosign-system }']) {
      const signers = rule(authority(`- key:\n    secretRef: ${secret}`));
      assert.deepEqual(signers.kind === 'signers' && signers.keys, [{ name: 'authority-0', reference: 'k8s://cosign-system/cosign', firstOnly: true, onlyEntry: true }]);
      assert.deepEqual(kinds(authority(`- key:\n    secretRef: ${secret}`)), ['information key-in-secret']);
    }
  });

  it('is not checked where its secret lies in a namespace that policy-controller may not read', () => {
    const text = authority('- key:\n    secretRef: { name: cosign, namespace: keys }');
    assert.equal(rule(text).kind, 'unsupported');
    assert.deepEqual(kinds(text), ['information not-checked', 'warning secret-namespace']);
    assert.deepEqual(read(text).problems.flatMap(({ fixes = [] }) => fixes.map(({ kind }) => kind)), ['use-own-namespace']);
  });

  it('makes the policy wait for every secret: with one that cannot be used policy-controller drops it whole', () => {
    const secret = '  - key: { secretRef: { name: cosign } }';
    const either = rule(policy({ authorities: `${keyAuthority()}\n${secret}` }));
    assert.equal(either.kind === 'any' && either.needsEveryKey, true);
    const plain = rule(policy({ authorities: `${keyAuthority()}\n${keyAuthority(pem2)}` }));
    assert.equal(plain.kind === 'any' && plain.needsEveryKey, undefined);
  });

  it('may name a repository for its signatures', () => {
    const signers = rule(authority(`- key: { data: ${JSON.stringify(pem)} }\n  source:\n  - oci: registry.example.com:5000/org/signatures\n    signaturePullSecrets: [{ name: pull }]`));
    assert.deepEqual(signers.kind === 'signers' && signers.repository, { registry: 'registry.example.com:5000', repository: 'org/signatures' });
  });

  it('accepts or refuses everything when it is static', () => {
    assert.deepEqual(rule(authority('- static: { action: pass }')), { kind: 'accept', reason: said`The authority "${'authority-0'}" of the policy "${'app'}" lets every image pass without a signature.` });
    assert.deepEqual(rule(authority('- name: never\n  static: { action: fail, message: not here }')), { kind: 'reject', reason: said`The authority "${'never'}" of the policy "${'app'}" refuses every image: ${'not here'}.` });
  });

  const key = `key: { data: ${JSON.stringify(pem)} }`;
  const unsupported: readonly (readonly [string, string])[] = [
    ['keyless signatures', '- keyless: { identities: [{ issuer: a, subject: b }] }'],
    ['keyless signatures in bundles', '- keyless: { identities: [{ issuer: a, subject: b }] }\n  signatureFormat: bundle'],
    ['a key management service', '- key: { kms: "gcpkms://projects/p/locations/l/keyRings/r/cryptoKeys/k" }'],
    ['another hash', `- key: { data: ${JSON.stringify(pem)}, hashAlgorithm: SHA512 }`],
    ['a transparency log', `- ${key}\n  ctlog: { url: "https://rekor.sigstore.dev" }`],
    ['an unnamed transparency log', `- ${key}\n  ctlog: {}`],
    ['timestamps', `- ${key}\n  rfc3161timestamp: { trustRootRef: tsa }`],
    ['attestations', `- ${key}\n  attestations: [{ name: a, predicateType: "https://slsa.dev/provenance/v1" }]`],
    ['a bundle made with a key', `- ${key}\n  signatureFormat: bundle`],
    ['a format nobody knows', `- ${key}\n  signatureFormat: newest`],
    ['a prefix of tags', `- ${key}\n  source: [{ oci: ghcr.io/o/sigs, tagPrefix: x }]`],
    ['a registry without a repository', `- ${key}\n  source: [{ oci: registry.example.com }]`],
    ['a key of an unsupported kind', `- key: { data: ${JSON.stringify(readFileSync('test/fixtures/keys/p224.pub', 'utf8'))} }`],
  ];
  for (const [what, yaml] of unsupported) {
    it(`with ${what} is neither satisfied nor not`, () => {
      const found = rule(authority(yaml));
      assert.deepEqual(found.kind === 'unsupported' && [found.name, found.error.code], ['authority-0', 'POLICY_UNSUPPORTED']);
      assert.ok(kinds(authority(yaml)).includes('information not-checked'));
    });
  }

  it('beside code over all authorities does not decide alone', () => {
    for (const type of ['cue', 'rego']) {
      const all = rule(policy({ rest: `  policy: { type: ${type}, data: "x", includeSpec: true }` }));
      assert.deepEqual(all.kind === 'all' && all.rules.map(({ kind }) => kind), ['signers', 'unsupported']);
    }
  });

  it('with an empty list of attestations asks for signatures', () => {
    assert.equal(rule(authority(`- ${key}\n  attestations: []`)).kind, 'signers');
  });
});

describe('a policy file with a mistake', () => {
  const key = `key: { data: ${JSON.stringify(pem)} }`;
  const mistakes: readonly (readonly [string, string])[] = [
    ['yaml', 'a: [1'], ['yaml', `${policy()}\n  {{ if }}`], ['yaml', 'a: !unknown b'], ['unknown-anchor', policy({ images: '  - glob: **' })], ['yaml', policy({ images: '  - glob: *' })],
    ['unknown-version', policy({ version: 'v1' })], ['unknown-version', policy().replace('sigstore.dev', 'sigstore.io')], ['unknown-kind', policy().replace('kind: ClusterImagePolicy', 'kind: ClusterImagepolicy')],
    ['missing-field', policy().replace(/apiVersion.*/, '')], ['missing-field', policy().replace(/kind: Cl.*/, '')], ['missing-field', policy().replace('  name: app', '  labels: {}')], ['missing-field', 'apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: a }\n'],
    ['unknown-field', policy({ rest: '  modes: warn' })], ['unknown-field', policy({ rest: 'extra: 1' })], ['unknown-field', policy({ images: '  - glob: "**"\n    tag: x' })], ['unknown-field', authority('- static: { action: pass, reason: x }')],
    ['unknown-field', policy({ rest: '  <<: { mode: warn }' })], ['unknown-field', policy({ rest: '  __proto__: { mode: warn }' })], ['unknown-field', authority(`- ${key}\n  attestations: [{ name: a, predicateType: b, policy: { type: cue, data: x, includeSpec: true } }]`)],
    ['duplicate-field', policy({ rest: '  mode: warn\n  mode: enforce' })], ['duplicate-field', authority(`- ${key}\n  ${key}`)], ['duplicate-field', policy({ rest: 'kind: ConfigMap' })], ['unknown-kind', `kind: ConfigMap\n${policy()}`], ['duplicate-field', `kind: List\napiVersion: v1\nitems: []\nitems:\n- ${indented(policy(), 2).trimStart()}`],
    ['wrong-type', policy({ rest: '  mode: yes' })], ['wrong-type', policy({ images: '    glob: "**"' })], ['wrong-type', policy({ authorities: '    key: x' })], ['wrong-type', policy({ name: '1' })], ['wrong-type', policy({ rest: '  mode:' })], ['wrong-type', authority('- key: text')], ['wrong-type', authority(`- ${key}\n  source: { oci: a }`)],
    ['missing-field', policy({ images: '    []' })], ['missing-field', policy({ authorities: '    []' })], ['missing-field', policy({ images: '  - {}' })], ['missing-field', policy({ images: '  - glob: ""' })], ['missing-field', policy().replace('  images:\n  - glob: "ghcr.io/o/**"\n', '')],
    ['missing-one-of', authority('- name: a')], ['missing-one-of', authority('- key: {}')], ['missing-one-of', authority('- key: { data: "" }')], ['missing-one-of', authority('- keyless: { identities: [{ issuer: a }] }')],
    ['several-of', authority(`- ${key}\n  static: { action: pass }`)], ['several-of', authority(`- ${key}\n  keyless: { identities: [{ issuer: a, subject: b }] }`)], ['several-of', authority(`- key: { data: ${JSON.stringify(pem)}, kms: "gcpkms://a" }`)], ['several-of', authority('- key: { kms: "gcpkms://a", secretRef: { name: a } }')],
    ['several-of', authority('- static: { action: pass }\n  ctlog: {}')], ['several-of', authority('- static: { action: fail }\n  source: [{ oci: ghcr.io/a/b }]')], ['several-of', authority(`- ${key}\n  source: [{ oci: ghcr.io/a/b }, { oci: ghcr.io/a/c }]`)], ['several-of', authority('- keyless: { identities: [{ issuer: a, issuerRegExp: b, subject: c }] }')], ['several-of', policy({ rest: '  policy: { type: cue, data: x, remote: { url: "https://a.example", sha256sum: b } }' })],
    ['unknown-value', policy({ rest: '  mode: audit' })], ['unknown-value', authority('- static: { action: allow }')], ['unknown-value', authority(`- key: { data: ${JSON.stringify(pem)}, hashAlgorithm: md5 }`)], ['unknown-value', policy({ rest: '  policy: { type: lua, data: x }' })],
    ['missing-field', authority('- static: { message: a }')], ['missing-field', authority('- key: { secretRef: { namespace: a } }')], ['missing-field', authority('- keyless: { url: "https://fulcio.example" }')], ['missing-field', authority(`- ${key}\n  attestations: [{ name: a }]`)], ['missing-field', policy({ rest: '  policy: { type: cue, remote: { url: "https://a.example" } }' })],
    ['duplicate-name', `${policy()}\n---\n${policy({ images: '  - glob: quay.io/**' })}`], ['invalid-glob', policy({ images: '  - glob: "[a-z]*"' })], ['invalid-glob', policy({ images: '  - glob: "!ghcr.io/**"' })],
    ['invalid-key', policy({ authorities: keyAuthority('nonsense') })], ['invalid-key', policy({ authorities: keyAuthority(pem.replace(/M/, 'N')) })], ['private-key', policy({ authorities: keyAuthority(readFileSync('test/fixtures/keys/import-p256.pkcs8.pem', 'utf8')) })], ['private-key', policy({ authorities: keyAuthority('-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----') })],
    ['certificate', policy({ authorities: keyAuthority('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----') })], ['invalid-kms', authority('- key: { kms: "kms://x" }')], ['invalid-kms', authority('- key: { kms: "awskms:///alias/x" }')],
    ['invalid-source', authority(`- ${key}\n  source: [{ oci: "org/repo" }]`)], ['invalid-source', authority(`- ${key}\n  source: [{ oci: "ghcr.io/o/repo:tag" }]`)], ['invalid-source', authority(`- ${key}\n  source: [{ oci: "https://ghcr.io/o/repo" }]`)], ['invalid-url', policy({ rest: '  policy: { type: cue, remote: { url: "http://a.example", sha256sum: b } }' })],
    ['selector-without-resource', policy({ rest: '  match: [{ selector: { matchLabels: { a: b } } }]' })], ['file-too-large', `# ${'x'.repeat(1024 * 1024)}`], ['file-too-deep', '['.repeat(2000)], ['file-too-deep', 'a: &a { b: *a }'],
  ];
  for (const [kind, text] of mistakes) {
    it(`is not valid: ${kind} in ${JSON.stringify(text.replace(/^apiVersion: policy[^]*?spec:\n/, '').slice(0, 90))}`, () => {
      const file = read(text);
      assert.ok(file.problems.some((problem) => problem.kind === kind && problem.severity === 'error'), JSON.stringify(file.problems));
      assert.equal(isValid(file), false);
    });
  }

  it('demands nothing for the policy with the mistake, and still what the others demand', () => {
    assert.deepEqual(demands(`${policy({ rest: '  mode: audit' })}\n---\n${policy({ name: 'good' })}`).map(({ policy: name }) => name), ['good']);
  });

  it('takes back no bomb of aliases, and little time', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x]', ...Array.from({ length: 12 }, (_, index) => `k${index}: &k${index} [${Array<string>(8).fill(index === 0 ? '*a' : `*k${index - 1}`).join(',')}]`)].join('\n');
    assert.deepEqual(errors(bomb), ['file-too-large']);
  });

  it('has at most some hundred problems, errors among them however late they come', () => {
    const many = read(policy({ images: Array.from({ length: 3000 }, (_, index) => `  - glob: ghcr.io/o/a${index}`).join('\n'), rest: '  mode: audit' }));
    assert.ok(many.problems.length < 500);
    assert.equal(isValid(many), false);
  });

  it('never throws, and never trusts more than it did, whatever is changed in it', () => {
    const lines = policy({ rest: '  mode: warn' }).split('\n');
    fc.assert(fc.property(fc.nat(lines.length - 1), fc.constantFrom('', '---', '  - x', 'a: b', '\t', '  mode: "', '  *a', '  &a', '{', '  images: []'), (at, text) => {
      const changed = read(lines.toSpliced(at, 1, text).join('\n'));
      const demanded = changed.file.demandsFor(parseReference('ghcr.io/o/app'));
      const kept = demanded.every(({ rule: one }) => one.kind === 'signers' && one.keys[0]?.reference === pem);
      assert.ok(kept && (demanded.length === 1 || !isValid(changed) || changed.policies === 0 || lines[at]?.includes('glob')), JSON.stringify([text, changed.problems]));
    }), { numRuns: 500 });
  });
});
