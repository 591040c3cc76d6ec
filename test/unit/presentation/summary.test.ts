import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { summarize, type Summary, type SummaryOptions } from '../../../src/presentation/summary.ts';
import { english } from '../../../src/presentation/translate.ts';
import type { UseState } from '../../../src/presentation/useState.ts';
import { sampleUse, states } from './samples.ts';

const { pending, waiting, cancelled, noKeys, unresolved, verified, unsigned, untrusted, unchecked, uncovered } = states;
const summary = (some: readonly UseState[], options: SummaryOptions = {}): Summary => summarize(some.map((state) => ({ use: sampleUse(), state })), english, options);

describe('the summary of a file', () => {
  const cases: readonly (readonly [string, readonly UseState[], string, Summary['severity']])[] = [
    ['no image', [], '$(shield) No images', 'neutral'],
    ['all verified', [verified, verified], '$(verified-filled) 2 of 2 verified', 'ok'],
    ['verified and not covered', [verified, uncovered], '$(shield) 1 of 2 verified', 'neutral'],
    ['not covered only', [uncovered, uncovered], '$(dash) No policy covers these images', 'neutral'],
    ['no keys', [noKeys, noKeys], '$(key) No trusted key', 'neutral'],
    ['being verified', [verified, pending], '$(sync) Verifying 1 of 2', 'busy'],
    ['waiting', [verified, waiting], '$(circle-outline) 1 of 2 not verified yet', 'neutral'],
    ['cancelled', [verified, cancelled], '$(circle-outline) 1 of 2 not verified yet', 'neutral'],
    ['unresolved', [verified, unresolved], '$(symbol-variable) 1 of 2 unresolved', 'warning'],
    ['could not be checked', [verified, unchecked, uncovered], '$(question) 1 of 3 unchecked', 'warning'],
    ['unsigned', [verified, unchecked, unsigned], '$(warning) 1 of 3 unsigned', 'warning'],
    ['untrusted', [untrusted, unsigned, unchecked, pending], '$(error) 1 of 4 untrusted', 'error'],
  ];
  for (const [name, some, text, severity] of cases) {
    it(`speaks of its worst image: ${name}`, () => {
      const found = summary(some);
      assert.deepEqual([found.text, found.severity], [text, severity]);
    });
  }

  it('is fine only when every image is verified and nothing else is wrong', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...Object.values(states)), { maxLength: 8 }), fc.boolean(), fc.nat(1), (some, refused, settingProblems) => {
      const found = summary(some, { refused, settingProblems });
      const fine = some.length > 0 && some.every(({ kind }) => kind === 'verified') && !refused && settingProblems === 0;
      assert.equal(found.severity === 'ok', fine);
      assert.equal(found.icon === 'verified-filled', fine);
      if (some.some(({ kind }) => kind !== 'verified' && kind !== 'uncovered')) assert.doesNotMatch(found.words, /\d+ verified|of \d+ verified/);
      assert.equal(found.busy, some.some(({ kind }) => kind === 'pending'));
    }));
  });

  it('does not hide a file that a build refuses, or broken trust settings, behind verified images', () => {
    assert.equal(summary([verified], { refused: true }).text, '$(warning) Dockerfile has mistakes');
    assert.equal(summary([verified], { settingProblems: 2 }).text, '$(warning) Trust settings have mistakes');
    assert.match(summary([verified], { settingProblems: 2 }).tooltip, /2 entries of the keys and policies are left out because of mistakes/);
  });

  it('says everything to a screen reader', () => {
    assert.equal(summary([untrusted, unchecked, verified, verified, pending], { restricted: true }).accessibilityLabel,
      'Countersign, images of this file: 1 untrusted, 1 could not be checked, 1 being verified and 2 verified. Restricted Mode: keys, build arguments and registry settings of the workspace are ignored, its policies only add demands');
    assert.equal(summary([]).accessibilityLabel, 'Countersign: no images in this file');
  });

  it('lists the images with their verdicts and lines, twenty at most', () => {
    const found = summary(Array.from({ length: 25 }, () => unsigned));
    assert.equal(found.lines.length, 25);
    assert.match(found.tooltip, /^- \$\(warning\) ghcr&#46;io\/o\/app:1 · Unsigned: no signature found · line 1\n/);
    assert.match(found.tooltip, /- and 5 more$/);
  });

  it('draws no icon out of a reference', () => {
    const [line] = summarize([{ use: sampleUse({ text: '$(verified-filled) x' }), state: unsigned }], english).lines;
    assert.equal(line?.reference, '\\$(verified-filled) x');
  });
});
