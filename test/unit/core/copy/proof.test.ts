// What the proof of a copy says, and when it must not hold.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { on, status } from '../../../support/faults.ts';
import { types } from '../../../support/registryStore.ts';
import { addBundle, addLayer, addReferrer, planOf, putEverything, putSmall, run, trust, usePairs } from '../../../support/copyPair.ts';

const start = usePairs();

describe('the proof', () => {
  it('does not hold when neither side could be checked', async () => {
    const sides = await start();
    putSmall(sides.source.store, true);
    const problem = new CosignError('POLICY_INVALID', said`A policy cannot be read.`);
    const { proof } = await run(sides, { trust: { ...trust, problems: [problem] } });
    assert.deepEqual([proof.source.kind, proof.destination.kind, proof.holds], ['unchecked', 'unchecked', false]);
    assert.deepEqual(proof.incomplete.map(({ code }) => code), ['POLICY_INVALID']);
  });

  it('does not hold when the registry of either side cannot tell what is signed', async () => {
    for (const side of ['source', 'destination'] as const) {
      const sides = await start();
      putSmall(sides.source.store, true);
      const plan = await planOf(sides);
      let isCopied = false;
      const broken = on('GET referrers', (request, ordinary) => (isCopied ? status(503)(request, ordinary) : ordinary()));
      sides[side].intercept = broken;
      const { proof } = await sides.engine.copy(plan, {}, { trust }, ({ step }) => { isCopied = step === 'verify'; }, AbortSignal.timeout(60_000));
      assert.equal(proof.holds, false, side);
      assert.ok(proof.incomplete.some(({ code }) => code === 'REGISTRY_UNAVAILABLE'), side);
    }
  });

  it('holds where nothing is asked for, and does not say verified', async () => {
    const sides = await start();
    putSmall(sides.source.store, true);
    const { proof } = await run(sides, { trust: { keys: [], policies: [], problems: [] } });
    assert.deepEqual([proof.source.kind, proof.holds, proof.signatures], ['unchecked', true, []]);
  });

  it('is about the signatures of SBOMs and other referrers too', async () => {
    const sides = await start();
    const { top } = putEverything(sides.source.store, true);
    const plan = await planOf(sides);
    const sbom = plan.root.children[0]?.proofs.find(({ kind, place }) => kind === 'sbom' && place.kind === 'referrer')?.manifest.digest;
    const { proof } = await run(sides);
    assert.deepEqual([...new Set(proof.signatures.map(({ state }) => state))], ['valid']);
    assert.equal(proof.signatures.filter(({ subject }) => subject === sbom).length, 2);
    assert.notEqual(top.digest, sbom);
  });

  it('does not hold when the signature of an SBOM is lost', async () => {
    const sides = await start();
    const { store } = sides.source;
    const image = store.putImage('team/app', '1.0');
    addLayer(store, 'team/app', image);
    const sbom = addReferrer(store, 'team/app', image, '{}', 'application/spdx+json', true);
    addLayer(store, 'team/app', sbom);
    const tag = `${sbom.digest.replace(':', '-')}.sig`;
    const plan = await planOf(sides);
    // The destination takes it and forgets it.
    const { proof } = await sides.engine.copy(plan, {}, { trust }, ({ step }) => {
      if (step === 'verify') sides.destination.store.repository('mirror/app').tags.delete(tag);
    }, AbortSignal.timeout(60_000));
    assert.deepEqual([proof.holds, proof.destination.kind, proof.signatures.filter(({ state }) => state !== 'valid').map(({ subject, state }) => [subject, state])], [false, 'verified', [[sbom.digest, 'missing']]]);
  });
});

describe('a manifest that is reached in more than one way', () => {
  it('loses nothing of what hangs on it when the way over a signature is the shorter one', async () => {
    const sides = await start();
    const { store } = sides.source;
    const child = store.putImage('team/app', undefined, 'child');
    const [inner] = [store.putManifest('team/app', undefined, { schemaVersion: 2, mediaType: types.index, manifests: [child] }, types.index)];
    const top = store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.index, manifests: [inner] }, types.index);
    addLayer(store, 'team/app', child);
    addLayer(store, 'team/app', child, undefined, 'att');
    addBundle(store, 'team/app', child, { native: true });
    // The signature tag of the whole lists the image.
    store.putManifest('team/app', `${top.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: types.index, manifests: [child], annotations: { is: 'sig' } }, types.index);
    const plan = await planOf(sides);
    assert.deepEqual(plan.root.children[0]?.children[0]?.proofs.map(({ kind, place }) => `${kind} ${place.kind}`).sort(), ['attestation tag', 'signature referrer', 'signature tag']);
    await run(sides);
    assert.ok(sides.destination.store.manifest('mirror/app', `${child.digest.replace(':', '-')}.att`));
  });
});
