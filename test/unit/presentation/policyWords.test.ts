// Words for policies that want several signers.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PolicyOutcome, SignerOutcome } from '../../../src/core/policy/verdict.ts';
import { said, type Said } from '../../../src/core/said.ts';
import { diagnosticTexts } from '../../../src/presentation/diagnosticText.ts';
import { hoverMarkdown } from '../../../src/presentation/hover.ts';
import { awaitsSigner, isPartlySigned, policySentence, signerWords, tellingSigners } from '../../../src/presentation/policyWords.ts';
import { demand } from '../../../src/presentation/signatureWords.ts';
import { english as t } from '../../../src/presentation/translate.ts';
import { lensTitle } from '../../../src/presentation/verdictText.ts';
import { evidence, good, policy, sampleUse, severities, signature } from './samples.ts';

const signer = (key: string, state: SignerOutcome['state'], detail?: Said): SignerOutcome => ({ key, state, ...(detail === undefined ? {} : { detail }) });
const several = (signers: readonly SignerOutcome[], required: number, changes: Partial<PolicyOutcome> = {}): PolicyOutcome =>
  policy({ policy: 'team', kind: 'signers', required, signers, keys: signers.map(({ key }) => key), ...changes });
const [a, b, c] = [signer('a', 'present'), signer('b', 'missing'), signer('c', 'invalid', said`it does not carry the annotation env=prod`)];

describe('what a policy asks for', () => {
  const rows: readonly (readonly [PolicyOutcome, string])[] = [
    [several([a], 1), 'a signature by a'], [several([a, b], 1), 'a signature by a or b'], [several([a, b], 2), 'signatures by all of a and b'],
    [several([a, b, c], 2), 'signatures by 2 of a, b and c'], [several([a, b, c], 2, { annotations: { env: 'prod' } }), 'signatures by 2 of a, b and c with env=prod'],
    [policy({ kind: 'accept', keys: [] }), 'no signature'], [policy({ kind: 'reject', keys: [], reason: said`Never.` }), 'what no signature can give (Never)'],
    [policy({ kind: 'unsupported', keys: [], reason: said`Keyless` }), 'what is not checked here (Keyless)'],
  ];
  for (const [outcome, words] of rows) it(words, () => assert.equal(demand(outcome, t), words));
});

describe('signers', () => {
  it('are told apart in words', () => {
    assert.deepEqual([a, b, c, signer('d', 'unreadable')].map((one) => signerWords(one, t)), [
      'a: present', 'b: missing', 'c: invalid (it does not carry the annotation env=prod)', 'd: not known, as the key cannot be read']);
  });
  it('are named one by one where several must sign, else only those there is something to say about', () => {
    const states = (outcome: PolicyOutcome): readonly string[] => tellingSigners(outcome).map(({ key }) => key);
    assert.deepEqual([states(several([a, b, c], 2)), states(several([b, c], 1)), states(several([a, b, c], 1, { satisfied: true }))], [['a', 'b', 'c'], ['c'], []]);
  });
  it('stand in the sentence with how many there are', () => {
    assert.equal(policySentence(several([a, b, c], 2), t), 'Policy "team" asks for signatures by 2 of a, b and c. 1 of 2 signatures: a: present; b: missing; c: invalid (it does not carry the annotation env=prod).');
  });
  it('are awaited by name in policies only', () => {
    assert.deepEqual([awaitsSigner(evidence({ policies: [several([a, b], 2)] })), awaitsSigner(evidence({ policies: [policy({ signers: [b] })] }))], [true, false]);
    assert.deepEqual([isPartlySigned(evidence({ policies: [several([a, b], 2)] })), isPartlySigned(evidence({ policies: [several([b], 1)] }))], [true, false]);
  });
  it('beyond ten are counted', () => {
    const many = Array.from({ length: 13 }, (_one, index) => signer(`k${index}`, 'missing'));
    assert.match(hoverMarkdown({ use: sampleUse(), state: { kind: 'unsigned', ...evidence({ policies: [several(many, 13)] }) } }, t), /k9: missing\n {2}- and 3 more/);
  });
  it('and reasons of hostile policies and payloads start no link, no icon and no markup', () => {
    const hostile = [signer('$(x)[a](b)', 'invalid', said`<img src=x> $(x) **b**\nnew`)];
    const text = hoverMarkdown({ use: sampleUse(), state: { kind: 'untrusted', ...evidence({ signatures: [signature({ fault: 'annotations' })], policies: [several([...hostile, a], 2, { policy: '](command:x)' })] }) } }, t);
    assert.doesNotMatch(text, /<img|\$\(x\)|[^\\]\]\(|\*\*b\*\*|\nnew/);
  });
});

describe('an image that is signed in part', () => {
  const state = { kind: 'untrusted', ...evidence({ signatures: [good('a')], policies: [several([a, b], 2)] }) } as const;
  it('says so in the lens, with who is missing where nobody else will do', () => {
    assert.equal(lensTitle({ use: sampleUse(), state }, t), '$(error)\u00a0Untrusted: 1 of 2 signers, b missing');
    assert.equal(lensTitle({ use: sampleUse(), state: { ...state, policies: [several([a, b, c], 2)] } }, t), '$(error)\u00a0Untrusted: 1 of 2 signers');
  });
  it('asks those who are missing in the diagnostic, and claims nothing about other keys', () => {
    const [text] = diagnosticTexts({ use: sampleUse(), state }, severities, t);
    assert.match(text?.message ?? '', /and that is not all that is asked for\..*1 of 2 signatures: a: present; b: missing\..*Add My Signature/);
    assert.doesNotMatch(text?.message ?? '', /other trusted keys/);
  });
  it('that a policy rejects says that', () => {
    const rejected = { ...state, policies: [policy({ policy: 'no', kind: 'reject', keys: [], required: 0, reason: said`Never.` })] };
    assert.equal(lensTitle({ use: sampleUse(), state: rejected }, t), '$(error)\u00a0Untrusted: policy no rejects it');
  });
});
