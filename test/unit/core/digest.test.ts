import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf, hexOf, isDigest, parseDigest } from '../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../src/core/errors.ts';

describe('digest', () => {
  it('is computed as sha256 in lower-case hex', () => {
    assert.equal(digestOf(Buffer.from('hello image')), 'sha256:84d8fd5280a5162aaf5c5d9aeb069b2660500eabeeda58ce2bb10595827e08ad');
    assert.equal(hexOf(digestOf(Buffer.from('{}'))), '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
  });

  for (const text of ['', 'sha256:', 'sha512:' + 'a'.repeat(128), 'sha256:' + 'A'.repeat(64), 'sha256:' + 'a'.repeat(63), 'sha256:' + 'a'.repeat(65), ` sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(64)}\n`]) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}… of ${text.length} characters`, () => {
      assert.equal(isDigest(text), false);
      assert.throws(() => parseDigest(text), (error) => error instanceof CosignError && error.code === 'DIGEST_INVALID');
    });
  }
});
