import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { thresholdOf } from '../../../../src/core/policy/trustPolicy.ts';
import { parseKeys, parsePolicies } from '../../../../src/core/policy/parseTrust.ts';

const names = new Set(['release', 'team']);
const good = { images: ['ghcr.io/o/**'], keys: ['release'] };

describe('countersign.keys', () => {
  it('gives each key its name, reference and base directory', () => {
    assert.deepEqual(parseKeys({ release: ' keys/a.pub ', ci: 'env://KEY' }, '/folder').values, [
      { name: 'release', reference: 'keys/a.pub', baseDirectory: '/folder' }, { name: 'ci', reference: 'env://KEY', baseDirectory: '/folder' }]);
  });
  it('says which keys it leaves out for lack of room', () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 'a.pub']));
    const { values, problems } = parseKeys(many);
    // A key that is not there may be the one that signed: nothing may be called untrusted.
    assert.deepEqual([values.length, problems.map(({ code }) => code)], [1000, ['POLICY_INVALID']]);
  });
  it('is empty when not set', () => assert.deepEqual(parseKeys(undefined), { values: [], problems: [] }));
  for (const value of [[], 'x', 1, true]) {
    it(`refuses ${JSON.stringify(value)} as a whole`, () => assert.deepEqual(parseKeys(value).problems.map(({ code }) => code), ['SETTING_INVALID']));
  }
  for (const reference of [1, null, '', '  ', {}, ['a']]) {
    it(`leaves out a key whose reference is ${JSON.stringify(reference)} and keeps the others`, () => {
      const { values, problems } = parseKeys({ bad: reference, release: 'a.pub' });
      assert.deepEqual(values.map(({ name }) => name), ['release']);
      assert.deepEqual(problems.map(({ code }) => code), ['SETTING_INVALID']);
    });
  }
});

describe('countersign.policies', () => {
  it('reads every field', () => {
    const { values, problems } = parsePolicies([{ ...good, name: 'prod', annotations: { env: 'prod' }, severity: 'error' }], names);
    assert.deepEqual(problems, []);
    const [policy] = values;
    assert.ok(policy);
    assert.deepEqual([policy.name, policy.severity, { ...policy.annotations }], ['prod', 'error', { env: 'prod' }]);
  });
  for (const [require, threshold] of [[undefined, 1], ['any', 1], ['all', 2], [1, 1], [2, 2]] as const) {
    it(`wants ${threshold} of two keys for ${String(require)}`, () => {
      const [policy] = parsePolicies([{ ...good, keys: ['release', 'team'], ...(require === undefined ? {} : { require }) }], names).values;
      assert.ok(policy);
      assert.equal(thresholdOf(policy), threshold);
    });
  }
  it('names a policy without a name by its place', () => assert.equal(parsePolicies([good, good], names).values[1]?.name, 'policies[1]'));

  const bad: readonly (readonly [string, unknown])[] = [
    ['not an object', 'x'], ['null', null], ['no images', { keys: ['release'] }], ['empty images', { ...good, images: [] }], ['images a text', { ...good, images: 'ghcr.io/**' }],
    ['an image that is no pattern', { ...good, images: ['a b'] }], ['only negative images', { ...good, images: ['!a'] }], ['an empty image', { ...good, images: [''] }],
    ['no keys', { images: ['a'] }], ['empty keys', { ...good, keys: [] }], ['an unknown key', { ...good, keys: ['nobody'] }], ['a key that is a number', { ...good, keys: [1] }],
    ['annotations a list', { ...good, annotations: ['a'] }], ['an annotation that is a number', { ...good, annotations: { a: 1 } }],
    ['an unknown severity', { ...good, severity: 'fatal' }], ['a name that is a number', { ...good, name: 1 }], ['an unknown field', { ...good, key: 'release' }],
    ['more signers than keys', { ...good, require: 2 }], ['more signers than different keys', { ...good, keys: ['release', 'release'], require: 2 }], ['no signer', { ...good, require: 0 }],
    ['half a signer', { ...good, keys: ['release', 'team'], require: 1.5 }], ['another word for how many', { ...good, require: 'most' }], ['a number of signers as a text', { ...good, require: '1' }], ['null signers', { ...good, require: null }],
    ['a prototype name as key', { ...good, keys: ['__proto__'] }],
  ];
  for (const [what, policy] of bad) {
    it(`leaves out a policy with ${what} whole, and says so`, () => {
      const { values, problems } = parsePolicies([policy, good], names);
      assert.deepEqual(values.map(({ name }) => name), ['policies[1]']);
      assert.deepEqual(problems.map(({ code }) => code), ['POLICY_INVALID']);
    });
  }
  it('says that it leaves policies out for lack of room', () => {
    const { values, problems } = parsePolicies(Array.from({ length: 1001 }, () => good), names);
    assert.deepEqual([values.length, problems.map(({ code }) => code)], [1000, ['POLICY_INVALID']]);
  });
  it('refuses a setting that is no list', () => assert.deepEqual(parsePolicies({}, names).problems.map(({ code }) => code), ['POLICY_INVALID']));
});
