// Demands of every shape against every kind of signature: tables for what a person would ask, properties for what must never happen.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { PublicKey } from '../../../../src/core/crypto/publicKey.ts';
import { parsePublicKeys } from '../../../../src/core/crypto/publicKey.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { Demand, DemandRule, PolicyFile, SignerRule } from '../../../../src/core/policy/demand.ts';
import { demandsFor, everyKey } from '../../../../src/core/policy/requirements.ts';
import { keyIdentity, type KeySetting, type TrustPolicy, type TrustSettings } from '../../../../src/core/policy/trustPolicy.ts';
import type { Verdict } from '../../../../src/core/policy/verdict.ts';
import { conclude } from '../../../../src/core/verification/conclude.ts';
import { evaluate, type Evaluation } from '../../../../src/core/verification/evaluate.ts';
import { judgeSignatures, type JudgedSignature } from '../../../../src/core/verification/judgedSignature.ts';
import type { LoadedKeys } from '../../../../src/core/verification/keyLoader.ts';
import { makeBundle, makeKey, makePayload, sha256, type SignOptions, type TestKey } from '../../../support/signedImages.ts';

const digest = sha256('the image');
const intended = parseReference('localhost:5000/demo/app:1.0');
const people = { ada: makeKey(), bob: makeKey(), cyd: makeKey(), stranger: makeKey() } as const;
type Person = keyof typeof people;
const publicOf = new Map<Person, PublicKey>((Object.entries(people) as [Person, TestKey][]).map(([name, { pem }]) => [name, parsePublicKeys(Buffer.from(pem))[0]!]));
const publicKey = (person: Person): PublicKey => publicOf.get(person)!;

/** Names in policies; `ada2` is another name for Ada's key, `both` one name for two keys, `gone` a key that cannot be read. */
const names = { ada: ['ada'], bob: ['bob'], cyd: ['cyd'], ada2: ['ada'], both: ['ada', 'bob'] } as const satisfies Record<string, readonly Person[]>;
type Name = keyof typeof names | 'gone';
const setting = (name: Name): KeySetting => ({ name, reference: `${name}.pub` });
const loaded: LoadedKeys = {
  keys: new Map(Object.entries(names).map(([name, list]) => [keyIdentity(setting(name as Name)), list.map(publicKey)])),
  failures: [], unreadable: new Map([[keyIdentity(setting('gone')), new CosignError('KEY_UNREADABLE', said`gone`)]]),
};

type Kind = 'legacy' | 'bundle';
const made = new Map<string, JudgedSignature>();
/** A signature as verification sees it; the same question gives the same one. */
function signature(person: Person, kind: Kind = 'legacy', options: SignOptions = {}): JudgedSignature {
  const key = JSON.stringify([person, kind, options]);
  const known = made.get(key);
  if (known) return known;
  const found = { store: 'signature tag', manifest: sha256('m'), manifestBytes: new Uint8Array(), blob: sha256(key) } as const;
  const stored = kind === 'bundle'
    ? { ...found, format: kind, bytes: makeBundle(digest, people[person], options) } as const
    : { ...found, format: kind, certificate: false, ...makePayload(digest, people[person], options) } as const;
  const [judged] = judgeSignatures([stored], digest, (['ada', 'bob', 'cyd'] as const).map(publicKey));
  assert.ok(judged);
  made.set(key, judged);
  return judged;
}

const signers = (keys: readonly Name[], threshold = 1, more: Partial<SignerRule> = {}): SignerRule => ({ kind: 'signers', keys: keys.map(setting), threshold, annotations: {}, ...more });
const accept: DemandRule = { kind: 'accept', reason: said`static: pass` };
const reject: DemandRule = { kind: 'reject', reason: said`static: fail` };
const unsupported: DemandRule = { kind: 'unsupported', error: new CosignError('POLICY_UNSUPPORTED', said`keyless`) };
const any = (...rules: DemandRule[]): DemandRule => ({ kind: 'any', rules });
const all = (...rules: DemandRule[]): DemandRule => ({ kind: 'all', rules });
const demand = (rule: DemandRule, index = 0): Demand => ({ policy: `policy ${index}`, origin: { kind: 'settings' }, rule });

