// An image whose signatures lie in another repository, and what a copy within a registry asks for.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import type { CopyPlan, CopyResult } from '../../../../src/core/copyEngine.ts';
import { types, type RegistryStore, type StoredDescriptor } from '../../../support/registryStore.ts';
import { makeKey } from '../../../support/signedImages.ts';
import { addBundle, addLayer, addReferrer, assertNoHoles, closureOf, key, run, trust, usePairs, type Pair } from '../../../support/copyPair.ts';

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

const planFrom = (sides: Pair, to = 'mirror/app:1.0'): Promise<CopyPlan> =>
  sides.engine.plan({ source: parseReference(`${sides.source.host}/team/app:1.0`), destination: parseReference(`${sides.destination.host}/${to}`), signatureRepository: `${sides.source.host}/team/signatures` }, AbortSignal.timeout(60_000));

async function copyFrom(sides: Pair, to?: string): Promise<CopyResult> {
  return sides.engine.copy(await planFrom(sides, to), {}, { trust }, () => undefined, AbortSignal.timeout(60_000));
}

function layersUnder(store: RegistryStore, repository: string, image: StoredDescriptor, suffix: string): unknown[] {
  const found = store.manifest(repository, `${image.digest.replace(':', '-')}.${suffix}`);
  return found ? (JSON.parse(Buffer.from(found.bytes).toString()) as { layers: unknown[] }).layers : [];
}

const distinctOf = (layers: readonly unknown[]): unknown[] => [...new Map(layers.map((layer) => [JSON.stringify(layer), layer])).values()];

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

  for (const referrers of ['native', 'router 404'] as const) {
    it(`are joined with those beside the image, none lost, none twice, each as it was (${referrers} referrers)`, async () => {
      const sides = await start({ source: { referrers }, destination: { referrers } });
      const image = putElsewhere(sides, referrers === 'native');
      const { store } = sides.source;
      // One that is in both places, and one of each kind that is not.
      const signatures = `${image.digest.replace(':', '-')}.sig`;
      for (const bytes of store.repository('team/signatures').blobs.values()) store.putBlob('team/app', bytes);
      store.putManifest('team/app', signatures, store.manifest('team/signatures', signatures)?.bytes ?? '');
      addLayer(store, 'team/app', image, key, 'sig', 'another name');
      addLayer(store, 'team/app', image, key, 'att', 'another name');
      const own = makeKey();
      addLayer(sides.destination.store, 'mirror/app', image, own);
      const wanted = (suffix: string): unknown[] => ['team/signatures', 'team/app'].flatMap((repository) => layersUnder(sides.source.store, repository, image, suffix));
      const before = layersUnder(sides.destination.store, 'mirror/app', image, 'sig');
      const { proof } = await copyFrom(sides);
      assert.deepEqual([proof.holds, proof.signatures.map(({ atSource: { format }, state }) => `${format} ${state}`).sort()], [true, ['bundle valid', 'legacy valid', 'legacy valid']]);
      assert.deepEqual(layersUnder(sides.destination.store, 'mirror/app', image, 'sig'), [...before, ...distinctOf(wanted('sig'))]);
      assert.deepEqual(layersUnder(sides.destination.store, 'mirror/app', image, 'att'), distinctOf(wanted('att')));
      assert.deepEqual([before.length, ...['sig', 'att'].map((suffix) => [wanted(suffix).length, distinctOf(wanted(suffix)).length])], [1, [3, 2], [2, 2]]);
      assertNoHoles(sides.destination.store, 'mirror/app');
      const again = await copyFrom(sides);
      assert.deepEqual([again.things.filter(({ outcome }) => outcome !== 'already there').map(({ what, outcome }) => `${what} ${outcome}`), again.proof.holds], [[], true]);
    });
  }

  it('are planned as added to those of the other place', async () => {
    const sides = await start();
    const image = putElsewhere(sides, true);
    addLayer(sides.source.store, 'team/app', image, key, 'sig', 'another name');
    addLayer(sides.source.store, 'team/app', image, key, 'att', 'another name');
    const plan = await planFrom(sides);
    assert.deepEqual(plan.root.proofs.flatMap(({ place }) => (place.kind === 'tag' ? [`${place.tag.slice(-3)} ${place.state}`] : [])), ['sig absent', 'sig merge', 'att absent', 'att merge']);
    assert.deepEqual(sides.engine.totals(plan, {}).proofs.signature, 3);
  });

  for (const [where, others] of [['team/app', 'team/signatures'], ['team/signatures', 'team/app']] as const) {
    for (const [what, content, mediaType] of [
      ['cannot be read', { schemaVersion: 2, mediaType: types.manifest, layers: [{ size: 'much' }] }, types.manifest],
      ['is an index', { schemaVersion: 2, mediaType: types.index, manifests: [] }, types.index],
    ] as const) {
      it(`are copied without being joined where the tag in ${where} ${what}`, async () => {
        const sides = await start();
        const { store } = sides.source;
        const image = store.putImage('team/app', '1.0');
        addBundle(store, 'team/app', image, { native: true });
        addLayer(store, others, image);
        const tag = `${image.digest.replace(':', '-')}.sig`;
        const config = store.putBlob(where, '{}', types.config);
        store.putManifest(where, tag, mediaType === types.index ? content : { ...content, config }, mediaType);
        const { proof, destination } = await copyFrom(sides);
        assertNoHoles(sides.destination.store, 'mirror/app');
        assert.equal(destination.digest, image.digest);
        // What cannot be read is left out; of what cannot be joined, the repository of signatures has the word, as in cosign.
        const winner = mediaType === types.index ? 'team/signatures' : others;
        assert.equal(sides.destination.store.repository('mirror/app').tags.get(tag), store.repository(winner).tags.get(tag));
        assert.equal(proof.signatures.every(({ state }) => state === 'valid'), winner === others);
      });
    }
  }

  it('of two SBOMs under the tag, that of the repository of signatures gets it and the other one comes along', async () => {
    const sides = await start();
    const image = putElsewhere(sides, true);
    const tag = `${image.digest.replace(':', '-')}.sbom`;
    const sboms = ['team/signatures', 'team/app'].map((repository) => sides.source.store.putManifest(repository, tag, {
      schemaVersion: 2, mediaType: types.manifest, config: sides.source.store.putBlob(repository, '{}', types.config), layers: [sides.source.store.putBlob(repository, `SBOM of ${repository}`, 'text/spdx')],
    }));
    const { proof, things } = await copyFrom(sides);
    assert.deepEqual([proof.holds, things.filter(({ tag: of }) => of === tag).map(({ outcome }) => outcome)], [true, ['copied', 'kept']]);
    const { store } = sides.destination;
    assert.equal(store.repository('mirror/app').tags.get(tag), sboms[0]?.digest);
    for (const { digest } of sboms) closureOf(store, 'mirror/app', digest);
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
