import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { afterEach, describe, it } from 'node:test';
import type { CopyProgress } from '../../../../src/core/copyEngine.ts';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import { RegistryClient } from '../../../../src/core/oci/registryClient.ts';
import { cutBody, cutConnection, either, on, status, tamperedBody, times } from '../../../support/faults.ts';
import type { Fault } from '../../../support/registry.ts';
import { failure } from '../../../support/registryAnswer.ts';
import { never, SteppedClock } from '../../../support/registryClient.ts';
import { types } from '../../../support/registryStore.ts';
import { closureOf, planOf, run, startPair, trust, type Pair, type PairOptions } from '../../../support/copyPair.ts';

let pair: Pair | undefined;
afterEach(async () => {
  await pair?.close();
  pair = undefined;
});

const megabyte = 1024 * 1024;

/** Two registries, and at the source an image with one layer of that size. */
async function start(sizeBytes: number, options: PairOptions = {}): Promise<Pair & { readonly layer: string }> {
  pair = await startPair(options);
  const { store } = pair.source;
  const layer = store.putBlob('team/app', randomBytes(sizeBytes));
  store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers: [layer] });
  return { ...pair, layer: layer.digest };
}

const requestsTo = ({ destination }: Pair, method: string): number => destination.requests.filter((request) => request.kind === 'upload' && request.method === method).length;
/** Carried out, and then nobody hears of it. */
const answerLost: Fault = (_request, ordinary) => {
  ordinary();
  return { status: 0, cut: 'before answer' };
};