const judge = (demands: readonly Demand[], judged: readonly JudgedSignature[]): Evaluation => evaluate({ demands, places: [{ judged, looksHere: () => true }], keys: loaded, intended });
function verdictOf(demands: readonly Demand[], judged: readonly JudgedSignature[]): Verdict {
  return conclude({ digest, incomplete: [], evaluation: judge(demands, judged) }, { digest, platform: undefined, problem: undefined, checkedAt: 0 });
}
const kindOf = (rules: readonly DemandRule[], judged: readonly JudgedSignature[]): string => {
  const verdict = verdictOf(rules.map(demand), judged);
  return verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind === 'uncovered' ? verdict.acceptedBy ?? 'uncovered' : verdict.kind;
};

const [ada, bob, cyd, stranger] = [signature('ada'), signature('bob'), signature('cyd'), signature('stranger')];
const three = ['ada', 'bob', 'cyd'] as const;

describe('how many must sign', () => {
  const rows: readonly (readonly [string, SignerRule, readonly JudgedSignature[], string])[] = [
    ['any of three, one signed', signers(three), [bob], 'verified'],
    ['any of three, a stranger signed', signers(three), [stranger], 'untrusted'],
    ['any of three, nobody signed', signers(three), [], 'unsigned'],
    ['two of three, one signed', signers(three, 2), [ada], 'untrusted'],
    ['two of three, one signed twice', signers(three, 2), [ada, signature('ada', 'legacy', { annotations: { again: 'yes' } })], 'untrusted'],
    ['two of three, one signed in both formats', signers(three, 2), [ada, signature('ada', 'bundle')], 'untrusted'],
    ['two of three, two signed', signers(three, 2), [ada, cyd], 'verified'],
    ['two of three, two signed in different formats', signers(three, 2), [signature('cyd', 'bundle'), bob], 'verified'],
    ['two of three, one signed another digest', signers(three, 2), [ada, signature('bob', 'legacy', { claim: sha256('x') })], 'untrusted'],
    ['two of three, two signed among strangers', signers(three, 2), [stranger, ada, stranger, bob], 'verified'],
    ['all of three, two signed', signers(three, 3), [ada, bob], 'untrusted'],
    ['all of three, all signed', signers(three, 3), [ada, signature('bob', 'bundle'), cyd], 'verified'],
    ['two names for one key', signers(['ada', 'ada2'], 2), [ada], 'untrusted'],
    ['two names for one key and another signer', signers(['ada', 'ada2', 'bob'], 2), [ada, bob], 'verified'],
    ['two keys behind one name', signers(['both', 'cyd'], 2), [ada, bob], 'untrusted'],
    ['two keys behind one name, and one of them by its own name', signers(['ada', 'both'], 2), [ada, bob], 'verified'],
    ['the same, in whichever order they are named', signers(['both', 'ada'], 2), [ada, bob], 'verified'],
    ['a name with the key of the other name only', signers(['ada', 'both'], 2), [ada], 'untrusted'],
    ['legacy only, a bundle found', signers(['ada'], 1, { formats: ['legacy'] }), [signature('ada', 'bundle')], 'untrusted'],
    ['legacy only, both found', signers(['ada'], 1, { formats: ['legacy'] }), [signature('ada', 'bundle'), ada], 'verified'],
    ['annotations spread over two signatures', signers(['ada'], 1, { annotations: { a: '1', b: '2' } }), [signature('ada', 'legacy', { annotations: { a: '1' } }), signature('ada', 'legacy', { annotations: { b: '2' } })], 'untrusted'],
    ['annotations in one signature', signers(['ada'], 1, { annotations: { a: '1', b: '2' } }), [signature('ada', 'bundle', { annotations: { a: '1', b: '2', c: '3' } })], 'verified'],
    ['two of two with annotations, one without them', signers(['ada', 'bob'], 2, { annotations: { a: '1' } }), [signature('ada', 'legacy', { annotations: { a: '1' } }), bob], 'untrusted'],
    ['an unreadable key and a stranger', signers(['ada', 'gone']), [stranger], 'KEY_UNREADABLE'],
    ['an unreadable key and enough others', signers(['ada', 'gone']), [ada], 'verified'],
    ['an unreadable key that could not make up the rest', signers(['ada', 'bob', 'gone'], 3), [ada], 'untrusted'],
    ['an unreadable key that could make up the rest', signers(['ada', 'bob', 'gone'], 3), [ada, bob], 'KEY_UNREADABLE'],
    ['an unreadable key where nobody signed', signers(['ada', 'gone'], 2), [], 'unsigned'],
    ['the signed repository', signers(['ada'], 1, { identity: { kind: 'matchRepository' } }), [ada], 'verified'],
    ['the signed tag, which cosign does not sign', signers(['ada'], 1, { identity: { kind: 'matchExact' } }), [ada], 'untrusted'],
    ['a name, where a bundle signs none', signers(['ada'], 1, { identity: { kind: 'matchRepository' } }), [signature('ada', 'bundle')], 'untrusted'],
    ['no key at all', signers([]), [ada], 'untrusted'],
  ];
  for (const [what, rule, found, expected] of rows) it(`${what}: ${expected}`, () => assert.equal(kindOf([rule], found), expected));

  it('each signer is told apart: present, missing, invalid, unreadable', () => {
    const rule = signers(['ada', 'bob', 'cyd', 'gone'], 2, { annotations: { env: 'prod' } });
    const prod = signature('ada', 'legacy', { annotations: { env: 'prod' } });
    const [outcome] = judge([demand(rule)], [prod, signature('bob', 'legacy', { annotations: { env: 'dev' } })]).policies;
    assert.ok(outcome);
    assert.deepEqual([outcome.state, outcome.required, outcome.satisfied, outcome.keys], ['unknown', 2, false, ['ada', 'bob', 'cyd', 'gone']]);
    assert.deepEqual(outcome.signers?.map(({ key, state, fingerprint }) => [key, state, fingerprint]), [
      ['ada', 'present', publicKey('ada').fingerprint], ['bob', 'invalid', publicKey('bob').fingerprint], ['cyd', 'missing', publicKey('cyd').fingerprint], ['gone', 'unreadable', undefined]]);
  });

  it('who signed another digest is invalid, not missing', () => {
    for (const kind of ['legacy', 'bundle'] as const) {
      const [outcome] = judge([demand(signers(['ada']))], [signature('ada', kind, { claim: sha256('other') })]).policies;
      assert.deepEqual(outcome?.signers?.map(({ state }) => state), ['invalid']);
    }
  });

  it('a second name for a key that counts already is missing, and says why', () => {
    const [outcome] = judge([demand(signers(['ada', 'ada2'], 2))], [ada]).policies;
    assert.deepEqual(outcome?.signers?.map(({ state, detail }) => [state, detail !== undefined]), [['present', false], ['missing', true]]);
  });
});

