// What a containers policy asks of an image, and what it asks for in vain.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from '../../../../../src/core/oci/reference.ts';
import type { DemandRule, SignerRule } from '../../../../../src/core/policy/demand.ts';
import { parseContainersPolicy } from '../../../../../src/core/policy/containers/parseContainersPolicy.ts';
import { isValid, type ReadPolicyFile } from '../../../../../src/core/policy/policyProblem.ts';
import { makeKey } from '../../../../support/signedImages.ts';
import { policy } from '../../../../support/containersPolicies.ts';

const [one, two] = [makeKey().pem, makeKey().pem];
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const on = [{ uri: 'file:///registries.d/default.yaml', text: 'default-docker:\n  use-sigstore-attachments: true\n' }];
const matchRepository = { type: 'matchRepository' };

function read(requirements: unknown, registriesD: readonly { uri: string; text: string }[] = on, baseDirectory?: string): ReadPolicyFile {
  return parseContainersPolicy(policy(requirements), 'file:///policy.json', { registriesD, ...(baseDirectory === undefined ? {} : { baseDirectory }) });
}

const rulesFor = (file: ReadPolicyFile, image = 'busybox'): readonly DemandRule[] => file.file.demandsFor(parseReference(image)).map(({ rule }) => rule);
const signers = (requirement: object, baseDirectory?: string): SignerRule => {
  const [rule] = rulesFor(read([{ type: 'sigstoreSigned', ...requirement }], on, baseDirectory));
  assert.ok(rule?.kind === 'signers', JSON.stringify(rule));
  return rule;
};
const kinds = (file: ReadPolicyFile): readonly string[] => file.problems.map(({ kind }) => kind);

describe('a requirement', () => {
  it('of cosign signatures asks for one legacy signature by any of its keys, and for its identity', () => {
    const rule = signers({ keyDatas: [base64(one), base64(two)], signedIdentity: matchRepository });
    assert.deepEqual({ ...rule, keys: rule.keys.map(({ reference }) => reference) }, {
      kind: 'signers', keys: [one, two], threshold: 1, needsEveryKey: true, ofPlatform: true, besideImage: true, annotations: {}, formats: ['legacy'], identity: { kind: 'matchRepository' },
    });
    assert.deepEqual(signers({ keyPath: '/k' }).identity, { kind: 'matchRepoDigestOrExact' });
  });

  it('names keys by path as they are written, and starts relative ones from the folder it is given', () => {
    assert.deepEqual(signers({ keyPaths: ['/etc/a.pub', 'b.pub'] }, '/base').keys, [
      { name: '/etc/a.pub', reference: '/etc/a.pub', firstOnly: true, baseDirectory: '/base' }, { name: 'b.pub', reference: 'b.pub', firstOnly: true, baseDirectory: '/base' },
    ]);
  });

  it('reads a keyPath as a path, whatever else it looks like in settings', () => {
    for (const path of ['https://example.com/cosign.pub', 'http://169.254.169.254/', 'env://SECRET', 'k8s://ns/name', 'pkcs11:token', '~/cosign.pub', '  https://example.com/x', 'HTTPS://example.com/x']) {
      assert.equal(signers({ keyPath: path }).keys[0]?.reference, `./${path.trim()}`);
    }
    for (const path of [`x${one}`, ' ', '\t']) {
      assert.deepEqual(rulesFor(read([{ type: 'sigstoreSigned', keyPath: path }])).map((rule) => rule.kind === 'unsupported' && rule.error.code), ['KEY_UNREADABLE'], path);
    }
  });

  it('takes the first key of keyData that holds several, and each key once', () => {
    assert.deepEqual(signers({ keyData: base64(one + two) }).keys.map(({ reference }) => reference), [one]);
    assert.equal(signers({ keyDatas: [base64(one), base64(one)] }).keys.length, 1);
  });

  it('whose keyData holds no public key leaves images unchecked, and says where', () => {
    for (const data of ['', base64('no key'), base64(one.slice(0, 60)), base64(one.replaceAll('PUBLIC', 'PRIVATE'))]) {
      const file = read([{ type: 'sigstoreSigned', keyDatas: [base64(one), data], signedIdentity: matchRepository }]);
      assert.deepEqual(rulesFor(file).map(({ kind }) => kind), ['unsupported']);
      assert.deepEqual(file.problems.map(({ kind, severity }) => [kind, severity]), [['containers-key-unusable', 'warning']]);
    }
  });

  it('of what is not checked yet is neither met nor failed', () => {
    const pem = base64(one);
    for (const requirement of [
      { type: 'signedBy', keyType: 'GPGKeys', keyPath: '/k' },
      { type: 'sigstoreSigned', keyPath: '/k', rekorPublicKeyPath: '/r' }, { type: 'sigstoreSigned', keyData: pem, rekorPublicKeyDatas: [pem] },
      { type: 'sigstoreSigned', fulcio: { caPath: '/ca', oidcIssuer: 'i', subjectEmail: 'e' }, rekorPublicKeyPath: '/r' },
      { type: 'sigstoreSigned', pki: { caRootsPath: '/ca', subjectEmail: 'e' } },
    ]) assert.deepEqual(rulesFor(read([requirement])).map((rule) => rule.kind === 'unsupported' && rule.error.code), ['POLICY_UNSUPPORTED'], JSON.stringify(requirement));
  });

  it('of nothing is no reason to call an image verified, and reject is never met', () => {
    assert.deepEqual(rulesFor(read([{ type: 'insecureAcceptAnything' }])).map(({ kind }) => kind), ['accept']);
    for (const type of [{ type: 'reject' }, { type: 'signedBaseLayer', baseLayerIdentity: { type: 'matchExact' } }]) {
      assert.deepEqual(rulesFor(read([type])).map(({ kind }) => kind), ['reject']);
    }
  });

  it('is a demand of its own, with the place where it is written', () => {
    const text = '{"default": [\n  {"type": "insecureAcceptAnything"},\n  {"type": "reject"}\n]}';
    const demands = parseContainersPolicy(text, 'file:///p.json', { registriesD: [] }).file.demandsFor(parseReference('busybox'));
    assert.deepEqual(demands.map(({ policy: name, origin, rule }) => [name, origin.kind, origin.uri, origin.range?.start.line, rule.kind]), [
      ['default', 'containers-policy', 'file:///p.json', 1, 'accept'], ['default', 'containers-policy', 'file:///p.json', 2, 'reject'],
    ]);
  });
});

