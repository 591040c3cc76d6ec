import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { digestOf, type Digest } from '../../../../src/core/crypto/digest.ts';
import { parseReference, type Reference } from '../../../../src/core/oci/reference.ts';
import { maxManifestBytes, type Descriptor } from '../../../../src/core/oci/manifest.ts';
import {
  contentType, cutBody, cutConnection, either, endlessBody, lyingDigestHeader, malformedDigestHeader, missingDigestHeader, on, shortBody, silence, slowBody, status,
  tamperedBody, times, tooManyRequests, webPage,
} from '../../../support/faults.ts';
import { startRegistry, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, testClient, type TestClient } from '../../../support/registryClient.ts';
import { sha256, types, type StoredDescriptor } from '../../../support/registryStore.ts';

let registry: TestRegistry;
let tested: TestClient;
let image: StoredDescriptor;
const repository = (): { registry: string; repository: string } => ({ registry: registry.host, repository: 'team/app' });
const reference = (suffix: string): Reference => parseReference(`${registry.host}/team/app${suffix}`);
const descriptor = ({ mediaType, digest, size }: StoredDescriptor): Descriptor => ({ mediaType, digest: digest as Digest, size });
const limit = { limitBytes: 1024 * 1024 };

beforeEach(async () => {
  registry = await startRegistry();
  tested = testClient();
  image = registry.store.putImage('team/app', '1.0');
});
afterEach(async () => {
  tested.transport.close();
  await registry.close();
});

describe('resolving a reference', () => {
  it('takes one HEAD', async () => {
    assert.deepEqual(await tested.client.resolve(reference(':1.0'), never), image);
    assert.deepEqual([registry.count(), registry.count('HEAD manifest')], [1, 1]);
  });

  it('resolves a digest to itself, and its size and type', async () => {
    assert.deepEqual(await tested.client.resolve(reference(`@${image.digest}`), never), image);
  });

  for (const [name, fault] of Object.entries({ missing: missingDigestHeader, malformed: malformedDigestHeader, 'of a web page': either(on('HEAD', contentType('text/html'))) })) {
    it(`fetches and hashes when the digest header is ${name}`, async () => {
      registry.intercept = fault;
      assert.deepEqual(await tested.client.resolve(reference(':1.0'), never), image);
      assert.equal(registry.count('GET manifest'), 1);
    });
  }

  it('fetches where HEAD is not allowed', async () => {
    registry.intercept = on('HEAD', status(405, 'UNSUPPORTED'));
    assert.deepEqual(await tested.client.resolve(reference(':1.0'), never), image);
  });

  it('finds no image for a missing tag, digest or repository', async () => {
    for (const suffix of [':2.0', `@${sha256('x')}`]) await assert.rejects(tested.client.resolve(reference(suffix), never), failsWith('IMAGE_NOT_FOUND'));
    await assert.rejects(tested.client.resolve(parseReference(`${registry.host}/nobody:1.0`), never), failsWith('IMAGE_NOT_FOUND'));
  });

  it('does not accept another digest for a digest', async () => {
    registry.intercept = lyingDigestHeader;
    await assert.rejects(tested.client.resolve(reference(`@${image.digest}`), never), failsWith('DIGEST_MISMATCH'));
  });

  it('takes the login page of a network for no image', async () => {
    registry.intercept = webPage();
    await assert.rejects(tested.client.resolve(reference(':1.0'), never), failsWith('REGISTRY_RESPONSE_INVALID'));
  });
});

