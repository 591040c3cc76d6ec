import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import type { ReadPolicyFile } from '../../../../src/core/policy/policyProblem.ts';
import { maxPolicyFileBytes, readPolicyFile } from '../../../../src/core/policy/readPolicyFile.ts';

const answer = (format: ReadPolicyFile['format']) => (_text: string, uri: string): ReadPolicyFile => ({ format, policies: 1, problems: [], file: { uri, demandsFor: () => [] } });
const parsers = { cluster: answer('cluster-image-policy'), containers: answer('containers-policy') };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const refused = (call: () => unknown, code: ErrorCode): void => {
  assert.throws(call, (error) => error instanceof CosignError && error.code === code);
};

for (const [text, format] of [
  ['apiVersion: policy.sigstore.dev/v1beta1', 'cluster-image-policy'], ['', 'cluster-image-policy'], ['{"apiVersion": "policy.sigstore.dev/v1beta1", "default": []}', 'cluster-image-policy'],
  ['{"default": [{"type": "reject"}]}', 'containers-policy'], ['\n  {\n "default" : []}', 'containers-policy'], ['{"transports": {}}', 'containers-policy'], ['{}', 'cluster-image-policy'], ['\uFEFF{"default": []}', 'containers-policy'], ['default: []', 'cluster-image-policy'],
  ['{"apiVersion": "v1", "default": [{"type": "reject"}]}', 'containers-policy'], ['{"apiVersion": "v1", "transports": {},}', 'containers-policy'], ['{"Default": [{"type": "reject"}]}', 'containers-policy'], ['{"TRANSPORTS": {}}', 'containers-policy'],
  ['{"apiVersion": "v1", "kind": "ConfigMap", "data": {"default": "a"}}', 'cluster-image-policy'], ['{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "policy.sigstore.dev/v1beta1", "default": 1}]}', 'cluster-image-policy'],
] as const) {
  it(`${JSON.stringify(text)} is a ${format}`, () => assert.equal(readPolicyFile('file:///x', bytes(text), parsers).format, format));
}

it('a policy file that is too large or no text is not valid', () => {
  refused(() => readPolicyFile('file:///x', new Uint8Array(maxPolicyFileBytes + 1), parsers), 'POLICY_INVALID');
  refused(() => readPolicyFile('file:///x', Uint8Array.of(0x61, 0xff), parsers), 'POLICY_INVALID');
});

it('a containers policy is not passed over where none is read', () => {
  refused(() => readPolicyFile('file:///x', bytes('{"default": []}'), { cluster: parsers.cluster }), 'POLICY_UNSUPPORTED');
});

it('policy.json is a containers policy whatever is in it, unless that names the other API', () => {
  const format = (text: string): string => readPolicyFile('file:///a/policy.json', bytes(text), parsers).format;
  assert.deepEqual(['{}', '{"apiVersion": "v1"}', '', '{"apiVersion":"policy.sigstore.dev/v1beta1"}'].map(format), ['containers-policy', 'containers-policy', 'containers-policy', 'cluster-image-policy']);
});
