// Why a policy speaks about an image: the pattern that matched, or the one that took it out again.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import { coverageOf } from '../../../../src/core/policy/coverage.ts';
import { policyCovers } from '../../../../src/core/policy/requirements.ts';

const of = (images: readonly string[], image: string): object => coverageOf({ name: 'ours', images }, parseReference(image));

describe('the coverage of a policy', () => {
  it('names the first pattern that matches', () => {
    assert.deepEqual(of(['quay.io/**', 'ghcr.io/team/**', 'ghcr.io/**'], 'ghcr.io/team/app:1'), { policy: 'ours', covers: true, pattern: 'ghcr.io/team/**' });
  });
  it('names the pattern that takes the image out again', () => {
    assert.deepEqual(of(['ghcr.io/**', '!ghcr.io/team/*'], 'ghcr.io/team/app:1'), { policy: 'ours', covers: false, pattern: 'ghcr.io/**', excludedBy: '!ghcr.io/team/*' });
  });
  it('names none where none matches', () => assert.deepEqual(of(['quay.io/**', '!ghcr.io/**'], 'ghcr.io/team/app'), { policy: 'ours', covers: false }));
  it('agrees with what is judged, whatever the patterns', () => {
    const pattern = fc.constantFrom('ghcr.io/**', 'ghcr.io/*/app*', '**', '*', 'docker.io/library/*', '!**', '!ghcr.io/team/*', '!*', 'ghcr.io/team/app');
    const image = fc.constantFrom('alpine', 'ghcr.io/team/app:1', 'ghcr.io/a/b/c', `ghcr.io/team/app@sha256:${'0'.repeat(64)}`, 'localhost:5000/x');
    fc.assert(fc.property(fc.array(pattern, { maxLength: 5 }), image, (images, name) => {
      const reference = parseReference(name);
      const { covers, pattern: by, excludedBy } = coverageOf({ name: 'p', images }, reference);
      assert.equal(covers, policyCovers({ images }, reference));
      assert.equal(covers, by !== undefined && excludedBy === undefined);
    }));
  });
});
