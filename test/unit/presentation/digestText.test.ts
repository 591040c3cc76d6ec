import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sizeText } from '../../../src/core/encoding/sizeText.ts';
import { shortDigest, timeText } from '../../../src/presentation/digestText.ts';

describe('measures', () => {
  it('shorten a digest to twelve digits', () => assert.equal(shortDigest(`sha256:${'ab'.repeat(32)}`), 'sha256:abababababab…'));
  it('give a time with its zone', () => {
    const at = Date.UTC(2026, 10, 22, 18, 3, 10);
    assert.equal(timeText(at, 0), '2026-11-22 18:03:10 UTC');
    assert.equal(timeText(at, 60), '2026-11-22 19:03:10 UTC+01:00');
    assert.equal(timeText(at, -570), '2026-11-22 08:33:10 UTC-09:30');
    assert.equal(timeText(Number.NaN, 0), '?');
  });
  it('give a size in powers of a thousand', () => {
    assert.deepEqual([0, 999, 1000, 1449, 9949, 9950, 999_499, 999_500, 12_300_000, 5e15].map(sizeText),
      ['0 B', '999 B', '1.0 kB', '1.4 kB', '9.9 kB', '10 kB', '999 kB', '1.0 MB', '12 MB', '5000 TB']);
  });
});