describe('demands that are more than signers', () => {
  const rows: readonly (readonly [string, readonly DemandRule[], readonly JudgedSignature[], string])[] = [
    ['accepted without a signature', [accept], [], 'policy 0'],
    ['accepted, and signed by a stranger', [accept], [stranger], 'policy 0'],
    ['accepted by one policy and signed for the other', [accept, signers(['ada'])], [ada], 'verified'],
    ['accepted by one policy and not signed for the other', [accept, signers(['ada'])], [], 'unsigned'],
    ['rejected and unsigned', [reject], [], 'unsigned'],
    ['rejected and signed', [reject], [ada], 'untrusted'],
    ['rejected by one and signed for the other', [reject, signers(['ada'])], [ada], 'untrusted'],
    ['keyless only, nothing found', [unsupported], [], 'POLICY_UNSUPPORTED'],
    ['keyless only, signed', [unsupported], [ada], 'POLICY_UNSUPPORTED'],
    ['keyless beside a signer who signed', [unsupported, signers(['ada'])], [ada], 'POLICY_UNSUPPORTED'],
    ['keyless beside a signer who did not', [unsupported, signers(['ada'])], [], 'POLICY_UNSUPPORTED'],
    ['keyless or a signer who signed', [any(unsupported, signers(['ada']))], [ada], 'verified'],
    ['keyless or a signer who did not', [any(unsupported, signers(['ada']))], [], 'POLICY_UNSUPPORTED'],
    ['keyless or accepted', [any(unsupported, accept)], [], 'policy 0'],
    ['accepted or a signer who signed', [any(accept, signers(['ada']))], [ada], 'verified'],
    ['accepted or a signer who did not', [any(accept, signers(['ada']))], [stranger], 'policy 0'],
    ['rejected or a signer who signed', [any(reject, signers(['ada']))], [ada], 'verified'],
    ['one of two authorities', [any(signers(['ada']), signers(['bob']))], [bob], 'verified'],
    ['both of two', [all(signers(['ada']), signers(['bob']))], [bob], 'untrusted'],
    ['both of two, both signed', [all(signers(['ada']), signers(['bob']))], [bob, ada], 'verified'],
    ['all with something unknown in it', [all(unsupported, signers(['bob']))], [], 'POLICY_UNSUPPORTED'],
    ['all with a reject in it', [all(reject, signers(['bob']))], [bob], 'untrusted'],
    ['all of accepted and signed', [all(accept, signers(['bob']))], [bob], 'verified'],
  ];
  for (const [what, rules, found, expected] of rows) it(`${what}: ${expected}`, () => assert.equal(kindOf(rules, found), expected));

  it('a reject says why', () => assert.equal(judge([demand(reject)], [ada]).policies[0]?.reason?.toString(), 'static: fail'));
  it('an alternative that decided is named', () => {
    const [outcome] = judge([demand(any(signers(['ada'], 1, { name: 'first' }), signers(['bob'], 1, { name: 'second' })))], [bob]).policies;
    assert.deepEqual([outcome?.authority, outcome?.required, outcome?.parts?.map(({ state }) => state)], ['second', 1, ['unsatisfied', 'satisfied']]);
  });
  it('what only adds demands never makes an image verified', () => {
    assert.deepEqual(verdictOf([{ ...demand(signers(['ada'])), demandsOnly: true }], [ada]), { kind: 'uncovered' });
    assert.equal(verdictOf([demand(signers(['ada'])), { ...demand(signers(['bob'])), demandsOnly: true }], [ada]).kind, 'untrusted');
    assert.equal(verdictOf([demand(signers(['ada'])), { ...demand(signers(['bob'])), demandsOnly: true }], [ada, bob]).kind, 'verified');
  });
});

