// An image whose signatures lie in another repository, and what a copy within a registry asks for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { CopyResult } from '../../../../src/core/copyEngine.ts';
import type { StoredDescriptor } from '../../../support/registryStore.ts';
import { addBundle, addLayer, addReferrer, closureOf, run, trust, usePairs, type Pair } from '../../../support/copyPair.ts';

const start = usePairs();

/** In `team/signatures`: a signature in each format, an attestation and an SBOM of the image. */
function putElsewhere({ source: { store } }: Pair, native: boolean): StoredDescriptor {
  const image = store.putImage('team/app', '1.0');
  addLayer(store, 'team/signatures', image);
  addLayer(store, 'team/signatures', image, undefined, 'att');
  addBundle(store, 'team/signatures', image, { native });
  addReferrer(store, 'team/signatures', image, '{}', 'application/spdx+json', native);
  return image;
}

async function copyFrom(sides: Pair, to = 'mirror/app:1.0'): Promise<CopyResult> {
  const plan = await sides.engine.plan({ source: parseReference(`${sides.source.host}/team/app:1.0`), destination: parseReference(`${sides.destination.host}/${to}`), signatureRepository: `${sides.source.host}/team/signatures` }, AbortSignal.timeout(60_000));
  return sides.engine.copy(plan, {}, { trust }, () => undefined, AbortSignal.timeout(60_000));
}

describe('signatures in a repository of their own', () => {
  for (const referrers of ['native', 'router 404'] as const) {
    it(`are copied to where the image goes, and proven (${referrers} referrers)`, async () => {
      const sides = await start({ source: { referrers }, destination: { referrers } });
      const image = putElsewhere(sides, referrers === 'native');
      const { proof } = await copyFrom(sides);
      assert.deepEqual([proof.holds, proof.source.kind, proof.destination.kind, proof.signatures.map(({ state }) => state)], [true, 'verified', 'verified', ['valid', 'valid']]);
      const { store } = sides.destination;
      for (const tag of ['1.0', `${image.digest.replace(':', '-')}.sig`, `${image.digest.replace(':', '-')}.att`]) closureOf(store, 'mirror/app', tag);
      assert.equal(store.referrers('mirror/app', image.digest).length, 2);
    });
  }

  for (const referrers of ['native', 'router 404'] as const) {
    it(`are copied together with the bundles beside the image (${referrers} referrers)`, async () => {
      const native = referrers === 'native';
      const sides = await start({ source: { referrers }, destination: { referrers } });
      const image = putElsewhere(sides, native);
      const beside = addBundle(sides.source.store, 'team/app', image, { native });
      const { proof } = await copyFrom(sides);
      assert.deepEqual([proof.holds, proof.signatures.map(({ state }) => state)], [true, ['valid', 'valid', 'valid']]);
      assert.ok(sides.destination.store.referrers('mirror/app', image.digest).some(({ digest }) => digest === beside.digest));
    });
  }

  it('are copied within the repository of the image', async () => {
    const sides = await start();
    const image = putElsewhere(sides, true);
    const { proof } = await copyFrom({ ...sides, destination: sides.source }, 'team/app:2.0');
    assert.equal(proof.holds, true);
    closureOf(sides.source.store, 'team/app', `${image.digest.replace(':', '-')}.sig`);
  });

  it('leave the copy unproven where those beside the image are lost for them', async () => {
    const sides = await start();
    const image = putElsewhere(sides, true);
    addLayer(sides.source.store, 'team/app', image, undefined, 'sig', 'another name');
    const { proof } = await copyFrom(sides);
    assert.deepEqual([proof.holds, proof.signatures.filter(({ state }) => state === 'missing').length], [false, 1]);
  });
});

describe('a copy within a registry', () => {
  it('asks for no more than so much for each manifest', async () => {
    const counts: number[] = [];
    for (const platforms of [1, 3, 12]) {
      const sides = await start();
      const { store } = sides.source;
      const { index, children } = store.putIndex('team/app', '1.0', Array.from({ length: platforms }, (_, at) => `linux/arch${at}`));
      for (const image of [index, ...children.values()]) {
        addLayer(store, 'team/app', image);
        addBundle(store, 'team/app', image, { native: true });
      }
      const { sentBytes, proof } = await run({ ...sides, destination: sides.source }, { to: 'other/app:1.0' });
      const uploads = sides.source.requests.filter(({ kind }) => kind === 'upload');
      const blobs = new Set(uploads.map(({ query }) => new URLSearchParams(query).get('mount')));
      assert.deepEqual([sentBytes, proof.holds, [...new Set(uploads.map(({ method }) => method))], uploads.length], [0, true, ['POST'], blobs.size]);
      assert.equal(sides.source.requests.filter(({ kind, method, target }) => kind === 'blob' && method === 'GET' && [...children.values()].some(({ digest }) => digest === target)).length, 0);
      // An image, its signature and its bundle.
      counts.push(sides.source.count() / (3 * (platforms + 1)));
    }
    assert.ok(counts.every((each) => each < 17), counts.join(', '));
    assert.ok((counts[2] ?? 0) <= (counts[0] ?? 0), counts.join(', '));
  });
});
