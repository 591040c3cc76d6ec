import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SharedLoads } from '../../../../src/core/async/sharedLoads.ts';
import { never } from '../../../support/registryClient.ts';

interface Load { readonly signal: AbortSignal; readonly resolve: (value: string) => void; readonly reject: (error: Error) => void }

function make(lifetimeMs = 100, capacity = 10): { loads: SharedLoads<string>; started: Load[]; load: (signal: AbortSignal) => Promise<string>; advance: (ms: number) => void } {
  let now = 0;
  const started: Load[] = [];
  return {
    started,
    loads: new SharedLoads<string>({ lifetimeMs: () => lifetimeMs, capacity, now: () => now }),
    load: (signal) => new Promise((resolve, reject) => started.push({ signal, resolve, reject })),
    advance: (ms) => (now += ms),
  };
}
const at = (started: readonly Load[], index: number): Load => started[index]!;

describe('a shared load', () => {
  it('runs once for all who ask at the same time, and is kept until it is stale', async () => {
    const { loads, started, load, advance } = make();
    const both = Promise.all([loads.get('k', load, never), loads.get('k', load, never)]);
    at(started, 0).resolve('v');
    assert.deepEqual(await both, ['v', 'v']);
    advance(99);
    assert.equal(await loads.get('k', load, never), 'v');
    advance(1);
    void loads.get('k', load, never);
    assert.equal(started.length, 2);
  });

  it('that fails is forgotten', async () => {
    const { loads, started, load } = make();
    const first = loads.get('k', load, never);
    at(started, 0).reject(new Error('no'));
    await assert.rejects(first, /no/);
    void loads.get('k', load, never);
    assert.equal(started.length, 2);
  });

  it('goes on when one of two gives up, and is aborted when both do', async () => {
    const { loads, started, load } = make();
    const [a, b] = [new AbortController(), new AbortController()];
    const [first, second] = [loads.get('k', load, a.signal), loads.get('k', load, b.signal)];
    a.abort(new Error('a'));
    await assert.rejects(first, /a/);
    assert.equal(at(started, 0).signal.aborted, false);
    b.abort(new Error('b'));
    await assert.rejects(second, /b/);
    assert.equal(at(started, 0).signal.aborted, true);
    const third = loads.get('k', load, never);
    at(started, 1).resolve('again');
    assert.equal(await third, 'again');
  });

  it('is not started for somebody who has given up already', async () => {
    const { loads, started, load } = make();
    await assert.rejects(loads.get('k', load, AbortSignal.abort(new Error('enough'))), /enough/);
    assert.equal(started.length, 0);
  });

  it('asked for afresh leaves the old one to those who wait for it', async () => {
    const { loads, started, load } = make();
    const [old, fresh] = [loads.get('k', load, never), loads.get('k', load, never, true)];
    at(started, 1).resolve('new');
    at(started, 0).resolve('old');
    assert.deepEqual([await old, await fresh, await loads.get('k', load, never)], ['old', 'new', 'new']);
  });

  it('makes room by dropping the longest unused', async () => {
    const { loads, started, load } = make(100, 2);
    for (const [index, key] of ['a', 'b'].entries()) {
      const got = loads.get(key, load, never);
      at(started, index).resolve(key);
      await got;
    }
    await loads.get('a', load, never);
    const got = loads.get('c', load, never);
    at(started, 2).resolve('c');
    await got;
    assert.equal(await loads.get('a', load, never), 'a');
    void loads.get('b', load, never);
    assert.equal(started.length, 4);
  });

  it('can be dropped by its value, but not what replaced it', async () => {
    const { loads, started, load } = make();
    const got = loads.get('k', load, never);
    at(started, 0).resolve('v');
    await got;
    loads.forget('k', 'other');
    assert.equal(await loads.get('k', load, never), 'v');
    loads.forget('k', 'v');
    void loads.get('k', load, never);
    loads.forget('k', 'v');
    void loads.get('k', load, never);
    assert.equal(started.length, 2);
  });
});
