// Every fault of a containers policy has words of its own, and so has every fix.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseContainersPolicy } from '../../../src/core/policy/containers/parseContainersPolicy.ts';
import { containersFixes, containersProblems } from '../../../src/presentation/containersPolicyText.ts';
import { policyFixText, policyProblemText } from '../../../src/presentation/policyProblemText.ts';
import { english } from '../../../src/presentation/translate.ts';
import { policy, policySamples } from '../../support/containersPolicies.ts';

const texts = [
  ...policySamples.map(({ text }) => text), ' '.repeat(1024 * 1024 + 1),
  policy([{ type: 'sigstoreSigned', keyData: 'AAAA' }], { docker: { busybox: [{ type: 'sigstoreSigned', keyPath: '/k', signedIdentity: { type: 'exactReference', dockerReference: 'a:1' } }] } }),
  policy([{ type: 'sigstoreSigned', keyData: '-----BEGIN PUBLIC KEY-----\n' }]),
  policy([{ type: 'sigstoreSigned', keyPath: '/k', signedIdentity: { type: 'exactRepository', dockerRepository: 'https://example.com/a' } }]),
];
const found = texts.flatMap((text) => parseContainersPolicy(text, 'file:///p', { registriesD: [] }).problems)
  .concat(parseContainersPolicy(policy([{ type: 'reject' }]), 'file:///p', { registriesD: [{ uri: 'file:///r', text: '[' }] }).problems);

it('every problem that the samples have is said in a sentence, and the samples have every problem', () => {
  const seen = new Set<string>();
  for (const problem of found) {
    seen.add(problem.kind);
    const text = policyProblemText(problem, english);
    assert.match(text, /^[A-Z"\w].*\.$/s, `${problem.kind}: ${text}`);
    assert.ok(!text.includes(problem.kind) && !/\{\d\}|undefined/.test(text), text);
  }
  assert.deepEqual([...seen].sort(), Object.keys(containersProblems).sort());
});

it('every fix that is offered has a title', () => {
  const seen = new Set(found.flatMap(({ fixes = [] }) => fixes).map((fix) => {
    assert.notEqual(policyFixText(fix, english), fix.kind);
    return fix.kind;
  }));
  for (const kind of Object.keys(containersFixes)) assert.ok(seen.has(kind), kind);
});
