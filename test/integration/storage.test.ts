// Signatures that outlive the engine, over real HTTP and on a real disk: nothing is asked for a pinned image, and nothing is believed that is not proven.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Engine } from '../../src/core/engine.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { ask, testEngine, type AskOptions } from '../support/engine.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../support/registry.ts';
import type { StoredDescriptor } from '../support/registryStore.ts';
import { makeBundle, makeKey, makePayload, type TestKey } from '../support/signedImages.ts';

const [release, stranger] = [makeKey(), makeKey()];
const repository = 'demo/app';
const bundleType = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const root = mkdtempSync(join(tmpdir(), 'countersign-storage-'));
after(() => { rmSync(root, { recursive: true, force: true }); });

function addLegacy({ store }: TestRegistry, image: StoredDescriptor, key: TestKey): void {
  const { payload, signature } = makePayload(image.digest as Digest, key, { annotations: { a: 'b' } });
  const layer = { ...store.putBlob(repository, payload, 'application/vnd.dev.cosign.simplesigning.v1+json'), annotations: { 'dev.cosignproject.cosign/signature': signature } };
  const config = store.putBlob(repository, {}, 'application/vnd.oci.image.config.v1+json');
  store.putManifest(repository, `${image.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config, layers: [layer] });
}

type Format = 'legacy' | 'bundle';
const formats: readonly Format[] = ['legacy', 'bundle'];

interface Desk {
  readonly registry: TestRegistry;
  readonly folder: string;
  readonly image: StoredDescriptor;
  /** By digest. */
  readonly pinned: string;
  /** One question to a window that was opened for it. */
  readonly asks: (options?: AskOptions & { readonly image?: string; readonly keys?: Readonly<Record<string, string>>; readonly maxBytes?: number }) => Promise<Verdict>;
}

let desks = 0;
async function atDesk(format: Format, use: (desk: Desk) => Promise<void>, options: RegistryOptions = {}, open: (folder: string, maxBytes: number) => Engine = (folder, maxBytes) => testEngine({ storageMaxBytes: maxBytes, timeoutMs: 20_000 }, {}, folder)): Promise<void> {
  const registry = await startRegistry(options);
  const folder = join(root, String(++desks), 'signatures');
  try {
    const image = registry.store.putImage(repository, '1.0');
    if (format === 'legacy') addLegacy(registry, image, release);
    else registry.store.putReferrer(repository, image, makeBundle(image.digest as Digest, release), bundleType);
    const pinned = `${registry.host}/${repository}@${image.digest}`;
    await use({
      registry, folder, image, pinned,
      asks: async ({ image: other = pinned, keys = { release: release.pem }, maxBytes = 2 ** 24, ...asked } = {}) => {
        const engine = open(folder, maxBytes);
        try {
          return await ask(engine, other, keys, asked);
        } finally {
          await engine.dispose();
        }
      },
    });
  } finally {
    await registry.close().catch((error: unknown) => { if (!(error instanceof Error && 'code' in error && error.code === 'ERR_SERVER_NOT_RUNNING')) throw error; });
  }
}

const said = (verdict: Verdict): string => (verdict.kind === 'unchecked' ? verdict.reason.code : verdict.kind);
const isStored = (verdict: Verdict): boolean => verdict.kind === 'verified' && verdict.storedAt !== undefined;
const filesIn = (folder: string): readonly string[] => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));

for (const format of formats) {
  describe(`a window opened anew, for an image signed as ${format}`, () => {
    it('verifies it without a single request when it is pinned', () => atDesk(format, async ({ registry, asks }) => {
      const first = await asks();
      assert.deepEqual([said(first), isStored(first)], ['verified', false]);
      registry.clearLog();
      const second = await asks();
      assert.deepEqual([said(second), isStored(second), registry.count()], ['verified', true, 0]);
    }));

    it('verifies it when the registry is gone, and leaves others and its tag unchecked', () => atDesk(format, async ({ registry, asks, image }) => {
      const tag = `${registry.host}/${repository}:1.0`;
      assert.equal(said(await asks({ image: tag })), 'verified');
      const other = registry.store.putImage(repository, '2.0');
      await registry.close();
      assert.equal(said(await asks()), 'verified');
      assert.equal(said(await asks({ image: `${tag}@${image.digest}` })), 'verified');
      assert.equal(said(await asks({ image: tag })), 'REGISTRY_UNREACHABLE');
      assert.equal(said(await asks({ image: `${registry.host}/${repository}@${other.digest}` })), 'REGISTRY_UNREACHABLE');
      assert.equal(said(await asks({ fresh: true })), 'REGISTRY_UNREACHABLE');
    }));

    it('asks for it when the keys or the policy are other ones', () => atDesk(format, async ({ registry, asks }) => {
      await asks();
      registry.clearLog();
      assert.equal(said(await asks({ keys: { stranger: stranger.pem } })), 'untrusted');
      assert.ok(registry.count() > 0);
      registry.clearLog();
      assert.equal(said(await asks({ policies: [{ images: ['**'], keys: ['release'], annotations: { a: 'other' } }] })), 'untrusted');
      assert.ok(registry.count() > 0);
    }));

    it('asks for it when one byte of what is stored is another one, and stores it anew', () => atDesk(format, async ({ registry, asks, folder }) => {
      await asks();
      const files = filesIn(folder);
      assert.equal(files.length, 3);
      for (const path of files) {
        const bytes = readFileSync(path);
        for (const at of [0, bytes.length >> 1, bytes.length - 1]) {
          writeFileSync(path, bytes.map((byte, index) => (index === at ? byte ^ 1 : byte)));
          registry.clearLog();
          const verdict = await asks();
          assert.equal(said(verdict), 'verified');
          if (path.includes('content')) assert.ok(!isStored(verdict) && registry.count() > 0);
          assert.ok(isStored(verdict) || isStored(await asks()));
          writeFileSync(path, bytes);
        }
      }
    }));

    it('sees a new signature when it asks, and does not need it to stay verified', () => atDesk(format, async ({ registry, asks, image }) => {
      await asks();
      registry.store.putReferrer(repository, image, makeBundle(image.digest as Digest, stranger), bundleType);
      const stored = await asks();
      assert.ok(stored.kind === 'verified' && stored.signatures.length === 1 && stored.storedAt !== undefined);
      const fresh = await asks({ fresh: true });
      assert.ok(fresh.kind === 'verified' && fresh.signatures.length === 2 && fresh.storedAt === undefined);
    }));

    it('stores nothing when the limit is 0, and reads nothing', () => atDesk(format, async ({ registry, asks, folder }) => {
      await asks({ maxBytes: 0 });
      assert.throws(() => readdirSync(folder));
      await asks();
      registry.clearLog();
      assert.ok(!isStored(await asks({ maxBytes: 0 })));
      assert.ok(registry.count() > 0);
    }));

    it('works as ever where the folder cannot be written to', () => atDesk(format, async ({ asks, folder }) => {
      writeFileSync(join(folder, '..'), 'no folder');
      assert.equal(said(await asks()), 'verified');
      assert.equal(said(await asks()), 'verified');
      assert.equal(readFileSync(join(folder, '..'), 'utf8'), 'no folder');
    }));
  });
}

describe('the store', () => {
  it('is cleared with everything remembered, so that the registry is asked again', () => atDesk('legacy', async ({ registry, folder, pinned }) => {
    const engine = testEngine({}, {}, folder);
    const keys = { release: release.pem };
    await ask(engine, pinned, keys);
    const { images, bytes } = await engine.clearStorage();
    assert.ok(images === 1 && bytes > 0);
    assert.throws(() => readdirSync(folder));
    registry.clearLog();
    assert.ok(!isStored(await ask(engine, pinned, keys)) && registry.count() > 0);
    await engine.dispose();
    assert.equal(filesIn(folder).length, 3);
  }));

  it('follows the settings', () => atDesk('legacy', async ({ registry, folder, pinned }) => {
    const settings = { trusted: true, insecureRegistries: [], certificateAuthorities: {}, useCredentials: false, noProxy: [], proxyStrictSSL: true, timeoutMs: 20_000, tagLifetimeMs: 60_000 };
    const engine = testEngine({ storageMaxBytes: 0 }, {}, folder);
    await ask(engine, pinned, { release: release.pem });
    engine.configure({ ...settings, storageMaxBytes: 2 ** 24 });
    await ask(engine, pinned, { release: release.pem });
    engine.configure({ ...settings, storageMaxBytes: 2 ** 24, timeoutMs: 19_000 });
    registry.clearLog();
    assert.ok(isStored(await ask(engine, pinned, { release: release.pem })) && registry.count() === 0);
    await engine.dispose();
  }));

  it('is not there for an engine that got no folder', () => atDesk('legacy', async ({ registry, asks }) => {
    await asks();
    await asks();
    assert.ok(registry.count() > 0);
  }, {}, () => testEngine()));

  it('is read in Restricted Mode, by the same keys as ever', () => atDesk('legacy', async ({ registry, asks }) => {
    await asks();
    registry.clearLog();
    assert.ok(isStored(await asks()));
    assert.equal(registry.count(), 0);
  }, {}, (folder, maxBytes) => testEngine({ trusted: false, storageMaxBytes: maxBytes }, {}, folder)));
});

describe('a login', () => {
  for (const kind of ['basic', 'bearer'] as const) {
    it(`(${kind}) never gets into the store`, async () => {
      const canary = 'canary-5d1e77c0';
      const docker = join(root, `docker-${kind}`);
      const open = (folder: string, maxBytes: number): Engine => testEngine({ useCredentials: true, storageMaxBytes: maxBytes, dockerConfig: docker }, {}, folder);
      await atDesk('legacy', async ({ registry, asks, folder }) => {
        mkdirSync(docker, { recursive: true });
        writeFileSync(join(docker, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from(`ada:${canary}`).toString('base64') } } }));
        assert.equal(said(await asks()), 'verified');
        assert.ok(registry.requests.some(({ headers }) => headers['authorization'] !== undefined), 'the login was used');
        const secrets = [canary, Buffer.from(`ada:${canary}`).toString('base64'), ...registry.requests.flatMap(({ headers }) => headers['authorization']?.split(' ')[1] ?? [])];
        const files = filesIn(folder);
        assert.equal(files.length, 3);
        for (const path of files) {
          const text = `${path}${readFileSync(path, 'latin1')}`;
          for (const secret of secrets) assert.ok(!text.includes(secret));
        }
      }, { auth: kind === 'basic' ? { kind, accounts: { ada: canary } } : { kind, accounts: { ada: canary }, anonymousPull: false } }, open);
    });
  }
});
