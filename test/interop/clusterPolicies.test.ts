// ClusterImagePolicies of the editor against images that the real cosign signed, in Debian's docker-registry and in the one of the tests.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import type { PolicyFile } from '../../src/core/policy/demand.ts';
import { isValid } from '../../src/core/policy/policyProblem.ts';
import { restrictedFile } from '../../src/core/policy/restrictedFile.ts';
import type { KeySetting } from '../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { Cosign, type SignatureFormat } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { KubeApi } from '../support/kubeApi.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';

type Keys = Awaited<ReturnType<Cosign['generateKeyPair']>>;

const uri = 'file:///policies/images.yaml';
const never = new AbortController().signal;
let cluster: KubeApi;
let engine: ReturnType<typeof testEngine>;
let distribution: Distribution;
let ours: TestRegistry;
let cosign: Cosign;
let build: Keys;
let test: Keys;
let next = 0;

before(async () => {
  const peers = await requirePeers(['cosign3', 'registry']);
  [distribution, ours, cluster] = [await startDistribution(), await startRegistry(), await KubeApi.start()];
  engine = testEngine({ kubernetes: { kubeconfig: cluster.kubeconfig('token') } });
  cosign = new Cosign(peers.cosign3, 3);
  [build, test] = [await cosign.generateKeyPair('build'), await cosign.generateKeyPair('test')];
});
after(async () => {
  await engine.dispose();
  cluster.close();
  await Promise.all([distribution.close(), ours.close()]);
});

const policy = (name: string, authorities: readonly string[], more: { readonly glob?: string; readonly rest?: string } = {}): string =>
  `apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: { name: ${name} }\nspec:\n  images: [{ glob: "${more.glob ?? '**'}" }]\n  authorities: [${authorities.join(', ')}]\n${more.rest ?? ''}`;
const key = ({ pem }: Keys, more = ''): string => `{ key: { data: ${JSON.stringify(pem)} }${more} }`;
const keyless = '{ keyless: { identities: [{ issuer: "https://issuer.example", subject: "me" }] } }';
const pass = '{ static: { action: pass } }';

async function fileOf(...policies: readonly string[]): Promise<PolicyFile> {
  const read = await engine.readPolicyFile(uri, new TextEncoder().encode(policies.join('---\n')));
  assert.ok(isValid(read), JSON.stringify(read.problems));
  return read.file;
}

async function verdict(image: string, files: readonly PolicyFile[], keys: readonly KeySetting[] = []): Promise<Verdict> {
  return engine.verify({ reference: parseReference(image), trust: { keys, policies: [], files, problems: [] }, fresh: true }, never);
}
const kind = async (image: string, ...policies: readonly string[]): Promise<string> => (await verdict(image, [await fileOf(...policies)])).kind;