describe('registries.d', () => {
  const signed = [{ type: 'sigstoreSigned', keyData: base64(one), signedIdentity: matchRepository }];
  const rule = (texts: readonly string[], image = 'ghcr.io/org/app:v1'): string =>
    rulesFor(read(signed, texts.map((text, index) => ({ uri: `file:///${index}.yaml`, text }))), image).map(({ kind }) => kind).join();
  const yes = (scope: string): string => `docker:\n  ${scope}:\n    use-sigstore-attachments: true\n`;
  const no = (scope: string): string => yes(scope).replace('true', 'false');
  const fallback = 'default-docker:\n  use-sigstore-attachments: true\n';

  it('that does not ask for attachments hides every cosign signature: rejected, never unsigned', () => {
    for (const texts of [[], [''], ['# nothing'], ['docker:'], ['default-docker:'], ['docker:\n  ghcr.io:\n    lookaside: https://x.example'], [yes('quay.io')], [no('ghcr.io'), fallback]]) {
      assert.equal(rule(texts), 'reject', JSON.stringify(texts));
    }
    assert.equal(rulesFor(read([{ type: 'insecureAcceptAnything' }], [])).map(({ kind }) => kind).join(), 'accept');
  });

  it('asks for them in the scopes that a policy knows too', () => {
    for (const scope of ['ghcr.io/org/app:v1', 'ghcr.io/org/app', 'ghcr.io/org', 'ghcr.io', '"*.io"']) assert.equal(rule([yes(scope)]), 'signers', scope);
    for (const scope of ['ghcr.io/org/app:v2', 'ghcr.io/or', 'io', '"*.ghcr.io"', '""', '"*"']) assert.equal(rule([yes(scope)]), 'reject', scope);
    assert.equal(rule([yes('docker.io')], 'busybox'), 'signers');
    assert.equal(rule([yes('index.docker.io')], 'busybox'), 'reject');
    assert.equal(rule([fallback]), 'signers');
  });

  it('goes on to a wider scope where the nearest one does not say', () => {
    assert.equal(rule(['docker:\n  ghcr.io/org:\n    lookaside: https://x.example\n  ghcr.io:\n    use-sigstore-attachments: true']), 'signers');
    assert.equal(rule(['docker:\n  ghcr.io/org:', fallback]), 'signers');
    assert.equal(rule([no('ghcr.io/org'), yes('ghcr.io')]), 'reject');
  });

  it('takes the booleans that Go\'s YAML takes', () => {
    for (const word of ['true', 'True', 'TRUE', 'yes', 'on', 'y', 'Y', '"yes"']) assert.equal(rule([fallback.replace('true', word)]), 'signers', word);
    for (const word of ['false', 'no', 'off', 'n', 'null', '~', '']) assert.equal(rule([fallback.replace('true', word)]), 'reject', word);
  });

  it('that cannot be read leaves every image unchecked, for podman pulls none then', () => {
    for (const texts of [
      ['docker: ['], ['- a'], ['text'], ['docker: []'], ['docker:\n  a: text'], ['docker:\n  a: []'], ['default-docker: true'],
      [fallback.replace('true', '"true"')], [fallback.replace('true', 'Yes')], [fallback.replace('true', '1')], [fallback.replace('true', '[true]')],
      ['docker:\n  a:\n  a:\n'], [yes('a'), yes('a')], [fallback, fallback], ['docker:\n  a:\n    lookaside: [x]'], [' '.repeat(1024 * 1024 + 1)],
    ]) {
      const file = read([{ type: 'insecureAcceptAnything' }], texts.map((text, index) => ({ uri: `file:///${index}.yaml`, text })));
      assert.equal(isValid(file), false, JSON.stringify(texts));
      assert.deepEqual(kinds(file), ['containers-registries-invalid']);
      assert.deepEqual(rulesFor(file).map((found) => found.kind === 'unsupported' && found.error.code), ['POLICY_INVALID']);
    }
  });

  it('with aliases that multiply is refused at once', () => {
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]', ...'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index] ?? ''},`.repeat(9)}]`)].join('\n');
    assert.equal(isValid(read(signed, [{ uri: 'file:///x.yaml', text: bomb }])), false);
  });
});

