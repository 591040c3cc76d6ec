import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { digestOf } from '../../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { said } from '../../../../src/core/said.ts';
import type { ManifestContent } from '../../../../src/core/oci/registryClient.ts';
import { registryError } from '../../../../src/core/oci/registryError.ts';
import type { RegistryWriter } from '../../../../src/core/signing/registryWriter.ts';
import { updateTag, type TagChange } from '../../../../src/core/signing/tagUpdate.ts';
import { never, steppedClock } from './harness.ts';

/** A tag that holds words; `before` is called in front of every request, as another writer would come between. */
class WordTag {
  words: string[] | undefined;
  etags: 'none' | 'strong' | 'weak' = 'none';
  before: (operation: 'read' | 'write', count: number) => void = () => undefined;
  readonly #counts = { read: 0, write: 0 };
  readonly conditions: (string | undefined)[] = [];

  get reads(): number { return this.#counts.read; }
  get writes(): number { return this.#counts.write; }

  #content(): ManifestContent | undefined {
    if (!this.words) return undefined;
    const bytes = Buffer.from(this.words.join(' '));
    const digest = digestOf(bytes);
    const etag = this.etags === 'none' ? {} : { etag: this.etags === 'weak' ? `W/"${digest}"` : `"${digest}"` };
    return { bytes, descriptor: { digest, size: bytes.length, mediaType: 'words' }, ...etag };
  }

  readonly registry = {
    manifest: () => {
      this.before('read', ++this.#counts.read);
      return Promise.resolve(this.#content());
    },
    pushManifest: (_repository: unknown, _tag: string, bytes: Uint8Array, _type: string, _signal: AbortSignal, { ifMatch }: { ifMatch?: string } = {}) => {
      this.before('write', ++this.#counts.write);
      this.conditions.push(ifMatch);
      if (this.etags === 'strong' && ifMatch !== undefined && ifMatch !== this.#content()?.etag) return Promise.reject(new CosignError('REGISTRY_CONFLICT', said`changed`));
      this.words = Buffer.from(bytes).toString().split(' ');
      return Promise.resolve({ digest: digestOf(bytes) });
    },
  } as unknown as RegistryWriter;

  change(word: string, seen = this.#content()): TagChange {
    return {
      repository: { registry: 'r.example', repository: 'app' }, tag: 'words', seen,
      contains: (bytes) => Buffer.from(bytes).toString().split(' ').includes(word),
      add: (existing) => Promise.resolve({ bytes: Buffer.from([...(existing ? Buffer.from(existing.bytes).toString().split(' ') : []), word].join(' ')), mediaType: 'words' }),
    };
  }
}

const update = async (tag: WordTag, change = tag.change('ours')): Promise<number> => {
  const clock = steppedClock();
  await updateTag({ registry: tag.registry, clock, random: () => 0.5 }, change, never);
  return clock.sleptMs;
};

const failing = (status: number): CosignError => registryError({ status, method: 'PUT', on: 'r.example/app', account: said`anonymously`, isRegistryAnswer: false, isWebPage: false, isBodyCut: false });

describe('a tag that is added to', () => {
  for (const [where, readMs, pauseMs] of [['far away', 40, 50], ['near by', 0, 750]] as const) {
    it(`while nobody else writes is read, written and read once more: a pause of ${pauseMs} ms at a registry ${where}`, async () => {
      const tag = new WordTag();
      const clock = steppedClock();
      let now = 0;
      tag.before = () => { now += readMs; };
      await updateTag({ registry: tag.registry, clock: { now: () => now + clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal) }, random: () => 0.5 }, tag.change('ours'), never);
      assert.equal(clock.sleptMs, pauseMs);
      assert.deepEqual([tag.words, tag.reads, tag.writes], [['ours'], 2, 1]);
    });
  }

  it('is looked at once more where one answer takes far longer than another', async () => {
    const tag = new WordTag();
    const clock = steppedClock();
    let now = 0;
    tag.before = (operation) => { now += operation === 'read' ? 40 : 90; };
    await updateTag({ registry: tag.registry, clock: { now: () => now + clock.now(), sleep: (ms, signal) => clock.sleep(ms, signal) }, random: () => 0.5 }, tag.change('ours'), never);
    assert.ok(clock.sleptMs >= 750);
    assert.deepEqual([tag.reads, tag.writes], [3, 1]);
  });

  it('that changed since it was looked at is taken as it is now, and watched for longer', async () => {
    const tag = new WordTag();
    const change = tag.change('ours');
    tag.words = ['theirs'];
    const slept = await update(tag, change);
    assert.deepEqual(tag.words, ['theirs', 'ours']);
    assert.equal(tag.writes, 1);
    assert.ok(slept >= 800);
  });

  for (const [what, others, mostMs] of [['5 s while nobody else was seen', false, 5000], ['10 s where others were', true, 10_000]] as const) {
    it(`over a very slow line is watched for at most ${what}`, async () => {
      const tag = new WordTag();
      const clock = steppedClock();
      const change = tag.change('ours');
      if (others) tag.words = ['theirs'];
      const sleeps: number[] = [];
      tag.before = () => { clock.sleptMs += 4000; };
      const sleep = (ms: number, signal: AbortSignal): Promise<void> => { sleeps.push(ms); return clock.sleep(ms, signal); };
      await updateTag({ registry: tag.registry, clock: { now: () => clock.now(), sleep }, random: () => 0.5 }, change, never);
      assert.equal(Math.max(...sleeps), mostMs);
    });
  }

  it('and is overwritten right after is added to again', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => { if (operation === 'read' && count === 2) tag.words = ['theirs']; };
    await update(tag);
    assert.deepEqual(tag.words, ['theirs', 'ours']);
  });

  it('and is overwritten after the first look, by a writer who was seen, is added to again', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => {
      if (operation === 'read' && count === 2) tag.words = ['ours', 'seen'];
      if (operation === 'read' && count === 3) tag.words = ['slow'];
    };
    await update(tag);
    assert.deepEqual(tag.words, ['slow', 'ours']);
  });

  it('and is merged by others is not written twice', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => { if (operation === 'read' && count === 2) tag.words = ['theirs', 'ours']; };
    await update(tag);
    assert.deepEqual([tag.words, tag.writes], [['theirs', 'ours'], 1]);
  });

  it('between reading and writing is refused by a registry that knows conditions, and added to anew', async () => {
    const tag = new WordTag();
    tag.words = ['old'];
    tag.etags = 'strong';
    tag.before = (operation, count) => { if (operation === 'write' && count === 1) tag.words = ['old', 'theirs']; };
    await update(tag);
    assert.deepEqual(tag.words, ['old', 'theirs', 'ours']);
  });

  it('whose write fails for a reason that may pass is read again before anything is written again', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => {
      if (operation !== 'write' || count !== 1) return;
      // Meanwhile somebody else writes.
      tag.words = ['theirs'];
      throw failing(503);
    };
    await update(tag);
    assert.deepEqual([tag.words, tag.writes], [['theirs', 'ours'], 2]);
  });

  it('whose write was done although its answer was lost is not written twice', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => {
      if (operation !== 'write' || count !== 1) return;
      tag.words = ['ours', 'theirs'];
      throw failing(502);
    };
    await update(tag);
    assert.deepEqual([tag.words, tag.writes], [['ours', 'theirs'], 1]);
  });

