import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alternatives, english, enumeration } from '../../../src/presentation/translate.ts';

describe('words', () => {
  it('take their arguments by number', () => assert.equal(english('{1} {0} {1} {2}', 'a', 2), '2 a 2 {2}'));
  it('do not look into arguments for placeholders', () => assert.equal(english('{0} {1}', '{1}', 'b'), '{1} b'));
  it('list alternatives', () => assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((items) => alternatives(items, english, 3)), ['', 'a', 'a or b', 'a, b or c', 'a, b, c or one of 1 more']));
  it('list things', () => assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((items) => enumeration(items, english, 3)), ['', 'a', 'a and b', 'a, b and c', 'a, b, c and 1 more']));
});