describe('reading a manifest', () => {
  it('gives the bytes as stored, by tag and by digest', async () => {
    for (const name of ['1.0', image.digest]) {
      const content = await tested.client.manifest(repository(), name, never);
      assert.deepEqual(content?.descriptor, image);
      assert.equal(digestOf(content.bytes), image.digest);
    }
  });

  it('is undefined when there is none', async () => {
    assert.equal(await tested.client.manifest(repository(), 'none', never), undefined);
  });

  it('does not read a refusal or a limit behind 404 as "there is none"', async () => {
    registry.intercept = status(404, 'DENIED');
    await assert.rejects(tested.client.manifest(repository(), '1.0', never), failsWith('REGISTRY_DENIED'));
    registry.intercept = status(404, 'TOOMANYREQUESTS');
    await assert.rejects(tested.client.manifest(repository(), '1.0', never), failsWith('REGISTRY_RATE_LIMITED'));
  });

  it('finds a lying digest header, by tag and by digest', async () => {
    registry.intercept = lyingDigestHeader;
    for (const name of ['1.0', image.digest]) await assert.rejects(tested.client.manifest(repository(), name, never), failsWith('DIGEST_MISMATCH'));
  });

  it('finds other bytes than the digest names, with or without a header', async () => {
    registry.intercept = tamperedBody;
    for (const name of ['1.0', image.digest]) await assert.rejects(tested.client.manifest(repository(), name, never), failsWith('DIGEST_MISMATCH'));
    registry.intercept = (request, ordinary) => missingDigestHeader(request, () => tamperedBody(request, ordinary) as ReturnType<typeof ordinary>);
    await assert.rejects(tested.client.manifest(repository(), image.digest, never), failsWith('DIGEST_MISMATCH'));
  });

  it('stops reading a huge manifest, announced or endless', async () => {
    const huge = registry.store.putManifest('team/app', 'huge', Buffer.alloc(maxManifestBytes + 1, 32));
    await assert.rejects(tested.client.manifest(repository(), huge.digest, never), failsWith('SIZE_LIMIT'));
    registry.intercept = endlessBody;
    await assert.rejects(tested.client.manifest(repository(), '1.0', never), failsWith('SIZE_LIMIT'));
  });

  it('believes the bytes, not the header, about what it is', async () => {
    const { index } = registry.store.putIndex('team/app', 'multi', ['linux/amd64']);
    registry.intercept = contentType('application/octet-stream');
    assert.equal((await tested.client.manifest(repository(), index.digest, never))?.descriptor.mediaType, types.index);
    registry.intercept = contentType(types.index);
    assert.equal((await tested.client.manifest(repository(), '1.0', never))?.descriptor.mediaType, types.manifest);
  });

  it('says that a web page is no manifest', async () => {
    registry.intercept = webPage();
    await assert.rejects(tested.client.manifest(repository(), '1.0', never), failsWith('REGISTRY_RESPONSE_INVALID'));
  });

  it('keeps the ETag', async () => {
    registry.intercept = (_request, ordinary) => ({ ...ordinary(), headers: { ...ordinary().headers, etag: '"v1"' } });
    assert.equal((await tested.client.manifest(repository(), '1.0', never))?.etag, '"v1"');
  });
});

describe('reading a blob', () => {
  let blob: Descriptor;
  beforeEach(() => {
    blob = descriptor(registry.store.putBlob('team/app', 'some content'));
  });
  const read = (of = blob, limits = limit): Promise<Uint8Array> => tested.client.blob(repository(), of, never, limits);

  it('gives the bytes that its digest names', async () => {
    assert.equal(Buffer.from(await read()).toString(), 'some content');
  });

  it('asks for nothing when the descriptor carries the content', async () => {
    const data = Buffer.from('some content').toString('base64');
    assert.equal(Buffer.from(await read({ ...blob, data })).toString(), 'some content');
    assert.equal(registry.count(), 0);
  });

  it('does not believe other content in the descriptor', async () => {
    for (const data of [Buffer.from('SOME content').toString('base64'), 'no base64', '']) assert.equal(Buffer.from(await read({ ...blob, data })).toString(), 'some content');
    assert.equal(registry.count('GET blob'), 3);
  });

  it('refuses by the descriptor before asking', async () => {
    await assert.rejects(read({ ...blob, size: limit.limitBytes + 1 }), failsWith('SIZE_LIMIT'));
    assert.equal(registry.count(), 0);
  });

  it('reads no more than the descriptor says', async () => {
    registry.intercept = endlessBody;
    await assert.rejects(read(), failsWith('SIZE_LIMIT'));
    registry.intercept = undefined;
    await assert.rejects(read({ ...blob, size: 3 }), failsWith('SIZE_LIMIT'));
  });

  it('finds a short or tampered blob', async () => {
    for (const fault of [shortBody, tamperedBody]) {
      registry.intercept = fault;
      await assert.rejects(read(), failsWith('DIGEST_MISMATCH'));
    }
  });

  it('fails when the blob is gone', async () => {
    await assert.rejects(read({ ...blob, digest: sha256('gone') as Digest }), failsWith('REGISTRY_RESPONSE_INVALID'));
  });
});

