// The files of keys that a containers policy names, on a real disk: which are missed, and which are not looked at.
import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, describe, it } from 'node:test';
import type { Transport } from '../../../src/core/oci/transport.ts';
import type { KeySetting } from '../../../src/core/policy/trustPolicy.ts';
import { createKeySource } from '../../../src/node/keySource.ts';
import { readPolicyFile } from '../../../src/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-policy-keys-'));
after(() => { rmSync(folder, { recursive: true, force: true }); });
copyFileSync('test/fixtures/keys/p256.pub', join(folder, 'good.pub'));
writeFileSync(join(folder, 'garbage.pub'), 'garbage');
writeFileSync(join(folder, 'second.pub'), '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n');
mkdirSync(join(folder, 'folder.pub'));

const nowhere: Transport = { send: () => Promise.reject(new Error('nothing is asked of the network')) };
const keySource = createKeySource({ transport: nowhere, env: { KEY: 'not asked' }, homeDirectory: folder });
const places = { env: {}, homeDirectory: folder, root: folder };

async function problems(keyPaths: readonly string[], mayReadKey: (key: KeySetting) => boolean = () => true): Promise<readonly string[]> {
  const requirement = { type: 'sigstoreSigned', keyPaths, signedIdentity: { type: 'matchRepository' } };
  const text = JSON.stringify({ default: [requirement], transports: { docker: { 'example.com': [requirement] } } });
  const uri = pathToFileURL(join(folder, 'policy.json')).href;
  const { problems: found } = await readPolicyFile(uri, new TextEncoder().encode(text), places, { mayReadKey, keySource });
  return found.filter(({ kind }) => kind === 'containers-key-unusable').map(({ range: { start, end } }) => JSON.parse(text.slice(start.character, end.character)) as string);
}

describe('the files of keys that a policy names', () => {
  it('are good, relative to the policy or by their whole path', async () => {
    assert.deepEqual(await problems(['good.pub', join(folder, 'good.pub'), './folder.pub/../good.pub']), []);
  });

  for (const path of ['gone.pub', 'garbage.pub', 'second.pub', 'folder.pub', 'env://KEY', 'https://example.com/key.pub', '~/good.pub', ' ']) {
    it(`are missed where the policy names ${JSON.stringify(path)}`, async () => {
      assert.deepEqual(await problems(['good.pub', path]), [path, path]);
    });
  }

  it('are looked at only where that is allowed', async () => {
    const asked: string[] = [];
    const refuses = ({ reference }: KeySetting): boolean => {
      asked.push(reference);
      return false;
    };
    assert.deepEqual([await problems(['gone.pub'], refuses), asked], [[], ['gone.pub', 'gone.pub']]);
  });

  it('are not looked at where nobody wants to know', async () => {
    const text = JSON.stringify({ default: [{ type: 'sigstoreSigned', keyPath: 'gone.pub' }] });
    const { problems: found } = await readPolicyFile(pathToFileURL(join(folder, 'policy.json')).href, new TextEncoder().encode(text), places);
    assert.ok(found.every(({ kind }) => kind !== 'containers-key-unusable'));
  });
});
