// A copy of many things at once, under one signal that nobody has used before: Node.js must find nothing to warn of.
import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { addBundle, key } from '../support/copyPair.ts';
import { testEngine } from '../support/engine.ts';
import { startRegistry } from '../support/registry.ts';
import { types } from '../support/registryStore.ts';

const warnings: string[] = [];
const note = (warning: Error): void => { warnings.push(`${warning.name}: ${warning.message}`); };
process.on('warning', note);
after(() => { process.off('warning', note); });

for (const referrers of ['native', 'router 404'] as const) {
  it(`a copy of 80 blobs, 20 images and their signatures warns of nothing (${referrers} referrers)`, async () => {
    const engine = testEngine();
    const registries = await Promise.all([startRegistry({ referrers, auth: { kind: 'bearer' } }), startRegistry({ referrers })]);
    const [source, destination] = registries;
    const { store } = source;
    const images = Array.from({ length: 20 }, (_, image) => {
      const layers = [1, 2, 3].map((layer) => store.putBlob('team/app', `layer ${layer} of ${image}`.repeat(100_000)));
      return store.putManifest('team/app', undefined, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', { image }, types.config), layers });
    });
    const index = store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.index, manifests: images }, types.index);
    for (const image of [index, ...images]) addBundle(store, 'team/app', image, { native: referrers === 'native' });
    try {
      const plan = await engine.copying.plan({ source: parseReference(`${source.host}/team/app:1.0`), destination: parseReference(`${destination.host}/mirror/app:1.0`) }, new AbortController().signal);
      const { proof } = await engine.copying.copy(plan, {}, { trust: { keys: [{ name: 'release', reference: key.pem }], policies: [], problems: [] } }, () => undefined, new AbortController().signal);
      // Warnings are told in a turn of their own.
      await new Promise((resolve) => { setImmediate(resolve); });
      assert.deepEqual([proof.holds, proof.signatures.length, warnings], [true, 21, []]);
    } finally {
      await engine.dispose();
      await Promise.all(registries.map((registry) => registry.close()));
    }
  });
}
