// Files with ClusterImagePolicies: what the real kubectl lets pass, and what our reader does.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parseClusterImagePolicies } from '../../src/core/policy/cluster/parseClusterImagePolicies.ts';
import { clusterImagePolicyCrd } from '../support/clusterImagePolicyCrd.ts';
import { KubeApi } from '../support/kubeApi.ts';
import { requirePeers } from '../support/peers.ts';

const samples = readdirSync('test/fixtures/policies').filter((name) => name.endsWith('.yaml'));
const folder = mkdtempSync(join(tmpdir(), 'countersign-policies-'));
let api: KubeApi;
let kubeconfig: string;
let program: string;
let next = 0;

before(async () => {
  program = (await requirePeers(['kubectl'])).kubectl;
  api = await KubeApi.start();
  api.custom = { group: 'policy.sigstore.dev', versions: ['v1beta1', 'v1alpha1'], kind: 'ClusterImagePolicy', plural: 'clusterimagepolicies', shape: clusterImagePolicyCrd };
  kubeconfig = api.kubeconfig('certificate');
});
after(() => { api.close(); });

function kubectl(text: string): Promise<{ readonly code: number; readonly out: string }> {
  const file = join(folder, `policy-${++next}.yaml`);
  writeFileSync(file, text);
  return new Promise((resolve) => {
    execFile(program, ['create', '--dry-run=server', '--validate=strict', '-f', file], { env: { PATH: process.env['PATH'] ?? '', HOME: folder, KUBECONFIG: kubeconfig } }, (error, stdout, stderr) => {
      resolve({ code: error ? 1 : 0, out: `${stdout}${stderr}` });
    });
  });
}

const sample = (name: string): string => readFileSync(join('test/fixtures/policies', name), 'utf8');
const errors = (text: string): readonly string[] => parseClusterImagePolicies(text, 'file:///x').problems.filter(({ severity }) => severity === 'error').map(({ kind }) => kind);

describe('a file of ClusterImagePolicies', () => {
  it('is there to look at', () => assert.ok(samples.length >= 8 && ['v1alpha1', 'v1beta1'].every((version) => samples.some((name) => sample(name).includes(`/${version}\n`)))));

  for (const name of samples) {
    it(`passes kubectl and our reader: ${name}`, async () => {
      const { code, out } = await kubectl(sample(name));
      assert.equal(code, 0, out);
      assert.match(out, /clusterimagepolicy\.policy\.sigstore\.dev\/[\w-]+ created \(server dry run\)/);
      assert.deepEqual(errors(sample(name)), []);
    });
  }

  it('with a field twice passes kubectl, which takes the last one without a word, and not our reader', async () => {
    const text = sample('signed-by-key.yaml').replace('  images:', '  mode: enforce\n  mode: warn\n  images:');
    assert.equal((await kubectl(text)).code, 0);
    assert.deepEqual(errors(text), ['duplicate-field']);
  });

  const mistakes: readonly (readonly [string, string, (text: string) => string])[] = [
    ['a field that is none', 'unknown-field', (text) => text.replace('authorities:', 'authorites:')],
    ['a field in the wrong place', 'unknown-field', (text) => text.replace('  images:', '  mode2: warn\n  images:')],
    ['a field deep inside that is none', 'unknown-field', (text) => text.replace('hashAlgorithm:', 'hash:')],
    ['a list that is a map', 'wrong-type', (text) => text.replace('  - glob:', '    glob:')],
    ['a text that is a number', 'wrong-type', (text) => text.replace('name: release\n', 'name: 12\n')],
    ['a text that YAML takes for a truth', 'wrong-type', (text) => text.replace('name: release\n', 'name: yes\n')],
    ['a version that is none', 'unknown-version', (text) => text.replace('v1beta1', 'v1')],
    ['a kind that is none', 'unknown-kind', (text) => text.replace('kind: ClusterImagePolicy', 'kind: ClusterImagePolicies')],
    ['no name', 'missing-field', (text) => text.replace('  name: signed-by-release', '  labels: {}')],
    ['a star without quotes', 'unknown-anchor', (text) => text.replace('"ghcr.io/my-org/**"', '**')],
    ['an indentation that is none', 'yaml', (text) => text.replace('  images:', '   images:')],
  ];
  for (const [what, kind, change] of mistakes) {
    it(`with ${what} passes neither`, async () => {
      const text = change(sample('signed-by-key.yaml'));
      assert.notEqual(text, sample('signed-by-key.yaml'));
      const { code, out } = await kubectl(text);
      assert.equal(code, 1, out);
      assert.ok(errors(text).includes(kind), JSON.stringify(errors(text)));
    });
  }
});
