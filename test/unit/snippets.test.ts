// Every snippet, put in as it is, is what the schema of the settings and the parsers take.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { generatePrivateKey } from '../../src/core/crypto/privateKey.ts';
import { parseClusterImagePolicies } from '../../src/core/policy/cluster/parseClusterImagePolicies.ts';
import { parseContainersPolicy } from '../../src/core/policy/containers/parseContainersPolicy.ts';
import { parseKeys, parsePolicies } from '../../src/core/policy/parseTrust.ts';
import { isValid } from '../../src/core/policy/policyProblem.ts';

const read = (path: string): unknown => JSON.parse(readFileSync(join(process.cwd(), path), 'utf8'));

interface Schema { readonly items?: Schema; readonly defaultSnippets?: readonly { readonly label: string; readonly body: unknown }[] }
interface Snippet { readonly prefix: string; readonly description: string; readonly body: readonly string[] }
const { contributes } = read('package.json') as { contributes: { configuration: readonly { properties: Readonly<Record<string, Schema>> }[]; snippets: readonly { language: string; path: string }[] } };
const settings = Object.assign({}, ...contributes.configuration.map(({ properties }) => properties)) as Readonly<Record<string, Schema>>;

/** As a person leaves it who changes nothing. */
const left = (text: string): string => text.replace(/\$\{\d+:([^}]*)\}/g, '$1').replace(/\$\{\d+\|([^,|]*)[^}]*\|\}/g, '$1').replace(/\$\d/g, '');
const inserted = (body: unknown): unknown => JSON.parse(left(JSON.stringify(body)));
const files = [...new Set(contributes.snippets.map(({ path }) => path))];
const snippets = new Map(files.flatMap((path) => Object.values(read(path) as Record<string, Snippet>).map(({ prefix, body }) => [prefix, left(body.join('\n'))] as const)));

function followsSchema(id: string, value: unknown): void {
  const ajv = new Ajv({ strict: false, allowUnionTypes: true });
  assert.ok(ajv.validate(settings[id] ?? assert.fail(id), value), `${id}: ${ajv.errorsText()}`);
}

describe('a snippet for trusted keys', () => {
  for (const { label, body } of settings['countersign.keys']?.defaultSnippets ?? []) {
    it(`names one: ${label}`, () => {
      const value = inserted(body);
      followsSchema('countersign.keys', value);
      const { values, problems } = parseKeys(value, '/folder');
      assert.deepEqual([values.length, problems], [1, []]);
    });
  }
});

describe('a snippet for policies', () => {
  for (const { label, body } of settings['countersign.policies']?.items?.defaultSnippets ?? []) {
    it(`is one: ${label}`, () => {
      const value = [inserted(body)];
      followsSchema('countersign.policies', value);
      assert.deepEqual(parsePolicies(value, new Set(['release', 'security', 'qa'])).problems, []);
    });
  }

  it('asks for one signer, for all, and for a number of them', () => {
    const asked = (settings['countersign.policies']?.items?.defaultSnippets ?? []).map(({ body }) => (body as { require?: unknown }).require);
    assert.deepEqual(asked, [undefined, undefined, 'all', 2]);
  });
});

describe('a snippet for policy files', () => {
  const textOf = (prefix: string): string => snippets.get(prefix) ?? assert.fail(`there is no ${prefix}`);

  it('is a ClusterImagePolicy once a key stands in it, and refused until then', async () => {
    const text = textOf('ClusterImagePolicy');
    const placeholder = 'the public key with its BEGIN and END lines';
    assert.equal(isValid(parseClusterImagePolicies(text, 'file:///policy.yaml')), false);
    const { publicKey } = await generatePrivateKey();
    const filled = parseClusterImagePolicies(text.replace(placeholder, publicKey.pem.trim().replaceAll('\n', '\n        ')), 'file:///policy.yaml');
    assert.deepEqual([filled.problems.filter(({ severity }) => severity === 'error'), filled.policies], [[], 1]);
  });

  it('is a ClusterImagePolicy with a key in Kubernetes', () => {
    const found = parseClusterImagePolicies(textOf('ClusterImagePolicySecret'), 'file:///policy.yaml');
    assert.deepEqual([found.problems.filter(({ severity }) => severity === 'error'), found.policies], [[], 1]);
  });

  it('is a policy.json of podman that rejects what it does not name', () => {
    const text = textOf('containers-policy');
    const found = parseContainersPolicy(text, 'file:///policy.json', { registriesD: [], baseDirectory: '/' });
    assert.deepEqual(found.problems.filter(({ severity }) => severity === 'error'), []);
    assert.deepEqual((JSON.parse(text) as { default: unknown }).default, [{ type: 'reject' }]);
  });

  it('is a policy of the command line', () => {
    const { keys, policies } = JSON.parse(textOf('countersign-policy').replaceAll('${1}', 'release')) as { keys: unknown; policies: unknown };
    followsSchema('countersign.keys', keys);
    followsSchema('countersign.policies', policies);
    assert.deepEqual([parseKeys(keys, '/folder').problems, parsePolicies(policies, new Set(['release'])).problems], [[], []]);
  });

  it('is looked at here', () => {
    assert.deepEqual([...snippets.keys()].sort(), ['ClusterImagePolicy', 'ClusterImagePolicySecret', 'containers-policy', 'countersign-policy']);
    assert.deepEqual(contributes.snippets.map(({ language }) => language).sort(), ['json', 'jsonc', 'yaml']);
  });
});
