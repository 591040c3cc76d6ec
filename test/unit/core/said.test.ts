// Sentences of the core that are kept in parts: English as they stand, with places that no argument can add to.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { fill, said, saidList, sequence } from '../../../src/core/said.ts';

describe('what is said', () => {
  it('is English as a text', () => assert.equal(String(said`Could not read ${'a'}: ${said`it has ${3} bytes`}.`), 'Could not read a: it has 3 bytes.'));

  it('keeps the sentence and its arguments apart', () => {
    const { template, args } = said`${'a'} and ${1}, but not ${said`the rest`}`;
    assert.deepEqual([template, args.map(String)], ['{0} and {1}, but not {2}', ['a', '1', 'the rest']]);
  });

  it('lets no argument bring a place of its own', () => {
    fc.assert(fc.property(fc.constantFrom('{0}', '{1}', '{0}{1}', '$&', '{{0}}'), fc.string(), (hostile, other) => {
      assert.equal(String(said`<${hostile}|${other}>`), `<${hostile}|${other}>`);
      assert.equal(String(said`<${said`${hostile}`}|${other}>`), `<${hostile}|${other}>`);
    }));
  });

  it('leaves a place without an argument as it is', () => assert.equal(fill('{0} {1}', ['a']), 'a {1}'));

  it('lists one after the other', () => {
    assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((items) => String(saidList(items))), ['', 'a', 'a and b', 'a, b and c']);
    assert.equal(String(sequence(['a', said`b`], '; ')), 'a; b');
  });
});
