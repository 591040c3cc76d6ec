// One level of what a registry holds, against the in-process registry: nothing invented, nothing left out in silence.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { createContentsEngine } from '../../../../src/core/contents/readContents.ts';
import { readableText } from '../../../../src/core/contents/readableText.ts';
import type { ContentsEngine } from '../../../../src/core/contentsEngine.ts';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import { RegistryClient } from '../../../../src/core/oci/registryClient.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import { addReferrer, putEverything } from '../../../support/copyPair.ts';
import { NodeTransport } from '../../../support/nodeTransport.ts';
import { startRegistry, type RegistryOptions, type TestRegistry } from '../../../support/registry.ts';
import { failsWith, never, SteppedClock } from '../../../support/registryClient.ts';

let registry: TestRegistry;
let engine: ContentsEngine;
const transport = new NodeTransport();

async function start(options: RegistryOptions = {}): Promise<void> {
  registry = await startRegistry(options);
  const client = new RegistryClient({ transport, clock: new SteppedClock(), random: () => 0.5, rules: { allowsPlainHttp: () => true }, keychain: { find: () => Promise.resolve(undefined) } });
  engine = createContentsEngine(() => client);
}
const repository = (): { registry: string; repository: string } => ({ registry: registry.host, repository: 'team/app' });
const digestOfTag = (): Promise<Digest> => engine.resolve(parseReference(`${registry.host}/team/app:1.0`), never);

describe('the contents of a manifest', () => {
  beforeEach(() => { registry = undefined as unknown as TestRegistry; });
  afterEach(async () => {
    await registry.close();
    transport.close();
  });

  for (const referrers of ['native', 'router 404'] as const) {
    it(`are platforms and everything that hangs on it, with ${referrers} referrers`, async () => {
      await start({ referrers });
      const { top, children } = putEverything(registry.store, referrers === 'native');
      const outer = await engine.read(repository(), await digestOfTag(), never);
      assert.deepEqual([outer.digest, outer.notRead, outer.incomplete], [top.digest, 0, []]);
      assert.deepEqual(outer.proofs.map(({ kind, place }) => `${kind} ${place.kind}`).sort(), ['attestation referrer', 'attestation tag', 'signature referrer', 'signature tag']);
      const [innerDigest] = outer.manifests;
      assert.ok(innerDigest);
      const inner = await engine.read(repository(), innerDigest.digest, never);
      assert.deepEqual(inner.manifests.map(({ digest, platform }) => [platform, digest]), [...children].map(([platform, { digest }]) => [platform, digest]));
      assert.deepEqual(inner.proofs.map(({ kind, place }) => `${kind} ${place.kind}`).sort(), ['sbom referrer', 'sbom tag']);
      const [child] = inner.manifests;
      assert.ok(child);
      const image = await engine.read(repository(), child.digest, never);
      assert.deepEqual([image.manifests, image.blobs.length], [[], 2]);
      assert.equal(image.proofs.length, 2);
    });
  }

  it('name the place that could not be read, beside what could', async () => {
    await start({ referrers: 'router 404' });
    const { top } = putEverything(registry.store, false);
    registry.store.putManifest('team/app', `${top.digest.replace(':', '-')}.sig`, '{"schemaVersion":2,"layers":"none"}');
    const { proofs, incomplete } = await engine.read(repository(), await digestOfTag(), never);
    assert.deepEqual(incomplete.map(({ code }) => code), ['MANIFEST_INVALID']);
    assert.deepEqual(proofs.map(({ kind, place }) => `${kind} ${place.kind}`).sort(), ['attestation referrer', 'attestation tag', 'signature referrer']);
  });

  it('take no referrer that names another subject', async () => {
    await start({ referrers: 'router 404' });
    const { top, children } = putEverything(registry.store, false);
    const [other] = children.values();
    assert.ok(other);
    const foreign = addReferrer(registry.store, 'team/app', other, 'x', 'text/plain', true);
    const tag = top.digest.replace(':', '-');
    const listed = JSON.parse(Buffer.from(registry.store.manifest('team/app', tag)?.bytes ?? '').toString()) as { manifests: object[] };
    registry.store.putManifest('team/app', tag, { ...listed, manifests: [...listed.manifests, foreign] }, 'application/vnd.oci.image.index.v1+json');
    const { proofs, incomplete } = await engine.read(repository(), await digestOfTag(), never);
    assert.equal(proofs.some(({ digest }) => digest === foreign.digest), false);
    assert.deepEqual(incomplete.map(({ code }) => code), ['MANIFEST_INVALID']);
  });

  it('are an error where the image itself is not there', async () => {
    await start();
    putEverything(registry.store, true);
    await assert.rejects(engine.read(repository(), `sha256:${'0'.repeat(64)}` as Digest, never), failsWith('IMAGE_NOT_FOUND'));
    await assert.rejects(engine.resolve(parseReference(`${registry.host}/team/none:1`), never), failsWith('IMAGE_NOT_FOUND'));
  });

  it('can be read as stored: manifests and payloads, and no layer that is not in the manifest', async () => {
    await start();
    putEverything(registry.store, true);
    const digest = await digestOfTag();
    const manifest = await engine.manifest(repository(), digest, never);
    assert.deepEqual(Buffer.from(manifest.bytes), Buffer.from(registry.store.manifest('team/app', digest)?.bytes ?? ''));
    const signature = (await engine.read(repository(), digest, never)).proofs.find(({ kind, place }) => kind === 'signature' && place.kind === 'tag');
    const [layer] = signature?.layers ?? [];
    assert.ok(signature && layer);
    const payload = await engine.payload(repository(), signature.digest, layer.digest, never);
    assert.match(payload.text ?? '', /"docker-manifest-digest": "sha256:/);
    assert.equal(payload.mediaType, layer.mediaType);
    await assert.rejects(engine.payload(repository(), signature.digest, digest, never), failsWith('MANIFEST_INVALID'));
  });

  it('end with the reason of the signal', async () => {
    await start();
    putEverything(registry.store, true);
    const digest = await digestOfTag();
    const run = new AbortController();
    const reading = engine.read(repository(), digest, run.signal);
    run.abort(new Error('enough'));
    await assert.rejects(reading, /enough/);
  });
});

describe('stored bytes as a text', () => {
  const text = (value: string): string | undefined => readableText(Buffer.from(value));
  it('are JSON in lines, with every character that means something', () => {
    assert.equal(text('{"a":1,"a":2.50,"b":[true]}'), '{\n  "a": 1,\n  "a": 2.50,\n  "b": [\n    true\n  ]\n}');
  });
  it('stay as they are when they are no JSON', () => assert.equal(text('SPDXVersion: SPDX-2.2\r\n'), 'SPDXVersion: SPDX-2.2\r\n'));
  it('are none when they are no UTF-8, or hold zero bytes', () => {
    assert.equal(readableText(Uint8Array.of(0xff, 0xfe, 0x7b)), undefined);
    assert.equal(text('{"a":"\0"}'), undefined);
  });
});