describe('a request that fails', () => {
  const read = (): Promise<unknown> => tested.client.manifest(repository(), '1.0', never);

  for (const [name, fault] of Object.entries({
    'a 503': status(503, 'UNAVAILABLE'), 'a 500': status(500), 'a 504': status(504), 'a 429 without a time': tooManyRequests(), 'a cut connection': cutConnection, 'a body that ends early': cutBody,
  })) {
    it(`is repeated twice after ${name}`, async () => {
      registry.intercept = times(2, fault);
      assert.ok(await read());
      assert.deepEqual([tested.clock.pauses.length, tested.clock.pauses.every((pause) => pause > 0 && pause < 1500)], [2, true]);
    });
  }

  it('waits as long as the registry asks, in seconds or until a date', async () => {
    registry.intercept = either(times(1, tooManyRequests('2')), times(1, tooManyRequests('Fri, 02 Jan 2026 03:04:12 GMT')));
    assert.ok(await read());
    assert.deepEqual(tested.clock.pauses, [2000, 5000]);
  });

  for (const [fault, code] of [
    [tooManyRequests(), 'REGISTRY_RATE_LIMITED'], [status(500), 'REGISTRY_UNAVAILABLE'], [status(502), 'REGISTRY_UNAVAILABLE'], [cutConnection, 'REGISTRY_UNREACHABLE'], [cutBody, 'REGISTRY_UNREACHABLE'],
  ] as const) {
    it(`gives up after three attempts: ${code} (${fault.name})`, async () => {
      registry.intercept = on('GET manifest', fault);
      await assert.rejects(read(), failsWith(code));
      assert.equal(tested.clock.pauses.length, 2);
    });
  }

  it('is not repeated when the registry asks for more patience than ten seconds', async () => {
    for (const [fault, code] of [[tooManyRequests('60'), 'REGISTRY_RATE_LIMITED'], [status(503, 'UNAVAILABLE', { 'retry-after': '3600' }), 'REGISTRY_UNAVAILABLE']] as const) {
      registry.clearLog();
      registry.intercept = fault;
      await assert.rejects(read(), failsWith(code));
      assert.equal(registry.count(), 1);
    }
  });

  it('is not repeated after a wrong answer', async () => {
    for (const [fault, code] of [[status(403, 'DENIED'), 'REGISTRY_DENIED'], [status(401, 'UNAUTHORIZED'), 'REGISTRY_UNAUTHORIZED'], [status(418), 'REGISTRY_RESPONSE_INVALID'], [status(501), 'REGISTRY_UNAVAILABLE'], [tamperedBody, 'DIGEST_MISMATCH']] as const) {
      registry.clearLog();
      registry.intercept = fault;
      await assert.rejects(read(), failsWith(code));
      assert.equal(registry.count(), 1);
    }
  });

  it('says who asked, on what, and nothing of the query', async () => {
    registry.intercept = status(403, 'DENIED');
    await assert.rejects(read(), (error: Error) => error.message.includes('anonymously') && error.message.includes(`${registry.host}/team/app`) && error.message.includes('DENIED') && !error.message.includes('?'));
  });
});

describe('a cancelled request', () => {
  const reason = new Error('enough');
  const cancelled = async (start: (signal: AbortSignal) => Promise<unknown>): Promise<void> => {
    const controller = new AbortController();
    const running = start(controller.signal);
    const ended = assert.rejects(running, (error) => error === reason);
    while (registry.count() === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await ended;
  };

  it('rejects with the reason while the registry is silent', async () => {
    registry.intercept = silence;
    await cancelled((signal) => tested.client.resolve(reference(':1.0'), signal));
  });

  it('rejects with the reason in the middle of a slow body', async () => {
    registry.intercept = slowBody(20);
    await cancelled((signal) => tested.client.manifest(repository(), '1.0', signal));
  });

  it('rejects with the reason, not with "no referrers", in the middle of an error', async () => {
    registry.intercept = async (request) => {
      const answer = await slowBody(20)(request, () => ({ status: 200, body: 'x'.repeat(1000) }));
      return answer ? { ...answer, status: 404 } : { status: 404 };
    };
    await cancelled((signal) => tested.client.referrers(repository(), image.digest as Digest, signal));
  });

  it('is not even sent when it was cancelled before', async () => {
    await assert.rejects(tested.client.resolve(reference(':1.0'), AbortSignal.abort(reason)), (error) => error === reason);
    assert.equal(registry.count(), 0);
  });
});
