import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorCodes, CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { english } from '../../../src/presentation/translate.ts';
import type { UseState } from '../../../src/presentation/useState.ts';
import { lensTitle, stateIcon } from '../../../src/presentation/verdictText.ts';
import { readTitle } from '../../support/lensTitle.ts';
import { evidence, good, policy, sampleUse, signature, states, unresolvedUse } from './samples.ts';

const lens = (state: UseState, use = sampleUse()): string => readTitle(lensTitle({ use, state }, english));

describe('the lens', () => {
  it('says each state in its own words', () => {
    assert.deepEqual(Object.fromEntries(Object.entries(states).map(([name, state]) => [name, lens(state, state.kind === 'unresolved' ? unresolvedUse() : sampleUse())])), {
      pending: '$(sync) Verifying…',
      waiting: '$(circle-outline) Not verified yet',
      cancelled: '$(circle-outline) Not verified: cancelled',
      noKeys: '$(key) Not verified: add a trusted key',
      unresolved: '$(symbol-variable) Unresolved: no value for BASE',
      verified: '$(verified-filled) Signed by release',
      unsigned: '$(warning) Unsigned: no signature found',
      untrusted: '$(error) Untrusted: signed, but not by release',
      unchecked: '$(question) Could not check: the registry did not answer in time',
      uncovered: '$(dash) Not covered by any policy',
    });
  });

  it('has an icon of its own for every kind of state', () => {
    const kinds = Object.values(states).filter((state) => state !== states.cancelled);
    assert.equal(new Set(kinds.map(stateIcon)).size, kinds.length);
  });

  it('says "Signed by" and shows the badge only for a verified image', () => {
    for (const state of Object.values(states)) {
      assert.equal(/\$\(verified|Signed by/.test(lens(state)), state.kind === 'verified', state.kind);
    }
  });

  it('says which platform was verified when the index is not signed', () => {
    assert.equal(lens({ ...states.verified, platform: 'linux/amd64' }), '$(verified-filled) Signed by release (linux/amd64 only)');
  });

  it('names three signers once each and counts the rest', () => {
    const signatures = ['a', 'b', 'a', 'c', 'd', 'e'].map((key) => good(key));
    assert.equal(lens({ kind: 'verified', ...evidence({ signatures }) }), '$(verified-filled) Signed by a, b, c and 2 more');
    assert.equal(lens({ kind: 'verified', ...evidence({ signatures: signatures.slice(0, 2) }) }), '$(verified-filled) Signed by a and b');
  });

  it('draws no icon and no second line out of a key name', () => {
    const title = lens({ kind: 'verified', ...evidence({ signatures: [good('$(error)\nx'.padEnd(500, 'y'))] }) });
    assert.match(title, /^\$\(verified-filled\) Signed by \\\$\(error\) xy{20,40}…$/);
  });

  it('says why an image is untrusted', () => {
    const untrusted = (changes: Parameters<typeof evidence>[0]): string => lens({ kind: 'untrusted', ...evidence(changes) });
    assert.equal(untrusted({ signatures: [signature({ fault: 'annotations' })] }), '$(error) Untrusted: required annotations are missing');
    assert.equal(untrusted({ signatures: [signature({ fault: 'wrong-digest' })] }), '$(error) Untrusted: no signature by a trusted key');
    assert.equal(untrusted({ signatures: [signature({ fault: 'malformed' })], policies: [policy({ policy: 'ours' })] }), '$(error) Untrusted: policy ours not satisfied');
    assert.equal(untrusted({ signatures: [good('qa')], policies: [policy({ policy: 'a' }), policy({ policy: 'b' })] }), '$(error) Untrusted: 2 policies not satisfied');
    assert.equal(untrusted({ signatures: [signature({ fault: 'other-key' })], policies: [policy({ keys: ['release', 'qa'] })] }), '$(error) Untrusted: signed, but not by release or qa');
  });

  it('never says "unsigned" or "verified" of an image that could not be checked, whatever the reason', () => {
    for (const code of errorCodes) {
      const title = lens({ kind: 'unchecked', reason: new CosignError(code, said`x`), checkedAt: 0 });
      assert.match(title, /^\$\(question\) Could not check: [a-z][a-z ]{8,60}$/i, code);
      assert.doesNotMatch(title, /unsigned|verified|trusted image/i, code);
    }
  });
});
