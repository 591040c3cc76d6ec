import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { it } from 'node:test';
import { systemClock } from '../../../src/node/systemClock.ts';

const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

it('a sleep ends, and leaves no listener behind', async () => {
  const abort = new AbortController();
  await systemClock.sleep(1, abort.signal);
  assert.equal(getEventListeners(abort.signal, 'abort').length, 0);
});

it('an aborted sleep rejects with the reason and leaves no timer behind', async () => {
  const [abort, reason, before] = [new AbortController(), new Error('cancelled'), timers()];
  const sleeping = systemClock.sleep(1_000_000, abort.signal);
  assert.equal(timers(), before + 1);
  abort.abort(reason);
  await assert.rejects(sleeping, reason);
  assert.equal(timers(), before);
  await assert.rejects(systemClock.sleep(1_000_000, abort.signal), reason);
  assert.equal(timers(), before);
});