describe('what a policy asks for in vain', () => {
  const lint = (requirement: object, scope = 'ghcr.io/org', registriesD: readonly { uri: string; text: string }[] = on): ReadPolicyFile =>
    parseContainersPolicy(policy([{ type: 'reject' }], { docker: { [scope]: [{ type: 'sigstoreSigned', keyPath: '/k', ...requirement }] } }), 'file:///policy.json', { registriesD });

  it('is an identity that cosign does not sign', () => {
    for (const signedIdentity of [undefined, { type: 'matchExact' }, { type: 'matchRepoDigestOrExact' }, { type: 'exactReference', dockerReference: 'a:1' }, { type: 'remapIdentity', prefix: 'a.example', signedPrefix: 'b.example' }]) {
      assert.deepEqual(kinds(lint(signedIdentity ? { signedIdentity } : {})), ['containers-identity-not-of-cosign'], JSON.stringify(signedIdentity));
    }
    for (const signedIdentity of [matchRepository, { type: 'exactRepository', dockerRepository: 'a' }]) assert.deepEqual(kinds(lint({ signedIdentity })), []);
  });

  it('is mended by a fix that leaves nothing to say', () => {
    const text = '{\n  "default": [\n    {\n      "type": "sigstoreSigned",\n      "keyPath": "/k"\n    },\n    {"type": "sigstoreSigned", "keyPath": "/k"},\n    {"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "matchExact"}},\n    {"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "exactReference", "dockerReference": "busybox:1"}}\n  ]\n}\n';
    const parse = (content: string): ReadPolicyFile => parseContainersPolicy(content, 'file:///policy.json', { registriesD: on });
    const edits = parse(text).problems.flatMap(({ fixes = [] }) => fixes).flatMap(({ edits: [edit] }) => (edit ? [edit] : []));
    assert.equal(edits.length, 4);
    const offset = ({ line, character }: { line: number; character: number }): number => text.split('\n').slice(0, line).reduce((sum, part) => sum + part.length + 1, 0) + character;
    const mended = edits.toReversed().reduce((content, { range, text: written }) => content.slice(0, offset(range.start)) + written + content.slice(offset(range.end)), text);
    assert.deepEqual(parse(mended).problems, []);
    assert.ok(mended.includes('"keyPath": "/k",\n      "signedIdentity": {"type": "matchRepository"}\n'));
    assert.ok(mended.includes('{"type": "sigstoreSigned", "keyPath": "/k", "signedIdentity": {"type": "matchRepository"}}'));
    assert.ok(mended.includes('{"type": "exactRepository", "dockerRepository": "docker.io/library/busybox"}'));
  });

  it('is a signature that registries.d hides, wherever that may be asked for', () => {
    const at = (scope: string, text: string): boolean => kinds(lint({ signedIdentity: matchRepository }, scope, [{ uri: 'file:///r.yaml', text }])).includes('containers-attachments-off');
    const yes = (scope: string): string => `docker:\n  "${scope}":\n    use-sigstore-attachments: true\n`;
    for (const [scope, asked] of [['ghcr.io/org', 'quay.io'], ['ghcr.io/org', 'ghcr.io/other'], ['', 'x'], ['*.example.com', 'example.org/a']] as const) {
      assert.equal(at(scope, scope === '' ? 'docker: {}' : yes(asked)), true, `${scope} ${asked}`);
    }
    for (const [scope, asked] of [['ghcr.io/org', 'ghcr.io'], ['ghcr.io/org', 'ghcr.io/org/app'], ['ghcr.io/org/app:v1', 'ghcr.io/org'], ['ghcr.io/org', '*.io'], ['', 'ghcr.io'], ['*.example.com', 'a.example.com:5000/x'], ['*.example.com', '*.com'], ['localhost:5000', 'localhost:5000']] as const) {
      assert.equal(at(scope, yes(asked)), false, `${scope} ${asked}`);
    }
  });

  it('is a scope that no image has, with the one that was meant', () => {
    const file = lint({ signedIdentity: matchRepository }, 'busybox');
    assert.deepEqual(file.problems.map(({ kind, args, fixes }) => [kind, args, fixes?.[0]?.edits[0]?.text]), [['containers-scope-never-matches', ['busybox', 'docker.io/library/busybox'], '"docker.io/library/busybox"']]);
    assert.equal(isValid(file), true);
  });
});
