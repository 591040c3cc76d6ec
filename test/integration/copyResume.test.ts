// Connections cut in the middle of a body, through the product's own transport: what arrived is not sent again.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, it } from 'node:test';
import { parseReference } from '../../src/core/oci/reference.ts';
import { closureOf } from '../support/copyPair.ts';
import { testEngine } from '../support/engine.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { types } from '../support/registryStore.ts';

const size = 5 * 1024 * 1024;
const never = new AbortController().signal;
const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

async function copyCutAt(places: readonly number[]): Promise<{ readonly source: TestRegistry; readonly destination: TestRegistry; readonly layer: string; readonly sentBytes: number }> {
  const [engine, source] = [testEngine(), await startRegistry()];
  const left = [...places];
  const destination = await startRegistry({ takesOnly: ({ method, path }) => (path.includes('/uploads/') && (method === 'PATCH' || (method === 'PUT' && left.length === places.length)) ? left.shift() : undefined) });
  open.push(() => engine.dispose(), source.close, destination.close);
  const layer = source.store.putBlob('team/app', randomBytes(size));
  // A config that is there already: only the layer is uploaded.
  const config = source.store.putBlob('team/app', '{}', types.config);
  destination.store.putBlob('mirror/app', '{}', types.config);
  source.store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] });
  const plan = await engine.copying.plan({ source: parseReference(`${source.host}/team/app:1.0`), destination: parseReference(`${destination.host}/mirror/app:1.0`) }, never);
  const { sentBytes } = await engine.copying.copy(plan, {}, { trust: { keys: [], policies: [], problems: [] } }, () => undefined, never);
  closureOf(destination.store, 'mirror/app', '1.0');
  return { source, destination, layer: layer.digest, sentBytes };
}

for (const places of [[1_234_567], [1], [1_234_567, 700_001, 1_500_000]]) {
  it(`an upload cut after ${places.join(', then ')} bytes goes on at that very byte`, async () => {
    const { source, destination, layer, sentBytes } = await copyCutAt(places);
    const starts = places.map((_, at) => places.slice(0, at + 1).reduce((sum, bytes) => sum + bytes, 0));
    // One byte cannot be told from none: `Range: 0-0` is both.
    const expected = places[0] === 1 ? [] : starts.map((start) => `${start}-${size - 1}`);
    assert.deepEqual(destination.requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']), expected);
    assert.deepEqual(source.requests.filter(({ method, target }) => method === 'GET' && target === layer).slice(1).map(({ headers }) => headers['range']), expected.length === 0 ? [undefined] : starts.map((start) => `bytes=${start}-${size - 1}`));
    assert.equal(sentBytes, size);
  });
}
