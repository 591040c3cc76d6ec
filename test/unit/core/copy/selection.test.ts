// Which part of a plan is copied: some of an index's images, some kinds of what hangs on them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { never } from '../../../support/registryClient.ts';
import { closureOf, planOf, putEverything, run, trust, usePairs } from '../../../support/copyPair.ts';

const start = usePairs();

describe('a selection', () => {
  it('of a platform makes that child the destination, with what hangs on it', async () => {
    const sides = await start();
    const { children, top } = putEverything(sides.source.store, true);
    const child = children.get('linux/arm64');
    const { digest, proof } = await run(sides, { selection: { tops: [child?.digest as never] } });
    const { store } = sides.destination;
    assert.equal(digest, child?.digest);
    assert.equal(store.manifest('mirror/app', '1.0')?.digest, child?.digest);
    assert.equal(store.manifest('mirror/app', top.digest), undefined);
    assert.deepEqual([proof.holds, proof.signatures.length], [true, 2]);
  });

  it('without signatures leaves them out and says so', async () => {
    const sides = await start();
    putEverything(sides.source.store, true);
    const { proof } = await run(sides, { selection: { kinds: ['sbom'] } });
    assert.equal(proof.destination.kind, 'unsigned');
    assert.deepEqual([new Set(proof.signatures.map(({ state }) => state)), proof.holds], [new Set(['left out']), true]);
    assert.deepEqual([...sides.destination.store.repository('mirror/app').tags.keys()].map((tag) => tag.replace(/.*\./, '')).sort(), ['0', 'sbom']);
  });

  it('of several images copies each by its digest with all its proofs, writes no tag, and leaves the index behind', async () => {
    const sides = await start({ destination: { strictOrder: true } });
    const { children, top } = putEverything(sides.source.store, true);
    const taken = sides.destination.store.putImage('mirror/app', '1.0', 'another image');
    const tops = [...children.values()].map(({ digest }) => digest as never);
    const { digests, destination, proof } = await run(sides, { selection: { tops } });
    assert.deepEqual([digests, destination.tag, proof.holds, proof.signatures.map(({ state }) => state)], [tops, undefined, true, ['valid', 'valid', 'valid', 'valid']]);
    const { store } = sides.destination;
    for (const { digest } of children.values()) for (const reference of [digest, `${digest.replace(':', '-')}.sig`]) closureOf(store, 'mirror/app', reference);
    assert.deepEqual([store.manifest('mirror/app', top.digest), store.repository('mirror/app').tags.get('1.0')], [undefined, taken.digest]);
  });

  it('of an index and an image that it lists is that of the index', async () => {
    const sides = await start();
    const { children, top } = putEverything(sides.source.store, true);
    const { digests } = await run(sides, { selection: { tops: [children.get('linux/arm64')?.digest as never, top.digest as never] } });
    assert.deepEqual([digests, sides.destination.store.repository('mirror/app').tags.get('1.0')], [[top.digest], top.digest]);
  });

  it('of several images is not proven when the copy of one of them is not', async () => {
    const sides = await start();
    const { children } = putEverything(sides.source.store, true);
    const [first, second] = [...children.values()].map(({ digest }) => digest as Digest);
    const plan = await planOf(sides);
    for (const lost of [first, second]) {
      const { proof } = await sides.engine.copy(plan, { tops: [first as Digest, second as Digest] }, { trust }, ({ step }) => {
        if (step !== 'verify') return;
        // The destination takes them and forgets them.
        const { tags, manifests } = sides.destination.store.repository('mirror/app');
        tags.delete(`${String(lost).replace(':', '-')}.sig`);
        for (const { digest } of sides.destination.store.referrers('mirror/app', String(lost))) manifests.delete(digest);
      }, never);
      assert.ok(proof.source.kind === 'verified' && proof.destination.kind === 'unsigned');
      assert.deepEqual([proof.holds, proof.destination.digest, proof.signatures.filter(({ state }) => state === 'missing').map(({ subject }) => subject)], [false, lost, [lost, lost]]);
    }
  });

  it('of something that is not in the plan is refused', async () => {
    const sides = await start();
    const { top } = putEverything(sides.source.store, true);
    await assert.rejects(run(sides, { selection: { tops: [top.digest.replace(/.$/, 'x') as never] } }), { code: 'IMAGE_NOT_FOUND' });
  });
});
