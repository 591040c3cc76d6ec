import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { digestOf, hexOf } from '../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { ContentFolder } from '../../../src/node/contentFolder.ts';

const root = mkdtempSync(join(tmpdir(), 'countersign-content-'));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const read = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);
const [hello, note] = [text('hello'), text('a note')];
const digest = digestOf(hello);
const hour = 3_600_000;

let folder = '';
let now = 0;
let next = 0;
beforeEach(() => {
  folder = join(root, String(++next), 'signatures');
  now = Date.now();
});
after(() => { rmSync(root, { recursive: true, force: true }); });

const make = (maxBytes = 2 ** 20): ContentFolder => new ContentFolder({ folder, maxBytes, now: () => now });
const files = (kind: string): readonly string[] => (existsSync(join(folder, kind)) ? readdirSync(join(folder, kind)).sort() : []);
const contentFile = join('content', hexOf(digest));

async function keep(store: ContentFolder, name: string, ...contents: readonly Uint8Array[]): Promise<void> {
  store.keep(name, note, contents);
  await store.flush();
}

describe('a folder of contents', () => {
  it('is not made before there is something to keep', async () => {
    const store = make();
    assert.deepEqual([await store.content(digest, 100), await store.note('a')], [undefined, undefined]);
    store.forget('a');
    await store.flush();
    assert.ok(!existsSync(folder));
  });

  it('finds what was kept at once, and so does another window once it is written', async () => {
    const store = make();
    store.keep('a', note, [hello]);
    assert.deepEqual([read(await store.content(digest, 100)), read(await store.note('a'))], ['hello', 'a note']);
    await store.flush();
    assert.deepEqual([read(await make().content(digest, 100)), read(await make().note('a'))], ['hello', 'a note']);
  });

  it('is its owner\'s alone, and does not tell names of images', async () => {
    await keep(make(), 'secret-project.example/team/app', hello);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const kind of ['content', 'notes']) {
      assert.equal(statSync(join(folder, kind)).mode & 0o777, 0o700);
      for (const name of files(kind)) {
        assert.equal(statSync(join(folder, kind, name)).mode & 0o777, 0o600);
        assert.ok(!`${name}${readFileSync(join(folder, kind, name), 'utf8')}`.includes('secret-project'));
      }
    }
  });

  it('forgets a note at once and for every window', async () => {
    const store = make();
    await keep(store, 'a', hello);
    store.forget('a');
    assert.equal(await store.note('a'), undefined);
    await store.flush();
    assert.equal(await make().note('a'), undefined);
    store.forget('never kept');
    await store.flush();
    await keep(store, 'b');
    assert.equal(read(await store.note('b')), 'a note', 'it goes on after a note that was not there');
  });

  it('replaces a note', async () => {
    const store = make();
    await keep(store, 'a');
    store.keep('a', text('newer'), []);
    assert.equal(read(await store.note('a')), 'newer');
    await store.flush();
    assert.equal(read(await make().note('a')), 'newer');
  });
});

describe('a content that is not what it was', () => {
  const spoil: Readonly<Record<string, (path: string) => void>> = {
    'other bytes of the same length': (path) => writeFileSync(path, 'hellO'),
    'a shorter one': (path) => truncateSync(path, 3),
    'an empty one': (path) => truncateSync(path, 0),
    'a longer one': (path) => writeFileSync(path, 'hello!'),
  };
  for (const [what, change] of Object.entries(spoil)) {
    it(`(${what}) is a miss and is deleted, and can be kept anew`, async () => {
      await keep(make(), 'a', hello);
      change(join(folder, contentFile));
      const store = make();
      assert.equal(await store.content(digest, 100), undefined);
      assert.deepEqual(files('content'), []);
      await keep(store, 'a', hello);
      assert.equal(read(await make().content(digest, 100)), 'hello');
    });
  }

  it('is replaced when it is kept anew with another length, read or not', async () => {
    await keep(make(), 'a', hello);
    truncateSync(join(folder, contentFile), 2);
    await keep(make(), 'a', hello);
    assert.equal(read(await make().content(digest, 100)), 'hello');
  });

  it('is not read when it is larger than asked for', async () => {
    await keep(make(), 'a', hello);
    assert.equal(await make().content(digest, 4), undefined);
    const store = make();
    store.keepContent(hello);
    assert.equal(await store.content(digest, 4), undefined, 'nor before it is written');
    await store.flush();
  });

  it('is not read through a link, from a folder or from a pipe', async () => {
    mkdirSync(join(folder, 'content'), { recursive: true });
    const path = join(folder, contentFile);
    writeFileSync(join(root, 'elsewhere'), 'hello');
    symlinkSync(join(root, 'elsewhere'), path);
    assert.equal(await make().content(digest, 100), undefined);
    rmSync(path);
    mkdirSync(path);
    assert.equal(await make().content(digest, 100), undefined);
    rmSync(path, { recursive: true });
    execFileSync('mkfifo', [path]);
    assert.equal(await make().content(digest, 100), undefined);
  });

  it('is no note when it is too long for one', async () => {
    await keep(make(), 'a', hello);
    const [name = ''] = files('notes');
    writeFileSync(join(folder, 'notes', name), Buffer.alloc(70_000));
    assert.equal(await make().note('a'), undefined);
  });
});