for (const where of ['docker-registry', 'the registry of the tests'] as const) {
  describe(`an image in ${where} under ClusterImagePolicies`, () => {
    const host = (): string => (where === 'docker-registry' ? distribution.host : ours.host);
    const image = async (signers: readonly Keys[], format: SignatureFormat = 'legacy'): Promise<string> => {
      const pushed = await pushImage(host(), `demo/app-${++next}`, '1.0');
      for (const signer of signers) await cosign.sign(signer.key, pushed.byDigest, format);
      return `${host()}/${pushed.repository}:1.0`;
    };

    it('is verified by the key of the policy, and by no other', async () => {
      const signed = await image([build]);
      const found = await verdict(signed, [await fileOf(policy('p', [key(build)]))]);
      assert.ok(found.kind === 'verified', JSON.stringify(found));
      assert.deepEqual(found.policies.map(({ policy: name, satisfied, severity, origin }) => [name, satisfied, severity, origin?.uri]), [['p', true, 'error', uri]]);
      assert.equal(await kind(signed, policy('p', [key(test)])), 'untrusted');
      assert.equal(await kind(await image([]), policy('p', [key(build)])), 'unsigned');
    });

    it('must satisfy every policy that matches', async () => {
      const both = [policy('built', [key(build)]), policy('tested', [key(test)])];
      assert.equal(await kind(await image([build, test]), ...both), 'verified');
      assert.equal(await kind(await image([build]), ...both), 'untrusted');
      assert.equal(await kind(await image([test]), ...both), 'untrusted');
      assert.equal(await kind(await image([build]), policy('built', [key(build)]), policy('tested', [key(test)], { glob: 'ghcr.io/**' })), 'verified');
    });

    it('needs one authority of a policy', async () => {
      const either = policy('either', [key(build), key(test)]);
      for (const signer of [build, test]) assert.equal(await kind(await image([signer]), either), 'verified');
      assert.equal(await kind(await image([]), either), 'unsigned');
    });

    it('is unchecked where only a keyless signature would do, signed or not', async () => {
      for (const signers of [[build], []]) {
        const found = await verdict(await image(signers), [await fileOf(policy('p', [keyless]))]);
        assert.equal(found.kind === 'unchecked' && found.reason.code, 'POLICY_UNSUPPORTED');
      }
    });

    it('is verified by a key beside a keyless authority, and unchecked without its signature', async () => {
      const either = policy('p', [keyless, key(build)]);
      assert.equal(await kind(await image([build]), either), 'verified');
      assert.equal(await kind(await image([test]), either), 'unchecked');
      assert.equal(await kind(await image([]), either), 'unchecked');
    });

    it('is never verified because a policy lets it pass', async () => {
      const found = await verdict(await image([build]), [await fileOf(policy('open', [pass]))]);
      assert.deepEqual(found, { kind: 'uncovered', acceptedBy: 'open' });
      assert.equal(await kind(await image([build]), policy('open', [pass]), policy('p', [key(build)])), 'verified');
      assert.equal(await kind(await image([test]), policy('open', [pass]), policy('p', [key(build)])), 'untrusted');
    });

    it('is not verified where a policy refuses everything, or code decides', async () => {
      const signed = await image([build]);
      assert.notEqual(await kind(signed, policy('closed', ['{ static: { action: fail } }'])), 'verified');
      assert.equal(await kind(signed, policy('p', [key(build)], { rest: '  policy: { type: cue, data: "a: 1" }\n' })), 'unchecked');
      assert.equal(await kind(signed, policy('p', [key(build, ', ctlog: { url: "https://rekor.example" }')])), 'unchecked');
      assert.equal(await kind(signed, policy('p', [key(build, ', attestations: [{ name: a, predicateType: "https://slsa.dev/provenance/v1" }]')])), 'unchecked');
    });

    it('does not count a bundle, which policy-controller does not see', async () => {
      const bundled = await image([build], 'bundle');
      assert.equal((await verdict(bundled, [], [{ name: 'build', reference: build.pem }])).kind, 'verified');
      assert.notEqual(await kind(bundled, policy('p', [key(build)])), 'verified');
      assert.equal(await kind(bundled, policy('p', [key(build, ', signatureFormat: bundle')])), 'unchecked');
    });

    it('is uncovered where no glob matches its name', async () => {
      const signed = await image([build]);
      assert.equal(await kind(signed, policy('p', [key(build)], { glob: 'ghcr.io/**' })), 'uncovered');
      assert.equal(await kind(signed, policy('p', [key(build)], { glob: `${host()}/demo/*:2.*` })), 'uncovered');
      assert.equal(await kind(signed, policy('p', [key(build)], { glob: `${host()}/demo/*:1.*` })), 'verified');
    });

    it('has its signatures where the policy says', async () => {
      const pushed = await pushImage(host(), `demo/app-${++next}`, '1.0');
      const elsewhere = `${host()}/signatures/all-${next}`;
      const { code, stderr } = await cosign.run(['sign', '--key', build.key, '--tlog-upload=false', '--yes', '--use-signing-config=false', '--new-bundle-format=false', '--allow-http-registry', pushed.byDigest], { env: { COSIGN_REPOSITORY: elsewhere } });
      assert.equal(code, 0, stderr);
      assert.equal(await kind(pushed.byDigest, policy('p', [key(build, `, source: [{ oci: "${elsewhere}" }]`)])), 'verified');
      assert.equal(await kind(pushed.byDigest, policy('p', [key(build)])), 'unsigned');
    });

    it('is judged by a key in the cluster, under whatever name the secret has it', async () => {
      cluster.namespaces.add('cosign-system');
      cluster.put('cosign-system', 'release', { data: { 'any.pub': build.pem } });
      const inSecret = policy('p', ['{ key: { secretRef: { name: release } } }']);
      assert.equal(await kind(await image([build]), inSecret), 'verified');
      assert.equal(await kind(await image([test]), inSecret), 'untrusted');
      assert.equal(await kind(await image([build]), policy('p', ['{ key: { secretRef: { name: missing } } }'])), 'unchecked');
    });

    it('is unchecked where policy-controller would drop the policy for its secret, also beside a key that signed', async () => {
      cluster.namespaces.add('cosign-system');
      cluster.put('cosign-system', 'pair', { data: { 'cosign.key': 'x', 'cosign.pub': build.pem } });
      cluster.put('cosign-system', 'two-keys', { data: { 'any.pub': test.pem + build.pem } });
      const secret = (name: string, more = ''): string => `{ key: { secretRef: { name: ${name}${more} } } }`;
      const signed = await image([build]);
      for (const authorities of [[secret('pair')], [key(build), secret('pair')], [key(build), secret('missing')], [secret('two-keys', ', namespace: elsewhere')]]) {
        assert.equal(await kind(signed, policy('p', authorities)), 'unchecked', authorities.join());
      }
      assert.equal(await kind(signed, policy('p', [secret('two-keys')])), 'untrusted', 'the second key of an entry does not count');
      assert.equal(await kind(await image([test]), policy('p', [secret('two-keys')])), 'verified');
    });

    it('is asked more, and never believed more, by the file of an untrusted workspace', async () => {
      const signed = await image([build]);
      const mine: readonly KeySetting[] = [{ name: 'build', reference: build.pem }];
      const [same, other] = [restrictedFile(await fileOf(policy('p', [key(build)])), () => false), restrictedFile(await fileOf(policy('p', [key(test)])), () => false)];
      assert.equal((await verdict(signed, [same], mine)).kind, 'verified');
      assert.equal((await verdict(signed, [other], mine)).kind, 'untrusted');
      assert.notEqual((await verdict(signed, [same], [{ name: 'test', reference: test.pem }])).kind, 'verified');
      assert.notEqual((await verdict(signed, [same])).kind, 'verified');
      const users = await fileOf(policy('mine', [key(test)], { glob: 'ghcr.io/**' }));
      assert.notEqual((await verdict(signed, [users, same], mine)).kind, 'verified', 'what the user does not speak about');
    });
  });
}
