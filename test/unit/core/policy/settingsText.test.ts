import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { settingsPlaces } from '../../../../src/core/policy/settingsText.ts';

const linesOf = (text: string): unknown => {
  const { keys, policies } = settingsPlaces(text);
  return { keys: keys?.start.line, policies: policies.map(({ start, end }) => [start.line, end.line]) };
};

describe('places in settings files', () => {
  it('are found among comments, trailing commas and Windows line ends', () => {
    const text = '{\r\n  // a comment\r\n  "editor.tabSize": 2,\r\n  "countersign.keys": {},\r\n  "countersign.policies": [\r\n    { "images": [] },\r\n    {\r\n    },\r\n  ],\r\n}';
    assert.deepEqual(linesOf(text), { keys: 3, policies: [[5, 5], [6, 7]] });
  });
  it('are found in a workspace file', () => assert.deepEqual(linesOf('{"folders": [],\n"settings": {\n"countersign.policies": [{}]}}'), { keys: undefined, policies: [[2, 2]] }));
  it('are found before a mistake', () => assert.deepEqual(linesOf('{"countersign.keys": {},\n"countersign.policies": [{},\n{"images": '), { keys: 0, policies: [[1, 1], [2, 2]] }));
  it('cover exactly the policy', () => {
    const text = '{"countersign.policies": [{"a": 1}, {"b": 2}]}';
    assert.deepEqual(settingsPlaces(text).policies.map(({ start, end }) => text.slice(start.character, end.character)), ['{"a": 1}', '{"b": 2}']);
  });
  for (const text of ['', 'null', '[]', '{"countersign.policies": {}}', '{"countersign.policies": "x"}', '[['.repeat(100_000), ' '.repeat(3_000_000)]) {
    it(`are none in ${JSON.stringify(text.slice(0, 30))}`, () => assert.deepEqual(settingsPlaces(text).policies, []));
  }
  it('never throw, whatever the text', () => {
    fc.assert(fc.property(fc.oneof(fc.string({ maxLength: 200 }), fc.json()), (text) => { settingsPlaces(`{"countersign.policies": ${text}`); settingsPlaces(text); }), { numRuns: 500 });
  });
});