describe('what must never happen', () => {
  const anyName = fc.constantFrom<Name>('ada', 'bob', 'cyd', 'ada2', 'both', 'gone');
  const anySigners = fc.record({ keys: fc.uniqueArray(anyName, { minLength: 1, maxLength: 4 }), part: fc.double({ min: 0, max: 0.999, noNaN: true }), prod: fc.boolean(), formats: fc.option(fc.constantFrom<readonly Kind[]>(['legacy'], ['bundle'])), identity: fc.boolean() })
    .map(({ keys, part, prod, formats, identity }) => signers(keys, 1 + Math.floor(part * keys.length), { annotations: prod ? { env: 'prod' } : {}, ...(formats ? { formats } : {}), ...(identity ? { identity: { kind: 'matchRepository' } } : {}) }));
  const { rule: anyRule } = fc.letrec<{ rule: DemandRule }>((tie) => ({
    rule: fc.oneof({ maxDepth: 2, depthSize: 'small' }, { arbitrary: anySigners, weight: 5 }, fc.constantFrom(accept, reject, unsupported),
      fc.record({ kind: fc.constantFrom('any' as const, 'all' as const), rules: fc.array(tie('rule'), { minLength: 1, maxLength: 3 }) })),
  }));
  const anyDemands = fc.array(anyRule, { minLength: 1, maxLength: 4 }).map((rules) => rules.map(demand));
  const anySignature = fc.tuple(fc.constantFrom<Person>('ada', 'bob', 'cyd', 'stranger'), fc.constantFrom<Kind>('legacy', 'bundle'), fc.constantFrom<SignOptions>({}, { annotations: { env: 'prod' } }, { annotations: { env: 'dev' } }, { claim: sha256('x') }, { repository: 'ghcr.io/else/where' }))
    .map(([person, kind, options]) => signature(person, kind, options));
  const anySignatures = fc.array(anySignature, { maxLength: 6 });
  const runs = { numRuns: 3000 };
  const withoutOrder = ({ policies, ...rest }: Evaluation): unknown => ({ ...rest, signatures: rest.signatures.length, unknown: rest.unknown?.code, policies: [...policies].map((policy) => JSON.stringify(policy)).sort() });

  it('one more demand never makes an image verified that was not', () => {
    fc.assert(fc.property(anyDemands, anyRule, fc.boolean(), anySignatures, (demands, rule, demandsOnly, found) => {
      const before = verdictOf(demands, found).kind;
      const after = verdictOf([...demands, { ...demand(rule, 9), demandsOnly }], found).kind;
      if (before !== 'uncovered') assert.ok(after !== 'verified' || before === 'verified', `${before} → ${after}`);
      if (before !== 'verified' && before !== 'uncovered') assert.notEqual(after, 'uncovered');
    }), runs);
  });

  const anyPolicy = fc.record({ images: fc.constantFrom<readonly string[]>(['**'], ['localhost:5000/demo/*'], ['ghcr.io/**'], ['**', '!localhost:5000/**']), keys: fc.uniqueArray(fc.constantFrom<Name>('ada', 'bob', 'ada2', 'both', 'gone'), { minLength: 1, maxLength: 3 }), all: fc.boolean(), prod: fc.boolean() })
    .map(({ images, keys, all: every, prod }): TrustPolicy => ({ name: keys.join('+'), images, keys, require: every ? 'all' : 'any', annotations: prod ? { env: 'prod' } : {} }));
  const anyFile = fc.tuple(fc.boolean(), anyRule).map(([covers, rule]): PolicyFile => ({ uri: 'file:///p.yaml', demandsFor: () => (covers ? [demand(rule)] : []) }));
  /** Where nothing is asked the registry is not, either. */
  const underTrust = (trust: TrustSettings, found: readonly JudgedSignature[]): string => {
    const asked = demandsFor(intended, trust);
    return asked.length === 0 ? 'uncovered' : verdictOf(asked, found).kind;
  };
  const trustOf = (policies: readonly TrustPolicy[], files: readonly PolicyFile[], keys: readonly Name[] = ['ada', 'bob', 'ada2', 'both', 'gone']): TrustSettings => ({ keys: keys.map(setting), policies, files, problems: [] });

  it('beside at least one policy, one more in the settings or in a file never makes an untrusted image verified', () => {
    const most = fc.array(fc.oneof(anyPolicy, anyFile), { minLength: 1, maxLength: 4 });
    fc.assert(fc.property(most, fc.oneof(anyPolicy, anyFile), fc.nat(4), anySignatures, (there, more, at, found) => {
      const split = (list: readonly (TrustPolicy | PolicyFile)[]): TrustSettings => trustOf(list.filter((one) => 'images' in one), list.filter((one) => 'demandsFor' in one));
      const before = underTrust(split(there), found);
      const after = underTrust(split(there.toSpliced(at, 0, more)), found);
      // Only an image that nothing spoke about may become verified.
      if (before !== 'uncovered') assert.ok(after !== 'verified' || before === 'verified', `${before} → ${after}`);
    }), runs);
  });

  it('the first policy stands in for "any trusted key", so that its own key may verify what no trusted key signed', () => {
    const file: PolicyFile = { uri: 'file:///p.yaml', demandsFor: () => [demand(signers(['cyd']))] };
    assert.deepEqual([underTrust(trustOf([], [], ['ada']), [cyd]), underTrust(trustOf([], [file], ['ada']), [cyd])], ['untrusted', 'verified']);
    const own: TrustPolicy = { name: 'own', images: ['**'], keys: ['ada'], annotations: {} };
    assert.equal(underTrust(trustOf([own], [file]), [cyd]), 'untrusted');
  });

  it('one signature less never makes an image verified that was not', () => {
    fc.assert(fc.property(anyDemands, anySignatures, fc.nat(), (demands, found, at) => {
      const fewer = found.filter((_one, index) => index !== at % Math.max(1, found.length));
      if (verdictOf(demands, fewer).kind === 'verified') assert.equal(verdictOf(demands, found).kind, 'verified');
    }), runs);
  });

  it('without any signature nothing is verified, and nothing not known is unsigned', () => {
    fc.assert(fc.property(anyDemands, (demands) => {
      const { kind } = verdictOf(demands, []);
      assert.notEqual(kind, 'verified');
      if (judge(demands, []).policies.some(({ state }) => state === 'unknown')) assert.equal(kind, 'unchecked');
    }), runs);
  });

  it('signatures by strangers alone never verify', () => {
    fc.assert(fc.property(anyDemands, fc.nat(4), (demands, count) => assert.notEqual(verdictOf(demands, Array.from({ length: count }, () => stranger)).kind, 'verified')), runs);
  });

  it('a demand that is not known is never verified, unsigned or untrusted', () => {
    fc.assert(fc.property(anyDemands, anySignatures, (demands, found) => {
      const { policies, unknown } = judge(demands, found);
      assert.equal(unknown !== undefined, policies.some(({ state }) => state === 'unknown'));
      if (unknown) assert.equal(verdictOf(demands, found).kind, 'unchecked');
    }), runs);
  });

  it('a higher threshold is never easier', () => {
    fc.assert(fc.property(anySigners, anySignatures, (rule, found) => {
      const states = rule.keys.map((_key, index) => judge([demand({ ...rule, threshold: index + 1 })], found).policies[0]?.state);
      const easy = { satisfied: 2, unknown: 1, unsatisfied: 0 };
      for (const [index, state] of states.entries()) {
        const before = states[index - 1];
        assert.ok(state && (before === undefined || easy[state] <= easy[before]), states.join());
      }
    }), runs);
  });

  it('the order of policies and signatures does not matter', () => {
    fc.assert(fc.property(anyDemands, anySignatures, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (demands, found, places) => {
      const shuffled = <T>(list: readonly T[]): readonly T[] => list.map((item, index) => ({ item, at: places[index] ?? 0 })).sort((a, b) => a.at - b.at).map(({ item }) => item);
      const one = judge(demands, found);
      assert.deepEqual(withoutOrder(judge(demands, shuffled(found))), withoutOrder(one));
      const other = judge(shuffled(demands), found);
      assert.deepEqual([other.verified, other.satisfied, other.unknown !== undefined], [one.verified, one.satisfied, one.unknown !== undefined]);
    }), runs);
  });

  it('no more signers are present than different keys signed', () => {
    fc.assert(fc.property(anySigners, anySignatures, (rule, found) => {
      const present = judge([demand(rule)], found).policies[0]?.signers?.filter(({ state }) => state === 'present') ?? [];
      assert.equal(new Set(present.map(({ fingerprint }) => fingerprint)).size, present.length);
      assert.ok(present.every(({ fingerprint }) => found.some(({ judgement }) => judgement.signer?.fingerprint === fingerprint)));
    }), runs);
  });
});

