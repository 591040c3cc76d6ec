// containers policies beside real skopeo, which decides as podman and buildah do: it copies an image exactly when ours is "verified".
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { parseContainersPolicy } from '../../src/core/policy/containers/parseContainersPolicy.ts';
import { isValid } from '../../src/core/policy/policyProblem.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { policy, policySamples } from '../support/containersPolicies.ts';
import { Cosign } from '../support/cosign.ts';
import { testEngine } from '../support/engine.ts';
import { pushImage, pushIndex } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';
import { Skopeo } from '../support/skopeo.ts';

const engine = testEngine();
const folder = mkdtempSync(join(tmpdir(), 'countersign-policy-'));
const matchRepository = { type: 'matchRepository' };
const lines: string[] = [];
let registry: Distribution;
let skopeo: Skopeo;
/** Whether the installed skopeo knows `keyPaths` and what came with it (containers/image 5.34). */
let isRecent = false;
/** Debian 12 builds skopeo without the verification of cosign's signatures: how many rows it could say nothing about. */
let notJudged = 0;
let keys: Awaited<ReturnType<Cosign['generateKeyPair']>>;
let other: typeof keys;
const images: Record<'legacy2' | 'legacy3' | 'bundle' | 'bare' | 'both' | 'exact' | 'index' | 'children' | 'other', string> = { legacy2: '', legacy3: '', bundle: '', bare: '', both: '', exact: '', index: '', children: '', other: '' };
const digests = new Map<string, string>();

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry', 'skopeo']);
  skopeo = new Skopeo(peers.skopeo);
  isRecent = await skopeo.readsPolicy(policy([{ type: 'sigstoreSigned', keyPaths: ['/k'] }]));
  registry = await startDistribution();
  const [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  keys = await two.generateKeyPair('release');
  other = await three.generateKeyPair('other');
  const push = async (name: keyof typeof images): Promise<string> => {
    const { byDigest, repository, digest } = await pushImage(registry.host, `demo/${name}`, '1.0');
    images[name] = `${registry.host}/${repository}`;
    digests.set(name, digest);
    return byDigest;
  };
  await two.sign(keys.key, await push('legacy2'), 'legacy');
  await three.sign(keys.key, await push('legacy3'), 'legacy');
  await three.sign(keys.key, await push('bundle'), 'bundle');
  await push('bare');
  const both = await push('both');
  await two.sign(keys.key, both, 'legacy');
  await two.sign(other.key, both, 'legacy');
  await three.sign(other.key, await push('other'), 'legacy');
  await two.sign(keys.key, await push('exact'), 'legacy', ['--sign-container-identity', `${images.exact}:1.0`]);
  for (const [name, recursive] of [['index', false], ['children', true]] as const) {
    const { index } = await pushIndex(registry.host, `demo/${name}`, '1.0', ['linux/amd64', 'linux/arm64']);
    images[name] = `${registry.host}/demo/${name}`;
    digests.set(name, index.digest);
    await two.sign(keys.key, index.byDigest, 'legacy', recursive ? ['--recursive'] : []);
  }
  writeFileSync(join(folder, 'a.pub'), keys.pem);
  writeFileSync(join(folder, 'b.pub'), other.pem);
  writeFileSync(join(folder, 'two.pub'), other.pem + keys.pem);
  writeFileSync(join(folder, 'no.pub'), 'no key');
});
after(async () => {
  await engine.dispose();
  await registry.close();
  console.log(lines.join('\n'));
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const attachments = 'default-docker:\n  use-sigstore-attachments: true\n';
const signed = (fields: object): object => ({ type: 'sigstoreSigned', ...fields });
const byKey = (signedIdentity?: object): object => signed({ keyData: base64(keys.pem), ...(signedIdentity ? { signedIdentity } : {}) });

interface Row {
  readonly name: string;
  readonly image: string;
  readonly policy: string;
  /** Default: attachments are looked for everywhere. */
  readonly registriesD?: readonly string[];
  readonly recent?: boolean;
  readonly platform?: string;
  readonly verdict: Verdict['kind'];
}

async function compare({ name, image, policy: text, registriesD = [attachments], platform = 'linux/amd64', verdict: expected }: Row): Promise<void> {
  const read = parseContainersPolicy(text, 'file:///policy.json', { registriesD: registriesD.map((content, index) => ({ uri: `file:///${index}.yaml`, text: content })) });
  const verdict = await engine.verify({ reference: parseReference(image), trust: { keys: [], policies: [], files: [read.file], problems: [] }, platform, fresh: false }, new AbortController().signal);
  const { accepted, stderr } = await skopeo.copies(text, registriesD, image, platform);
  const cannotJudge = stderr.includes('sigstore disabled');
  lines.push(`${name.padEnd(60)} skopeo ${cannotJudge ? 'CANNOT' : accepted ? 'accepts' : 'refuses'}  ours ${verdict.kind}`);
  assert.equal(verdict.kind, expected, `${JSON.stringify(verdict)}\n${stderr}`);
  if (cannotJudge) notJudged++;
  // What asks for no signature is accepted by skopeo, and is no reason for us to say "verified".
  else assert.equal(accepted, expected === 'verified' || expected === 'uncovered', stderr);
}

describe('an image under a containers policy', () => {
  const rows = (): readonly Row[] => {
    const { legacy2, legacy3, bundle, bare, both, exact } = images;
    const one = policy([byKey(matchRepository)]);
    const at = (name: string): string => `${images[name as keyof typeof images]}@${digests.get(name) ?? ''}`;
    const scoped = (scope: string): string => policy([{ type: 'reject' }], { docker: { [scope]: [byKey(matchRepository)] } });
    const paths = (...names: readonly string[]): string => policy([signed({ keyPaths: names.map((name) => join(folder, name)), signedIdentity: matchRepository })]);
    const path = (name: string): string => policy([signed({ keyPath: join(folder, name), signedIdentity: matchRepository })]);
    const { host } = registry;
    const [accept, reject] = [[{ type: 'insecureAcceptAnything' }], [{ type: 'reject' }]];
    const gpg = [{ type: 'signedBy', keyType: 'GPGKeys', keyPath: join(folder, 'a.pub') }];
    return [
      { name: 'cosign 2, matchRepository, by tag', image: `${legacy2}:1.0`, policy: one, verdict: 'verified' },
      { name: 'cosign 2, matchRepository, by digest', image: at('legacy2'), policy: one, verdict: 'verified' },
      { name: 'cosign 3 legacy, matchRepository, by tag', image: `${legacy3}:1.0`, policy: one, verdict: 'verified' },
      { name: 'cosign 3 legacy, matchRepository, by digest', image: at('legacy3'), policy: one, verdict: 'verified' },
      { name: 'cosign 3 bundle only', image: `${bundle}:1.0`, policy: one, verdict: 'untrusted' },
      { name: 'nobody signed', image: `${bare}:1.0`, policy: one, verdict: 'unsigned' },
      { name: 'another key signed', image: `${images.other}:1.0`, policy: one, verdict: 'untrusted' },
      { name: 'default identity, by tag', image: `${legacy2}:1.0`, policy: policy([byKey()]), verdict: 'untrusted' },
      { name: 'default identity, by digest', image: at('legacy2'), policy: policy([byKey()]), verdict: 'untrusted' },
      { name: 'matchExact, by tag', image: `${legacy2}:1.0`, policy: policy([byKey({ type: 'matchExact' })]), verdict: 'untrusted' },
      { name: 'matchExact, the tag was signed', image: `${exact}:1.0`, policy: policy([byKey({ type: 'matchExact' })]), verdict: 'verified' },
      { name: 'default identity, the tag was signed, by tag', image: `${exact}:1.0`, policy: policy([byKey()]), verdict: 'verified' },
      { name: 'default identity, a tag was signed, by digest', image: at('exact'), policy: policy([byKey()]), verdict: 'verified' },
      { name: 'matchExact, a tag was signed, by digest', image: at('exact'), policy: policy([byKey({ type: 'matchExact' })]), verdict: 'untrusted' },
      { name: 'exactReference, right', image: `${exact}:1.0`, policy: policy([byKey({ type: 'exactReference', dockerReference: `${exact}:1.0` })]), verdict: 'verified' },
      { name: 'exactReference, wrong tag', image: `${exact}:1.0`, policy: policy([byKey({ type: 'exactReference', dockerReference: `${exact}:2.0` })]), verdict: 'untrusted' },
      { name: 'exactRepository, right', image: `${legacy2}:1.0`, policy: policy([byKey({ type: 'exactRepository', dockerRepository: legacy2 })]), verdict: 'verified' },
      { name: 'exactRepository, another', image: `${legacy2}:1.0`, policy: policy([byKey({ type: 'exactRepository', dockerRepository: legacy3 })]), verdict: 'untrusted' },
      { name: 'remapIdentity to what was not signed', image: `${exact}:1.0`, policy: policy([byKey({ type: 'remapIdentity', prefix: host, signedPrefix: 'vendor.example' })]), verdict: 'untrusted' },
      { name: 'remapIdentity to itself', image: `${exact}:1.0`, policy: policy([byKey({ type: 'remapIdentity', prefix: host, signedPrefix: host })]), verdict: 'verified' },
      { name: 'remapIdentity of another prefix', image: `${exact}:1.0`, policy: policy([byKey({ type: 'remapIdentity', prefix: `${host}/dem`, signedPrefix: 'vendor.example' })]), verdict: 'verified' },
      { name: 'remapIdentity, only the repository was signed', image: `${legacy2}:1.0`, policy: policy([byKey({ type: 'remapIdentity', prefix: host, signedPrefix: host })]), verdict: 'untrusted' },
      { name: 'keyPath, right', image: `${legacy2}:1.0`, policy: path('a.pub'), verdict: 'verified' },
      { name: 'keyPath, wrong', image: `${legacy2}:1.0`, policy: path('b.pub'), verdict: 'untrusted' },
      { name: 'keyPath, no file', image: `${legacy2}:1.0`, policy: path('none.pub'), verdict: 'unchecked' },
      { name: 'keyPath, no key in it', image: `${legacy2}:1.0`, policy: path('no.pub'), verdict: 'unchecked' },
      { name: 'keyPath, the first of two keys signed', image: `${images.other}:1.0`, policy: path('two.pub'), verdict: 'verified' },
      { name: 'keyPath, the second of two keys signed', image: `${legacy2}:1.0`, policy: path('two.pub'), verdict: 'untrusted' },
      { name: 'keyData, the second of two keys signed', image: `${legacy2}:1.0`, policy: policy([signed({ keyData: base64(other.pem + keys.pem), signedIdentity: matchRepository })]), verdict: 'untrusted' },
      { name: 'keyData that is no key', image: `${legacy2}:1.0`, policy: policy([signed({ keyData: base64('no key'), signedIdentity: matchRepository })]), verdict: 'unchecked' },
      { name: 'keyPaths, one of them right', image: `${legacy2}:1.0`, policy: paths('b.pub', 'a.pub'), recent: true, verdict: 'verified' },
      { name: 'keyPaths, none right', image: `${legacy2}:1.0`, policy: paths('b.pub', 'b.pub'), recent: true, verdict: 'untrusted' },
      { name: 'keyPaths, one right and one missing', image: `${legacy2}:1.0`, policy: paths('a.pub', 'none.pub'), recent: true, verdict: 'unchecked' },
      { name: 'keyDatas, one of them right', image: `${legacy2}:1.0`, policy: policy([signed({ keyDatas: [base64(other.pem), base64(keys.pem)], signedIdentity: matchRepository })]), recent: true, verdict: 'verified' },
      { name: 'rekor asked for', image: `${legacy2}:1.0`, policy: policy([signed({ keyData: base64(keys.pem), rekorPublicKeyData: base64(other.pem), signedIdentity: matchRepository })]), recent: true, verdict: 'unchecked' },
      { name: 'two requirements, both keys signed', image: `${both}:1.0`, policy: policy([byKey(matchRepository), signed({ keyPath: join(folder, 'b.pub'), signedIdentity: matchRepository })]), verdict: 'verified' },
      { name: 'two requirements, one key signed', image: `${legacy2}:1.0`, policy: policy([byKey(matchRepository), signed({ keyPath: join(folder, 'b.pub'), signedIdentity: matchRepository })]), verdict: 'untrusted' },
      { name: 'a key and insecureAcceptAnything', image: `${legacy2}:1.0`, policy: policy([byKey(matchRepository), { type: 'insecureAcceptAnything' }]), verdict: 'verified' },
      { name: 'a key and reject', image: `${legacy2}:1.0`, policy: policy([byKey(matchRepository), { type: 'reject' }]), verdict: 'untrusted' },
      { name: 'default reject', image: `${legacy2}:1.0`, policy: policy([{ type: 'reject' }]), verdict: 'untrusted' },
      { name: 'insecureAcceptAnything', image: `${legacy2}:1.0`, policy: policy([{ type: 'insecureAcceptAnything' }]), verdict: 'uncovered' },
      { name: 'insecureAcceptAnything, unsigned', image: `${bare}:1.0`, policy: policy([{ type: 'insecureAcceptAnything' }]), verdict: 'uncovered' },
      { name: 'insecureAcceptAnything for the repository, default reject', image: `${bare}:1.0`, policy: policy([{ type: 'reject' }], { docker: { [bare]: [{ type: 'insecureAcceptAnything' }] } }), verdict: 'uncovered' },
      ...['', `${legacy2}:1.0`, legacy2, `${host}/demo`, host, '*.0.0.1', '*.1'].map((scope): Row => ({ name: `scope "${scope.replace(host, 'HOST')}"`, image: `${legacy2}:1.0`, policy: scoped(scope), verdict: 'verified' })),
      ...[`${legacy2}:2.0`, `${host}/dem`, '127.0.0.1', `*.${host}`, '*', 'docker.io'].map((scope): Row => ({ name: `scope "${scope.replace(host, 'HOST')}"`, image: `${legacy2}:1.0`, policy: scoped(scope), verdict: 'untrusted' })),
      // Which scope is chosen shows without any signature too, so that every skopeo can judge it.
      ...([
        ['the tag over the repository', { [`${bare}:1.0`]: accept, [bare]: reject }, true], ['another tag under the repository', { [`${bare}:2.0`]: accept, [bare]: reject }, false],
        ['the repository over its namespace', { [bare]: accept, [`${host}/demo`]: reject }, true], ['the namespace over the host', { [`${host}/demo`]: reject, [host]: accept }, false],
        ['the host over a wildcard', { [host]: accept, '*.0.0.1': reject }, true], ['the longer wildcard over the shorter', { '*.0.0.1': accept, '*.1': reject }, true],
        ['the shorter wildcard over the transport', { '*.1': reject, '': accept }, false], ['the transport over the default', { '': accept }, true],
        ['a namespace that is only the beginning of a name', { [`${host}/dem`]: accept }, false], ['a wildcard with the port', { [`*.0.0.1:${host.split(':')[1] ?? ''}`]: accept }, false],
        ['a wildcard in the path', { [`${host}/*`]: accept }, false], ['a repository below the image', { [`${bare}/more`]: accept }, false],
        ['a GPG key at the repository, accepting above', { [bare]: gpg, [host]: accept }, undefined], ['a GPG key above, accepting at the repository', { [bare]: accept, [host]: gpg }, true],
      ] as const).map(([name, docker, accepted]): Row => ({
        name: `no key: ${name}`, image: `${bare}:1.0`, policy: policy([{ type: 'reject' }], { docker }), verdict: accepted === true ? 'uncovered' : accepted === false ? 'unsigned' : 'unchecked',
      })),
      { name: 'no key: the digest over the repository', image: at('bare'), policy: policy(reject, { docker: { [at('bare')]: accept, [bare]: reject } }), verdict: 'uncovered' },
      { name: 'no key: the tag of an image that is named by digest', image: at('bare'), policy: policy(reject, { docker: { [`${bare}:1.0`]: accept } }), verdict: 'unsigned' },
      { name: 'the nearest scope rejects, a wider one would not', image: `${legacy2}:1.0`, policy: policy([byKey(matchRepository)], { docker: { [host]: [byKey(matchRepository)], [legacy2]: [{ type: 'reject' }] } }), verdict: 'untrusted' },
      { name: 'no registries.d', image: `${legacy2}:1.0`, policy: one, registriesD: [], verdict: 'untrusted' },
      { name: 'registries.d says no', image: `${legacy2}:1.0`, policy: one, registriesD: [attachments.replace('true', 'false')], verdict: 'untrusted' },
      { name: 'registries.d for the host', image: `${legacy2}:1.0`, policy: one, registriesD: [`docker:\n  ${host}:\n    use-sigstore-attachments: true`], verdict: 'verified' },
      { name: 'registries.d for another host', image: `${legacy2}:1.0`, policy: one, registriesD: ['docker:\n  docker.io:\n    use-sigstore-attachments: true'], verdict: 'untrusted' },
      { name: 'registries.d off for the repository, on for all', image: `${legacy2}:1.0`, policy: one, registriesD: [attachments, `docker:\n  ${legacy2}:\n    use-sigstore-attachments: false`], verdict: 'untrusted' },
      { name: 'registries.d with a section that does not say', image: `${legacy2}:1.0`, policy: one, registriesD: [attachments, `docker:\n  ${legacy2}:\n    lookaside: file:///nonexistent`], verdict: 'verified' },
      { name: 'registries.d with a wildcard', image: `${legacy2}:1.0`, policy: one, registriesD: ['docker:\n  "*.0.0.1":\n    use-sigstore-attachments: yes'], verdict: 'verified' },
      { name: 'registries.d with a namespace twice', image: `${legacy2}:1.0`, policy: one, registriesD: [attachments, attachments], verdict: 'unchecked' },
      { name: 'registries.d that is not YAML', image: `${legacy2}:1.0`, policy: policy([{ type: 'insecureAcceptAnything' }]), registriesD: ['docker: ['], verdict: 'unchecked' },
      { name: 'registries.d with a text for a boolean', image: `${legacy2}:1.0`, policy: one, registriesD: [attachments.replace('true', '"true"')], verdict: 'unchecked' },
      { name: 'an index that was signed without its images', image: `${images.index}:1.0`, policy: one, verdict: 'unsigned' },
      { name: 'an index that was signed with its images', image: `${images.children}:1.0`, policy: one, verdict: 'verified' },
      { name: 'an index that was signed with its images, arm64', image: `${images.children}:1.0`, policy: one, platform: 'linux/arm64', verdict: 'verified' },
    ];
  };

  it('is verified exactly when skopeo copies it', async () => {
    const failures: string[] = [];
    for (const row of rows()) {
      if (row.recent === true && !isRecent) {
        notJudged++;
        lines.push(`${row.name.padEnd(60)} skopeo CANNOT   (it does not know the fields)`);
        continue;
      }
      await compare(row).catch((error: unknown) => { failures.push(`${row.name}: ${error instanceof Error ? error.message : String(error)}`); });
    }
    lines.push(notJudged === 0 ? 'skopeo judged every row' : `${notJudged} of ${rows().length} rows were NOT compared: this skopeo is too old, or built without sigstore`);
    assert.deepEqual(failures, []);
  });
});

describe('a text', () => {
  it('is a policy for us exactly when it is one for skopeo', async () => {
    const differing: string[] = [];
    const samples = policySamples.filter(({ recent }) => recent !== true || isRecent);
    for (const { name } of policySamples) if (!samples.some((sample) => sample.name === name)) lines.push(`the text "${name}" was NOT compared: this skopeo does not know the fields`);
    for (const { name, text } of samples) {
      const read = parseContainersPolicy(text, 'file:///policy.json', { registriesD: [] });
      if (await skopeo.readsPolicy(text) !== isValid(read)) differing.push(name);
    }
    lines.push(`${samples.length} policy files: ${samples.length - differing.length} read or refused alike`);
    assert.deepEqual(differing, []);
  });
});