  it('that cannot be written to says why, after three tries', async () => {
    const tag = new WordTag();
    tag.before = (operation) => {
      if (operation === 'write') throw failing(503);
    };
    await assert.rejects(update(tag), { code: 'REGISTRY_UNAVAILABLE' });
    assert.equal(tag.writes, 3);
  });

  it('is not made conditional by a weak ETag', async () => {
    const tag = new WordTag();
    tag.words = ['old'];
    tag.etags = 'weak';
    await update(tag);
    assert.deepEqual(tag.conditions, [undefined]);
  });

  it('that others overwrite for ever ends as a lost signature', async () => {
    const tag = new WordTag();
    tag.before = (operation, count) => { if (operation === 'read' && count % 2 === 0) tag.words = ['theirs']; };
    await assert.rejects(update(tag), { code: 'SIGNATURE_LOST' });
    assert.ok(tag.writes <= 100);
  });

  it('under a signal that is aborted is not waited for', async () => {
    const tag = new WordTag();
    const abort = new AbortController();
    tag.before = (operation) => { if (operation === 'write') abort.abort(new Error('enough')); };
    await assert.rejects(updateTag({ registry: tag.registry, clock: steppedClock(), random: () => 0 }, tag.change('ours'), abort.signal), { message: 'enough' });
  });
});