describe('the limit', () => {
  const large = (index: number): Uint8Array => new Uint8Array(4096).fill(index);

  it('of 0 keeps nothing, and reads nothing that is there', async () => {
    await keep(make(), 'a', hello);
    const store = make(0);
    assert.deepEqual([await store.content(digest, 100), await store.note('a')], [undefined, undefined]);
    await keep(store, 'b', text('other'));
    assert.deepEqual([files('notes').length, files('content').length], [1, 1]);
  });

  it('is kept to, and the longest unused goes first', async () => {
    const store = make(10 * 4096);
    for (let index = 0; index < 12; index++) {
      store.keepContent(large(index));
      await store.flush();
      utimesSync(join(folder, 'content', hexOf(digestOf(large(index)))), new Date(now + index * 1000 - 10 * hour), new Date(now + index * 1000 - 10 * hour));
    }
    assert.ok(files('content').length <= 11, String(files('content').length));
    store.limit(4 * 4096);
    store.keepContent(large(12));
    await store.flush();
    const left = new Set(files('content'));
    assert.ok(left.size <= 4 && left.size >= 3, String(left.size));
    assert.ok(left.has(hexOf(digestOf(large(12)))) && !left.has(hexOf(digestOf(large(9)))));
  });

  it('spares what was read lately', async () => {
    const store = make(10 * 4096);
    for (let index = 0; index < 8; index++) store.keepContent(large(index));
    await store.flush();
    const old = new Date(now - 10 * hour);
    for (const name of files('content')) utimesSync(join(folder, 'content', name), old, old);
    assert.ok(await store.content(digestOf(large(3)), 10_000));
    store.limit(3 * 4096);
    store.keepContent(hello);
    await store.flush();
    assert.ok(files('content').includes(hexOf(digestOf(large(3)))));
    assert.ok(files('content').length <= 3);
  });

  it('takes away what a window left half written, but not what another writes now', async () => {
    await keep(make(), 'a', hello);
    const [old, fresh] = ['old.tmp', 'fresh.tmp'].map((name) => join(folder, 'content', name));
    assert.ok(old !== undefined && fresh !== undefined);
    for (const path of [old, fresh]) writeFileSync(path, 'half');
    utimesSync(old, new Date(now - 2 * hour), new Date(now - 2 * hour));
    await keep(make(), 'b', text('more'));
    assert.deepEqual([existsSync(old), existsSync(fresh)], [false, true]);
  });
});

describe('several windows', () => {
  it('may clear while others write, who go on', async () => {
    const [store, other] = [make(), make()];
    await keep(store, 'a', hello);
    for (let index = 0; index < 20; index++) store.keep(`image ${index}`, note, [text(`content ${index}`)]);
    for (let round = 0; round < 3; round++) await other.clear();
    await store.flush();
    await keep(store, 'last', hello);
    assert.deepEqual([read(await make().note('last')), read(await make().content(digest, 100))], ['a note', 'hello']);
  });

  it('may write at the same time, and never see half a file', async () => {
    const stores = [make(), make(), make()];
    const contents = Array.from({ length: 20 }, (_, index) => text(`content ${index}`.repeat(500)));
    for (let round = 0; round < 5; round++) {
      for (const store of stores) contents.forEach((bytes, index) => store.keep(`image ${index}`, text(`note ${index}`), [bytes]));
      const seen = await Promise.all(stores.flatMap((store) => contents.map(async (bytes, index) => [await store.content(digestOf(bytes), 100_000), read(await store.note(`image ${index}`))] as const)));
      for (const [index, [bytes, noted]] of seen.entries()) {
        assert.ok(bytes === undefined || digestOf(bytes) === digestOf(contents[index % 20] ?? hello));
        assert.ok(noted === undefined || noted === `note ${index % 20}`);
      }
    }
    await Promise.all(stores.map((store) => store.flush()));
    for (const bytes of contents) assert.ok(await make().content(digestOf(bytes), 100_000));
    assert.deepEqual(files('content').filter((name) => name.endsWith('.tmp')), []);
  });
});

describe('clearing', () => {
  it('deletes all, also what waits to be written, and says how much it was', async () => {
    const store = make();
    await keep(store, 'a', hello, text('more'));
    await keep(store, 'b', hello);
    store.keep('c', note, []);
    const { images, bytes } = await store.clear();
    assert.deepEqual([images, bytes], [3, 5 * 4096]);
    assert.ok(!existsSync(folder));
    assert.deepEqual([await store.content(digest, 100), await store.note('c')], [undefined, undefined]);
    await keep(store, 'd', hello);
    assert.equal(read(await store.content(digest, 100)), 'hello', 'it can be used again');
  });

  it('of nothing is no failure', async () => {
    assert.deepEqual(await make().clear(), { images: 0, bytes: 0 });
  });
});

describe('a folder that cannot be written to', () => {
  it('keeps nothing, throws nothing, and is left alone from then on', async () => {
    mkdirSync(join(folder, '..'), { recursive: true });
    writeFileSync(folder, 'a file stands in the way');
    const store = make();
    await keep(store, 'a', hello);
    assert.deepEqual([await store.content(digest, 100), await store.note('a')], [undefined, undefined]);
    assert.equal(readFileSync(folder, 'utf8'), 'a file stands in the way');
  });

  it('says so when it cannot be cleared', async () => {
    writeFileSync(join(root, 'no folder'), '');
    const store = new ContentFolder({ folder: join(root, 'no folder', 'signatures'), maxBytes: 1, now: () => now });
    await assert.rejects(store.clear(), (error) => error instanceof CosignError && error.code === 'FILE_UNREADABLE');
  });
});
