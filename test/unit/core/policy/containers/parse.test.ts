// Which files are containers policies, and what is said about those that are not: nobody may be told that half a policy holds.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReference } from '../../../../../src/core/oci/reference.ts';
import { parseContainersPolicy } from '../../../../../src/core/policy/containers/parseContainersPolicy.ts';
import { isValid } from '../../../../../src/core/policy/policyProblem.ts';
import { policySamples } from '../../../../support/containersPolicies.ts';

const busybox = parseReference('busybox');
const parse = (text: string): ReturnType<typeof parseContainersPolicy> => parseContainersPolicy(text, 'file:///policy.json', { registriesD: [] });

describe('a containers policy', () => {
  for (const { name, text, valid } of policySamples) {
    it(`is ${valid ? '' : 'not '}valid with ${name}`, () => {
      const read = parse(text);
      assert.equal(isValid(read), valid, JSON.stringify(read.problems));
    });
  }

  it('that is not valid leaves every image unchecked', () => {
    for (const { text } of policySamples.filter(({ valid }) => !valid)) {
      const demands = parse(text).file.demandsFor(busybox);
      assert.deepEqual(demands.map(({ rule }) => rule.kind === 'unsupported' && rule.error.code), ['POLICY_INVALID']);
    }
  });

  it('gives each fault the place where it stands', () => {
    const text = '{\n  "default": [\n    {"type": "reject", "why": 1}\n  ],\n  "default": []\n}';
    assert.deepEqual(parse(text).problems.map(({ kind, range, args }) => [kind, range.start.line, range.start.character, range.end.character, args[0]]), [
      ['containers-duplicate-field', 4, 2, 11, 'default'],
      ['containers-unknown-field', 2, 23, 28, 'why'],
    ]);
  });

  it('counts UTF-16 columns and every kind of line end', () => {
    const text = '{"default":\r\n[{"type":"reject"}],\r"transports":{"docker":{"😀":\n[{"type":"nothing"}]}}}';
    assert.deepEqual(parse(text).problems.map(({ kind, range }) => [kind, range]), [['containers-unknown-type', { start: { line: 3, character: 9 }, end: { line: 3, character: 18 } }]]);
  });

  it('offers to take out an unknown field with the comma that belongs to it', () => {
    for (const [written, left] of [
      ['{"default":[{"type":"reject"}],"x":1}', '{"default":[{"type":"reject"}]}'],
      ['{"x":1,"default":[{"type":"reject"}]}', '{"default":[{"type":"reject"}]}'],
      ['{"default":[{"type":"reject"}], "x" : {"a":[1]} ,"transports":{}}', '{"default":[{"type":"reject"}], "transports":{}}'],
    ] as const) assert.equal(fixed(written, 'remove-field'), left);
  });

  it('offers the known name for one that is a letter or its case off', () => {
    assert.equal(fixed('{"Default":[{"type":"reject"}]}', 'rename-field'), '{"default":[{"type":"reject"}]}');
    assert.equal(fixed('{"default":[{"type":"sigstoreSigned","keypath":"/k"}]}', 'rename-field'), '{"default":[{"type":"sigstoreSigned","keyPath":"/k"}]}');
    assert.equal(fixed('{"default":[{"type":"reject"}],"transport":{}}', 'rename-field'), '{"default":[{"type":"reject"}],"transports":{}}');
  });

  it('offers a default that rejects where there is none', () => {
    for (const text of ['{}', '{"transports":{}}', '{\n    "transports": {}\n}']) assert.ok(isValid(parse(fixed(text, 'add-default'))), text);
  });

  it('is refused, and never thrown at, whatever it holds', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => { assert.equal(isValid(parse(text)), false); }));
    fc.assert(fc.property(fc.string(), (text) => { assert.equal(isValid(parse(text)), false); }));
  });

  it('is not read when it is larger than any policy is', () => {
    const read = parse(`{"default":[{"type":"reject"}]${' '.repeat(1024 * 1024)}}`);
    assert.deepEqual(read.problems.map(({ kind, severity }) => [kind, severity]), [['containers-too-large', 'error']]);
  });
});

/** The text after the first fix of this kind. */
function fixed(text: string, kind: string): string {
  const fix = parse(text).problems.flatMap(({ fixes = [] }) => fixes).find((candidate) => candidate.kind === kind);
  assert.ok(fix, `no ${kind} for ${text}`);
  const [edit] = fix.edits;
  assert.ok(edit);
  const offset = (line: number, character: number): number => text.split('\n').slice(0, line).reduce((sum, part) => sum + part.length + 1, 0) + character;
  return text.slice(0, offset(edit.range.start.line, edit.range.start.character)) + edit.text + text.slice(offset(edit.range.end.line, edit.range.end.character));
}
