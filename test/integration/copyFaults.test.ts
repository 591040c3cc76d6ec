// Cut at every request in turn: whatever is the last one that gets through, no tag is wrong or leads to a hole, and copying again goes on.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import type { Fault } from '../support/registry.ts';
import { makeKey } from '../support/signedImages.ts';
import { addBundle, addLayer, assertNoHoles, assertOnlyFallbackIndexes, assertSameContent, planOf, putSmall, run, startPair, trust, type Pair } from '../support/copyPair.ts';

const other = makeKey();
const open: Pair[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((pair) => pair.close()));
});

type Prepared = Pair & { readonly top: string; readonly old: string };

/** At the destination the tag is another image, and the image has a signature of somebody else's in each format. */
async function start(referrers: 'native' | 'router 404'): Promise<Prepared> {
  const pair = await startPair({ source: { referrers: 'native' }, destination: { referrers, strictOrder: true } });
  open.push(pair);
  const top = putSmall(pair.source.store, true);
  const { store } = pair.destination;
  const old = store.putImage('mirror/app', '1.0', 'what was there before');
  addLayer(store, 'mirror/app', top, other);
  addBundle(store, 'mirror/app', top, { by: other, native: referrers === 'native' });
  return { ...pair, top: top.digest, old: old.digest };
}

/** Counts the requests of both registries together. @param fault applied to the request with this number, and, `for good`, to all behind it */
function at(pair: Pair, number: number, fault: Fault, lasts: 'once' | 'for good'): { readonly requests: () => number } {
  let count = 0;
  const intercept: Fault = (request, ordinary) => {
    const current = count++;
    return current === number || (lasts === 'for good' && current > number) ? fault(request, ordinary) : undefined;
  };
  pair.source.intercept = intercept;
  pair.destination.intercept = intercept;
  return { requests: () => count };
}

const cut: Fault = () => ({ status: 0, cut: 'before answer' });
const answerLost: Fault = (_request, ordinary) => {
  ordinary();
  return { status: 0, cut: 'before answer' };
};
const unavailable: Fault = () => ({ status: 503 });

function assertSound(pair: Prepared): 'old' | 'new' {
  const { store } = pair.destination;
  const tag = store.repository('mirror/app').tags.get('1.0');
  assert.ok(tag === pair.old || tag === pair.top, `the tag is ${tag ?? 'gone'}`);
  assertNoHoles(store, 'mirror/app');
  assertOnlyFallbackIndexes(store, 'mirror/app');
  return tag === pair.old ? 'old' : 'new';
}

async function assertCompletes(pair: Prepared, referrers: string): Promise<void> {
  pair.source.intercept = undefined;
  pair.destination.intercept = undefined;
  const arrived = new Set(pair.destination.store.repository('mirror/app').blobs.keys());
  pair.destination.clearLog();
  const { proof } = await run(pair, { overwriteTag: pair.old as never, trust: both });
  const again = pair.destination.requests.filter(({ kind }) => kind === 'upload').map(({ query }) => new URLSearchParams(query).get('digest') ?? '').filter((digest) => arrived.has(digest));
  assert.deepEqual(again, [], 'a blob that had arrived was sent again');
  assert.deepEqual([proof.holds, proof.incomplete], [true, []]);
  assert.ok(proof.destination.kind === 'verified');
  assert.deepEqual(proof.destination.signatures.map(({ format, signedBy }) => `${format} ${signedBy?.key ?? ''}`).filter((text) => text.endsWith('other')).sort(), ['bundle other', 'legacy other'], referrers);
  assert.equal(assertSound(pair), 'new');
  // What was added to the destination's own signatures is another manifest there.
  const { source, destination } = pair;
  source.store.repository('team/app').tags.delete(`${pair.top.replace(':', '-')}.sig`);
  assertSameContent(source.store, destination.store);
}

const both = { ...trust, keys: [...trust.keys, { name: 'other', reference: other.pem }] };
const attempt = (pair: Prepared): Promise<unknown> => run(pair, { overwriteTag: pair.old as never, trust: both });

/** Of a copy that nothing disturbs. */
async function countRequests(referrers: 'native' | 'router 404'): Promise<number> {
  const pair = await start(referrers);
  const counter = at(pair, -1, cut, 'once');
  await attempt(pair);
  return counter.requests();
}

describe('a copy that is interrupted at any request', () => {
  const cases = [
    ['dies', cut, 'for good', 'router 404'], ['dies', cut, 'for good', 'native'], ['loses an answer', answerLost, 'once', 'router 404'], ['meets overload', unavailable, 'for good', 'native'],
  ] as const;
  for (const [name, fault, lasts, referrers] of cases) {
    it(`and ${name} there leaves nothing wrong behind and is completed by another (${referrers} referrers)`, async () => {
      const requests = await countRequests(referrers);
      assert.ok(requests > 40);
      let failed = 0;
      for (let number = 0; number < requests; number++) {
        const pair = await start(referrers);
        at(pair, number, fault, lasts);
        const outcome = await attempt(pair).then(() => 'done', () => 'failed');
        const tag = assertSound(pair);
        if (outcome === 'failed') failed++;
        else assert.equal(tag, 'new');
        await assertCompletes(pair, referrers);
      }
      if (lasts === 'for good') assert.ok(failed > 30, `${failed} of ${requests} failed`);
    });
  }

  it('by its person leaves nothing wrong behind and is completed by another', async () => {
    const requests = await countRequests('router 404');
    for (let number = 0; number < requests; number++) {
      const pair = await start('router 404');
      const abort = new AbortController();
      at(pair, number, (_request, ordinary) => {
        abort.abort(new Error('enough'));
        return ordinary();
      }, 'once');
      await assert.rejects(run(pair, { overwriteTag: pair.old as never, trust: both, signal: abort.signal }), { message: 'enough' });
      assertSound(pair);
      await assertCompletes(pair, 'router 404');
    }
  });

  it('goes on by the same plan', async () => {
    const pair = await start('router 404');
    const plan = await planOf(pair);
    at(pair, 12, cut, 'for good');
    await assert.rejects(pair.engine.copy(plan, {}, { trust: both, overwriteTag: pair.old as never }, () => undefined, AbortSignal.timeout(60_000)));
    assertSound(pair);
    pair.source.intercept = undefined;
    pair.destination.intercept = undefined;
    const { proof } = await pair.engine.copy(plan, {}, { trust: both, overwriteTag: pair.old as never }, () => undefined, AbortSignal.timeout(60_000));
    assert.equal(proof.holds, true);
    assert.equal(assertSound(pair), 'new');
  });
});