describe('which demands there are', () => {
  const key: KeySetting = { name: 'ada', reference: 'ada.pub' };
  const policy = { name: 'ours', images: ['localhost:5000/**'], keys: ['ada'], annotations: {} };
  const trust = (more: Partial<TrustSettings>): TrustSettings => ({ keys: [key], policies: [], problems: [], ...more });
  const policiesOf = (more: Partial<TrustSettings>): unknown => demandsFor(intended, trust(more)).map((one) => [one.policy, one.demandsOnly === true]);

  it('any trusted key where there is neither a policy nor a file', () => assert.deepEqual(policiesOf({}), [[everyKey, false]]));
  it('none where there are policies and none covers the image', () => assert.deepEqual(policiesOf({ policies: [{ ...policy, images: ['ghcr.io/**'] }] }), []));
  it('none where there is a file and it does not speak of the image', () => assert.deepEqual(policiesOf({ files: [{ uri: 'file:///p', demandsFor: () => [] }] }), []));
  it('those of policies and files together', () => {
    assert.deepEqual(policiesOf({ policies: [policy], files: [{ uri: 'file:///p', demandsFor: () => [demand(accept)] }] }), [['ours', false], ['policy 0', false]]);
  });
  it('any trusted key beside policies and files that only add', () => {
    assert.deepEqual(policiesOf({ policies: [{ ...policy, demandsOnly: true }], files: [{ uri: 'file:///p', demandsOnly: true, demandsFor: () => [demand(reject)] }] }), [[everyKey, false], ['ours', true], ['policy 0', true]]);
  });
  it('never the key of another file with the same name', () => {
    const other: KeySetting = { name: 'ada', reference: 'other.pub' };
    assert.notEqual(keyIdentity(key), keyIdentity(other));
    assert.notEqual(keyIdentity(key), keyIdentity({ ...key, baseDirectory: '/elsewhere' }));
  });
});
