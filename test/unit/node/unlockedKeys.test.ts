import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UnlockedKeys } from '../../../src/node/unlockedKeys.ts';
import { newKey } from '../core/signing/harness.ts';

const setting = { name: 'release', reference: 'cosign.key', baseDirectory: '/home/me' };
const file = Buffer.from('the encrypted file');
const key = newKey();
const state = (keys: UnlockedKeys): string => (keys.peek(setting, file) ? 'unlocked' : 'locked');

function make(keepMs: number): { keys: UnlockedKeys; pass: (ms: number) => void } {
  let now = 0;
  const keys = new UnlockedKeys({ now: () => now });
  keys.add(setting, file, key, keepMs);
  return { keys, pass: (ms) => { now += ms; } };
}

describe('an unlocked key', () => {
  it('is forgotten some time after its last use', async () => {
    const { keys, pass } = make(60_000);
    pass(59_000);
    assert.deepEqual(await keys.use(setting, file, (found) => Promise.resolve(found === key)), { result: true });
    pass(59_000);
    assert.equal(state(keys), 'unlocked');
    pass(1000);
    assert.equal(state(keys), 'locked');
    assert.equal(await keys.use(setting, file, () => Promise.resolve()), undefined);
    keys.clear();
  });

  it('kept for no time is forgotten after one use, also one that fails, but not before', async () => {
    const { keys, pass } = make(0);
    pass(1_000_000);
    assert.equal(state(keys), 'unlocked');
    await assert.rejects(keys.use(setting, file, () => {
      assert.equal(state(keys), 'unlocked');
      return Promise.reject(new Error('no'));
    }));
    assert.equal(state(keys), 'locked');
  });

  it('is not forgotten while it is used', async () => {
    const { keys, pass } = make(1000);
    await keys.use(setting, file, () => {
      pass(5000);
      assert.equal(state(keys), 'unlocked');
      return keys.use(setting, file, () => Promise.resolve());
    });
    assert.equal(state(keys), 'unlocked');
    keys.clear();
  });

  it('is one file\'s: another under the same name needs its own password, and so does another name', async () => {
    const { keys } = make(1000);
    for (const other of [{ ...setting, reference: 'other.key' }, { ...setting, baseDirectory: '/home/you' }]) assert.equal(keys.peek(other, file), undefined);
    assert.ok(keys.peek({ ...setting, name: 'called otherwise' }, file));
    assert.equal(await keys.use(setting, Buffer.from('another file'), () => Promise.resolve()), undefined);
    assert.equal(state(keys), 'locked');
  });

  it('is not shown for another file under the same name', () => {
    const { keys } = make(1000);
    assert.equal(keys.peek(setting, Buffer.from('another file')), undefined);
    assert.equal(state(keys), 'locked');
  });

  it('is forgotten alone', () => {
    const { keys } = make(1000);
    keys.add({ ...setting, reference: 'other.key' }, file, key, 1000);
    keys.forget(setting);
    assert.deepEqual([state(keys), keys.peek({ ...setting, reference: 'other.key' }, file)], ['locked', key]);
    keys.clear();
  });

  it('is forgotten at once when asked, and what is being signed is finished', async () => {
    const { keys } = make(1000);
    const used = await keys.use(setting, file, (found) => {
      keys.clear();
      return Promise.resolve(found);
    });
    assert.deepEqual([used?.result, state(keys)], [key, 'locked']);
  });

  it('is dropped by a timer too', async () => {
    const { keys } = make(1);
    await new Promise((done) => { setTimeout(done, 30); });
    assert.equal(state(keys), 'locked');
  });
});
