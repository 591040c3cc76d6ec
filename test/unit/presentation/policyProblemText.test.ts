import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { clusterProblemKinds } from '../../../src/core/policy/cluster/reports.ts';
import { containersProblems } from '../../../src/presentation/containersPolicyText.ts';
import { policyProblemsPath } from '../../../src/presentation/documentation.ts';
import { policyFixText, policyProblemText } from '../../../src/presentation/policyProblemText.ts';
import { english } from '../../../src/presentation/translate.ts';

const args = ['ARG0', 'Arg1.', 'ARG2'];

describe('the words for a policy file', () => {
  for (const kind of Object.keys(clusterProblemKinds)) {
    it(`say ${kind} in a sentence`, () => {
      for (const given of [args, ['', 'Sentence.'], ['A', 'list.']].filter((one) => kind !== 'not-checked' || one === args)) assert.match(policyProblemText({ kind, args: given }, english), /^[A-Z"].*\.$/);
    });
  }

  it('hold what the problem is about', () => {
    assert.equal(policyProblemText({ kind: 'glob-docker-hub', args: ['docker.io/**', 'index.docker.io/**'] }, english), '"docker.io/**" never matches: Docker Hub is called index.docker.io here. You mean "index.docker.io/**".');
    assert.equal(policyProblemText({ kind: 'unknown-field', args: ['modes', 'spec'] }, english), '"spec" has no field "modes".');
    assert.equal(policyProblemText({ kind: 'wrong-type', args: ['spec.images', 'list'] }, english), '"spec.images" must be a list.');
  });

  it('do without a sentence for a kind that is not known', () => {
    assert.equal(policyProblemText({ kind: 'constructor', args: ['x'] }, english), 'constructor x');
    assert.equal(policyFixText({ kind: 'toString', args: [] }, english), 'toString');
  });

  it('name every fix', () => {
    for (const kind of ['rename-field', 'remove-field', 'quote-text', 'use-version', 'replace-glob', 'use-legacy-format', 'use-predicate-type', 'use-trusted-key', 'split-authority', 'keep-first-key']) assert.notEqual(policyFixText({ kind, args }, english), kind);
  });
});

it('every kind of problem in a policy file has a heading in the documentation, and every heading is a kind', () => {
  const headings = [...readFileSync(policyProblemsPath, 'utf8').matchAll(/^### (\S+)\n\n\S/gm)].map(([, kind]) => kind);
  assert.deepEqual(headings, [...Object.keys(clusterProblemKinds), ...Object.keys(containersProblems)]);
});