describe('a layer', () => {
  it('goes in one piece where that is taken', async () => {
    const sides = await start(3 * megabyte);
    const { sentBytes } = await run(sides);
    assert.equal(sentBytes, 3 * megabyte + 2);
    assert.deepEqual([requestsTo(sides, 'POST'), requestsTo(sides, 'PATCH'), requestsTo(sides, 'PUT')], [2, 0, 2]);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('travels beside another one', async () => {
    const sides = await start(3 * megabyte);
    const { store } = sides.source;
    const layers = [1, 2, 3].map(() => store.putBlob('team/app', randomBytes(2 * megabyte)));
    store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers });
    let [arrived, second] = [0, (): void => undefined];
    const both = new Promise<void>((resolve) => { second = resolve; });
    // The first is not stored before another one is there.
    sides.destination.intercept = on('PUT upload', (_request, ordinary) => {
      if (++arrived >= 2) second();
      return both.then(ordinary);
    });
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is looked for once more before it is sent, and what is small is not', async () => {
    const sides = await start(3 * megabyte);
    const plan = await planOf(sides);
    sides.destination.clearLog();
    await sides.engine.copy(plan, {}, { trust }, () => undefined, never);
    assert.deepEqual(sides.destination.requests.filter(({ kind, method }) => kind === 'blob' && method === 'HEAD').map(({ target }) => target), [sides.layer]);
  });

  it('of no bytes at all is copied', async () => {
    const sides = await start(0);
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is read on from where the connection to the source broke', async () => {
    const sides = await start(2 * megabyte);
    sides.source.intercept = on(`GET ${sides.layer}`, times(1, cutBody));
    await run(sides);
    const ranges = sides.source.requests.filter(({ method, target }) => method === 'GET' && target === sides.layer).map(({ headers }) => headers['range']);
    assert.equal(ranges.length, 2);
    assert.match(ranges[1] ?? '', /^bytes=[1-9]\d*-2097151$/);
    assert.equal(requestsTo(sides, 'PUT'), 2);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is read anew from a source that knows no ranges', async () => {
    const sides = await start(2 * megabyte);
    const whole: Fault = (request, ordinary) => (request.headers['range'] === undefined ? undefined : { ...ordinary(), status: 200, headers: {}, body: sides.source.store.repository('team/app').blobs.get(sides.layer) ?? '' });
    sides.source.intercept = either(on(`GET ${sides.layer}`, times(1, cutBody)), on(`GET ${sides.layer}`, whole));
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('begins again when the connection to the destination broke, and only that layer', async () => {
    const sides = await start(2 * megabyte);
    sides.destination.intercept = on('PUT upload', times(1, cutConnection));
    await run(sides);
    assert.equal(requestsTo(sides, 'PUT'), 3);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is not sent again when only the answer was lost', async () => {
    const sides = await start(2 * megabyte);
    sides.destination.intercept = on('PUT upload', times(1, answerLost));
    await run(sides);
    assert.equal(requestsTo(sides, 'PUT'), 2);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('goes in chunks where one body is too much, and on from the chunk whose answer was lost', async () => {
    const sides = await start(40 * megabyte, { destination: { maxBodyBytes: 20 * megabyte } });
    sides.destination.intercept = on('PATCH upload', times(1, answerLost));
    await run(sides);
    const chunks = sides.destination.requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']);
    assert.deepEqual(chunks, ['0-16777215', '16777216-33554431', '33554432-41943039']);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('goes in chunks no smaller than the registry wants, and smaller ones where those are too much', async () => {
    const sides = await start(40 * megabyte, { destination: { maxBodyBytes: 19 * megabyte, chunkMinBytes: 18 * megabyte } });
    await run(sides);
    assert.deepEqual(sides.destination.requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-length']), [18, 18, 4].map((size) => String(size * megabyte)));
    const small = await startPair({ destination: { maxBodyBytes: 5 * megabyte } });
    small.source.store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config: small.source.store.putBlob('team/app', '{}', types.config), layers: [small.source.store.putBlob('team/app', randomBytes(20 * megabyte))] });
    await run(small);
    assert.equal(small.destination.requests.filter(({ method, status: code }) => method === 'PATCH' && code === 202).length, 5);
    closureOf(small.destination.store, 'mirror/app', '1.0');
    await small.close();
  });

  for (const [size, limit] of [[10 * megabyte, 1_000_000], [10 * megabyte, megabyte], [megabyte + 1, megabyte], [300_000, 280_000]] as const) {
    it(`of ${size} bytes gets through where a body may have ${limit}`, async () => {
      const sides = await start(size, { destination: { maxBodyBytes: limit } });
      await run(sides);
      closureOf(sides.destination.store, 'mirror/app', '1.0');
    });
  }

  it('of 10 MB gets through where larger bodies are cut off', async () => {
    const sides = await start(10 * megabyte);
    sides.destination.intercept = on('upload', ({ body }) => (body.byteLength > megabyte ? { status: 0, cut: 'before answer' } : undefined));
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is not cut up for a quota that is used up', async () => {
    const sides = await start(10 * megabyte);
    sides.destination.intercept = on('PUT upload', ({ body }, ordinary) => (body.byteLength > 100 ? failure(413, 'DENIED: the quota of the project is used up') : ordinary()));
    await assert.rejects(run(sides), { code: 'REGISTRY_DENIED' });
    assert.equal(requestsTo(sides, 'PATCH'), 0);
  });

  for (const late of ['by something in front of it', 'by the clock'] as const) {
    it(`is not sent again to a registry that is long in storing it, as is found out ${late}`, async () => {
      const sides = await start(2 * megabyte);
      let store: (() => void) | undefined;
      let looks = 0;
      sides.destination.intercept = either(
        on('PUT upload', (request, ordinary) => {
          if (request.body.byteLength < megabyte) return ordinary();
          store = ordinary;
          return status(504)(request, ordinary);
        }),
        on(`HEAD ${sides.layer}`, () => {
          if (store && ++looks === 3) store();
          return undefined;
        }),
      );
      if (late === 'by the clock') {
        const { transport } = sides;
        const send = transport.send.bind(transport);
        transport.send = async (request, signal) => {
          const response = await send(request, signal);
          if (response.status !== 504) return response;
          response.discard();
          throw new CosignError('REGISTRY_TIMEOUT', said`It took too long.`);
        };
      }
      await run(sides);
      assert.deepEqual([requestsTo(sides, 'PUT'), requestsTo(sides, 'PATCH')], [2, 0]);
      closureOf(sides.destination.store, 'mirror/app', '1.0');
    });
  }

  it('is sent again to a registry that lost it while storing it', async () => {
    const sides = await start(2 * megabyte);
    sides.destination.intercept = on('PUT upload', times(1, status(504)));
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is not gone on with where a registry pretends to have more than it was sent', async () => {
    const sides = await start(2 * megabyte, { destination: { maxBodyBytes: megabyte } });
    sides.destination.intercept = either(
      on('PATCH upload', times(1, answerLost)),
      on('GET upload', (_request, ordinary) => ({ ...ordinary(), headers: { range: `0-${2 * megabyte - 2}` } })),
    );
    await run(sides);
    const chunks = sides.destination.requests.filter(({ method }) => method === 'PATCH').map(({ headers }) => headers['content-range']);
    assert.deepEqual(chunks, ['0-1048575', '0-1048575', '1048576-2097151']);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('cannot be read from its middle before what precedes it was', async () => {
    const sides = await start(10);
    const registry = new RegistryClient({ transport: sides.transport, keychain: { find: () => Promise.resolve(undefined) }, rules: { allowsPlainHttp: () => true }, clock: new SteppedClock(), random: () => 0.5 });
    const stream = registry.blobStream({ registry: sides.source.host, repository: 'team/app' }, { digest: sides.layer as Digest, size: 10 });
    await assert.rejects(stream.read(5, 10, never).next(), { code: 'REGISTRY_RESPONSE_INVALID' });
  });

  it('survives an upload that the registry forgot', async () => {
    const sides = await start(2 * megabyte);
    sides.destination.intercept = on('PUT upload', times(1, status(404, 'BLOB_UPLOAD_UNKNOWN')));
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('survives overload of either side', async () => {
    const sides = await start(2 * megabyte);
    sides.source.intercept = on(`GET ${sides.layer}`, times(2, status(503)));
    sides.destination.intercept = on('upload', times(2, status(429, 'TOOMANYREQUESTS', { 'retry-after': '1' })));
    await run(sides);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('with other bytes than its digest names does not arrive, and nothing that names it', async () => {
    const sides = await start(2 * megabyte);
    sides.source.intercept = on(`GET ${sides.layer}`, tamperedBody);
    await assert.rejects(run(sides), { code: 'DIGEST_MISMATCH' });
    const { blobs, tags, manifests } = sides.destination.store.repository('mirror/app');
    assert.deepEqual([blobs.has(sides.layer), tags.size, manifests.size], [false, 0, 0]);
  });

  it('that the source lists and does not have ends the copy', async () => {
    const sides = await start(10);
    sides.source.store.repository('team/app').blobs.delete(sides.layer);
    await assert.rejects(run(sides), { code: 'REGISTRY_RESPONSE_INVALID' });
    assert.equal(sides.destination.store.repository('mirror/app').tags.size, 0);
  });

  it('that was sent twice counts once', async () => {
    const sides = await start(2 * megabyte);
    sides.destination.intercept = on('PUT upload', times(1, cutConnection));
    const seen: CopyProgress[] = [];
    const { sentBytes } = await run(sides, { onProgress: (progress) => seen.push(progress) });
    assert.equal(sentBytes, 2 * megabyte + 2);
    assert.ok(seen.every(({ bytesDone, bytesTotal }) => bytesDone <= bytesTotal));
    assert.equal(seen.at(-1)?.bytesDone, seen.at(-1)?.bytesTotal);
  });
});

describe('a destination that refuses', () => {
  const cases: readonly (readonly [string, string, Fault, string])[] = [
    ['the login', 'upload', status(401, 'UNAUTHORIZED'), 'REGISTRY_UNAUTHORIZED'],
    ['to be written to', 'upload', status(403, 'DENIED'), 'REGISTRY_DENIED'],
    ['because nobody made the repository', 'upload', status(404, 'NAME_UNKNOWN'), 'REGISTRY_DENIED'],
    ['the manifest', 'PUT manifest', status(400, 'MANIFEST_INVALID'), 'REGISTRY_REFUSED_MANIFEST'],
    ['to change a tag', 'PUT 1.0', status(412, 'PRECONDITION'), 'REGISTRY_DENIED'],
    ['for want of space', 'upload', status(403, 'DENIED: adding 2 MiB will exceed the quota'), 'REGISTRY_DENIED'],
    ['for too long', 'upload', status(503), 'REGISTRY_UNAVAILABLE'],
  ];
  for (const [what, words, fault, code] of cases) {
    it(`${what} says so, and gets no tag`, async () => {
      const sides = await start(100);
      sides.destination.intercept = on(words, fault);
      await assert.rejects(run(sides), { code });
      assert.equal(sides.destination.store.repository('mirror/app').tags.size, 0);
    });
  }
});

describe('a cancelled copy', () => {
  it('closes its connections and says no more than that', async () => {
    const sides = await start(megabyte);
    const abort = new AbortController();
    const reason = new Error('enough');
    const plan = await planOf(sides);
    sides.destination.intercept = on('PUT upload', () => {
      abort.abort(reason);
      return new Promise(() => undefined);
    });
    const copying = sides.engine.copy(plan, {}, { trust: { keys: [], policies: [], problems: [] } }, () => undefined, abort.signal);
    await assert.rejects(copying, (error) => error === reason);
    assert.equal(sides.destination.store.repository('mirror/app').tags.size, 0);
    const deadline = Date.now() + 5000;
    while (sides.destination.aborted === 0 && Date.now() < deadline) await new Promise((done) => { setTimeout(done, 5); });
    assert.ok(sides.destination.aborted > 0);
  });
});
