import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { said } from '../../../src/core/said.ts';
import { alternatives, english, enumeration, inWords, type Translate } from '../../../src/presentation/translate.ts';

describe('words', () => {
  it('take their arguments by number', () => assert.equal(english('{1} {0} {1} {2}', 'a', 2), '2 a 2 {2}'));
  it('do not look into arguments for placeholders', () => assert.equal(english('{0} {1}', '{1}', 'b'), '{1} b'));
  it('list alternatives', () => assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((items) => alternatives(items, english, 3)), ['', 'a', 'a or b', 'a, b or c', 'a, b, c or one of 1 more']));
  it('list things', () => assert.deepEqual([[], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['a', 'b', 'c', 'd']].map((items) => enumeration(items, english, 3)), ['', 'a', 'a and b', 'a, b and c', 'a, b, c and 1 more']));
});

describe('what the core says', () => {
  const words: Readonly<Record<string, string>> = { 'Could not read {0}: {1}': '{1} — so war {0} nicht zu lesen', 'it has {0} bytes': 'es hat {0} Byte' };
  const german: Translate = (message, ...args) => english(words[message] ?? message, ...args);
  it('is translated part by part, each part before it gets its place', () =>
    assert.equal(inWords(said`Could not read ${'a'}: ${said`it has ${3} bytes`}`, german), 'es hat 3 Byte — so war a nicht zu lesen'));
  it('stays English without a translation', () => assert.equal(inWords(said`Nothing of ${'a'} is known`, german), 'Nothing of a is known'));
  it('leaves names alone, even one that is spelled like a sentence', () => assert.equal(inWords(said`Could not read ${'it has {0} bytes'}: ${'{0}'}`, german), '{0} — so war it has {0} bytes nicht zu lesen'));
});
