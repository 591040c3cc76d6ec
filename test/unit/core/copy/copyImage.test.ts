import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CopyProgress } from '../../../../src/core/copyEngine.ts';
import { on } from '../../../support/faults.ts';
import { makeKey } from '../../../support/signedImages.ts';
import type { RegistryOptions } from '../../../support/registry.ts';
import { types } from '../../../support/registryStore.ts';
import { addBundle, addLayer, addReferrer, assertNoHoles, assertOnlyFallbackIndexes, assertSameContent, closureOf, planOf, putEverything, run, startPair, trust, usePairs, type Pair } from '../../../support/copyPair.ts';

const start = usePairs();
/** Of content that has the digest of an algorithm that is not read. */
const other = `sha512:${'0'.repeat(128)}`;
const writes = ({ destination }: Pair): number => destination.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).length;

describe('a copy', () => {
  for (const from of ['native', 'router 404'] as const) {
    for (const to of ['native', 'router 404', 'json 404'] as const) {
      it(`brings everything from a registry with ${from} referrers to one with ${to}`, async () => {
        const sides = await start({ source: { referrers: from }, destination: { referrers: to, strictOrder: true } });
        const { signatures } = putEverything(sides.source.store, from === 'native');
        const { proof, digest } = await run(sides);
        const { store } = sides.destination;
        assertSameContent(sides.source.store, store);
        assertNoHoles(store, 'mirror/app');
        assertOnlyFallbackIndexes(store, 'mirror/app');
        assert.equal(store.repository('mirror/app').tags.get('1.0'), digest);
        assert.equal(proof.destination.kind, 'verified');
        assert.deepEqual([proof.holds, new Set(proof.signatures.map(({ state }) => state)), proof.incomplete], [true, new Set(['valid']), []]);
        assert.equal(proof.signatures.length, signatures);
        assert.equal([...store.repository('mirror/app').tags.keys()].some((tag) => /^sha256-[0-9a-f]{64}$/.test(tag)), to !== 'native');
      });
    }
  }

  it('does nothing the second time but look', async () => {
    const sides = await start();
    putEverything(sides.source.store, true);
    await run(sides);
    sides.destination.clearLog();
    const { things, sentBytes, proof } = await run(sides);
    assert.equal(writes(sides), 0);
    assert.deepEqual([new Set(things.map(({ outcome }) => outcome)), sentBytes, proof.holds], [new Set(['already there']), 0, true]);
  });

  it('counts every byte once, and ends with all of them', async () => {
    const sides = await start();
    putEverything(sides.source.store, true);
    const seen: CopyProgress[] = [];
    const plan = await planOf(sides);
    const totals = sides.engine.totals(plan, {});
    const { sentBytes } = await sides.engine.copy(plan, {}, { trust }, (progress) => seen.push(progress), AbortSignal.timeout(60_000));
    assert.deepEqual([...new Set(seen.map(({ step }) => step))], ['look', 'blobs', 'manifests', 'proofs', 'tag', 'verify']);
    assert.deepEqual([seen.at(-1)?.bytesDone, seen.at(-1)?.bytesTotal], [totals.sizeBytes, totals.sizeBytes]);
    seen.reduce((before, { bytesDone }) => { assert.ok(bytesDone >= before); return bytesDone; }, 0);
    assert.equal(totals.toSendBytes, totals.sizeBytes);
    assert.ok(sentBytes > 0 && sentBytes < totals.sizeBytes);
    assert.deepEqual(totals.proofs, { signature: 9, attestation: 2, sbom: 2, other: 0 });
  });

  it('writes the tag last and every manifest behind what it names', async () => {
    const sides = await start({ destination: { strictOrder: true } });
    putEverything(sides.source.store, true);
    await run(sides);
    const puts = sides.destination.requests.filter(({ method, kind }) => method === 'PUT' && kind === 'manifest').map(({ target }) => target);
    assert.equal(puts.at(-1), '1.0');
    assert.equal(new Set(puts).size, puts.length);
  });

  it('mounts within a registry and sends no content', async () => {
    const sides = await start();
    const { store } = sides.source;
    putEverything(store, true);
    const within: Pair = { ...sides, destination: sides.source };
    const { things, sentBytes, proof } = await run(within, { to: 'other/app:1.0' });
    assert.equal(sentBytes, 0);
    assert.equal(sides.source.requests.filter(({ kind, method }) => kind === 'upload' && method !== 'POST').length, 0);
    assert.deepEqual(new Set(things.filter(({ what }) => what === 'blob').map(({ outcome }) => outcome)), new Set(['mounted']));
    assertSameContent(store, store, 'team/app', 'other/app');
    assert.equal(proof.holds, true);
  });

  it('sends what a registry will not mount', async () => {
    const sides = await start({ source: { mounts: 'never' } });
    putEverything(sides.source.store, true);
    const { things } = await run({ ...sides, destination: sides.source }, { to: 'other/app:1.0' });
    assert.deepEqual(new Set(things.filter(({ what }) => what === 'blob').map(({ outcome }) => outcome)), new Set(['copied']));
    assertSameContent(sides.source.store, sides.source.store, 'team/app', 'other/app');
  });

  it('within a repository only writes the tag', async () => {
    const sides = await start();
    putEverything(sides.source.store, true);
    await run({ ...sides, destination: sides.source }, { to: 'team/app:2.0' });
    assert.deepEqual(sides.source.requests.filter(({ method }) => !['GET', 'HEAD'].includes(method)).map(({ method, target }) => `${method} ${target}`), ['PUT 2.0']);
  });

  it('logs in to each side as somebody else', async () => {
    const bearer = (name: string): RegistryOptions => ({ auth: { kind: 'bearer', accounts: { [name]: `password of ${name}` }, anonymousPull: false } });
    const sides = await start({
      source: bearer('reader'), destination: bearer('writer'),
      logins: (host, source) => {
        const username = host === source.host ? 'reader' : 'writer';
        return { kind: 'basic', username, password: `password of ${username}` };
      },
    });
    putEverything(sides.source.store, true);
    assert.equal((await run(sides)).proof.holds, true);
  });
});

describe('what the destination has', () => {
  it('is added to: signatures and referrers of others stay', async () => {
    for (const referrers of ['native', 'router 404'] as const) {
      const sides = await startPair({ destination: { referrers } });
      const other = makeKey();
      const image = sides.source.store.putImage('team/app', '1.0');
      addLayer(sides.source.store, 'team/app', image);
      addBundle(sides.source.store, 'team/app', image, { native: true });
      const { store } = sides.destination;
      store.putImage('mirror/app', 'old', 'team/app:1.0');
      addLayer(store, 'mirror/app', image, other);
      const theirs = addBundle(store, 'mirror/app', image, { by: other, native: referrers === 'native' });
      const before = store.manifest('mirror/app', `${image.digest.replace(':', '-')}.sig`)?.digest;
      const { proof, things } = await run(sides, { trust: { ...trust, keys: [...trust.keys, { name: 'other', reference: other.pem }] } });
      assert.equal(proof.holds, true);
      assert.ok(proof.destination.kind === 'verified');
      assert.deepEqual(proof.destination.signatures.map(({ format, signedBy }) => `${format} ${signedBy?.key ?? ''}`).sort(), ['bundle other', 'bundle release', 'legacy other', 'legacy release']);
      assert.notEqual(store.manifest('mirror/app', `${image.digest.replace(':', '-')}.sig`)?.digest, before);
      assert.ok(things.some(({ what, outcome }) => what === 'proof tag' && outcome === 'added'));
      assert.ok(store.manifest('mirror/app', theirs.digest));
      assertNoHoles(store, 'mirror/app');
      await sides.close();
    }
  });

  it('keeps its own SBOM tag', async () => {
    const sides = await start();
    const { top } = putEverything(sides.source.store, true);
    const inner = [...sides.source.store.repository('team/app').tags.keys()].find((tag) => tag.endsWith('.sbom')) ?? '';
    const own = sides.destination.store.putImage('mirror/app', inner, 'another SBOM');
    const { things, proof } = await run(sides);
    assert.equal(sides.destination.store.manifest('mirror/app', inner)?.digest, own.digest);
    assert.deepEqual(things.filter(({ outcome }) => outcome === 'kept').map(({ tag }) => tag), [inner]);
    assert.deepEqual([proof.holds, sides.destination.store.manifest('mirror/app', '1.0')?.digest], [true, top.digest]);
  });

  it('keeps a tag that is another image, until somebody agrees to this very one', async () => {
    const sides = await start();
    const { top } = putEverything(sides.source.store, true);
    const { store } = sides.destination;
    const old = store.putImage('mirror/app', '1.0', 'old');
    assert.deepEqual((await planOf(sides)).destinationTag, { kind: 'present', tag: '1.0', digest: old.digest });
    await assert.rejects(run(sides), { code: 'TAG_EXISTS' });
    await assert.rejects(run(sides, { overwriteTag: top.digest as never }), { code: 'TAG_EXISTS' });
    assert.equal(writes(sides), 0);
    await run(sides, { overwriteTag: old.digest as never });
    assert.equal(store.manifest('mirror/app', '1.0')?.digest, top.digest);
  });

  it('keeps a tag that somebody writes meanwhile', async () => {
    const sides = await start();
    putEverything(sides.source.store, true);
    const { store } = sides.destination;
    let theirs = '';
    sides.destination.intercept = ({ method, kind }) => {
      if (theirs === '' && method === 'PUT' && kind === 'manifest') theirs = store.putImage('mirror/app', '1.0', 'theirs').digest;
      return undefined;
    };
    await assert.rejects(run(sides), { code: 'TAG_EXISTS' });
    assert.equal(store.manifest('mirror/app', '1.0')?.digest, theirs);
  });

  it('is not touched where the tag for referrers holds an image', async () => {
    const sides = await start({ destination: { referrers: 'router 404' } });
    const { top } = putEverything(sides.source.store, true);
    sides.destination.store.putImage('mirror/app', top.digest.replace(':', '-'), 'left behind');
    await assert.rejects(run(sides), { code: 'REFERRERS_TAG_OCCUPIED' });
    assert.equal(writes(sides), 0);
    await run(sides, { selection: { tops: [(await planOf(sides)).root.children[0]?.digest as never] } });
  });

  it('never gets an image under a tag that is for something else', async () => {
    const sides = await start();
    const { top } = putEverything(sides.source.store, true);
    for (const suffix of ['', '.sig', '.att', '.sbom']) {
      await assert.rejects(planOf(sides, undefined, `mirror/app:${top.digest.replace(':', '-')}${suffix}`), { code: 'REFERENCE_INVALID' });
    }
  });
});

describe('an image', () => {
  it('whose index lists what is not there is copied by platform only', async () => {
    const sides = await start();
    const { store } = sides.source;
    const { children } = store.putIndex('team/app', '1.0', ['linux/amd64', 'linux/arm64']);
    store.repository('team/app').manifests.delete(children.get('linux/amd64')?.digest ?? '');
    const plan = await planOf(sides);
    assert.deepEqual([plan.root.missing, plan.root.children.map(({ platform }) => platform)], [[children.get('linux/amd64')?.digest], ['linux/arm64']]);
    await assert.rejects(run(sides), { code: 'IMAGE_NOT_FOUND' });
    assert.equal(writes(sides), 0);
    await run(sides, { selection: { tops: [children.get('linux/arm64')?.digest as never] } });
  });

  it('keeps its foreign layers where they are, unless they are asked for and there', async () => {
    const sides = await start();
    const { store } = sides.source;
    const foreign = (content: string): object => ({ ...store.putBlob('team/app', content, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'), urls: ['https://example.com/base'] });
    const [here, gone] = [foreign('base of windows'), foreign('never pushed')];
    store.repository('team/app').blobs.delete((gone as { digest: string }).digest);
    const config = store.putBlob('team/app', '{}', types.config);
    store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config, layers: [here, gone] });
    const states = async (foreignLayers: boolean): Promise<unknown> => (await sides.engine.plan({ ...await planOf(sides), foreignLayers }, AbortSignal.timeout(9000))).root.blobs.map(({ state }) => state);
    assert.deepEqual(await states(false), ['copy', 'foreign', 'foreign']);
    assert.deepEqual(await states(true), ['copy', 'copy', 'foreign']);
    const digests = [here, gone].map((layer) => (layer as { digest: string }).digest);
    for (const [foreignLayers, to, arrived] of [[false, 'mirror/app:1.0', [false, false]], [true, 'mirror/all:1.0', [true, false]]] as const) {
      const plan = await sides.engine.plan({ ...await planOf(sides, undefined, to), foreignLayers }, AbortSignal.timeout(9000));
      const { things } = await sides.engine.copy(plan, {}, { trust }, () => undefined, AbortSignal.timeout(9000));
      const { blobs } = sides.destination.store.repository(to.slice(0, -4));
      assert.deepEqual(digests.map((digest) => blobs.has(digest)), arrived);
      assert.deepEqual(things.filter(({ outcome }) => outcome === 'foreign').length, foreignLayers ? 1 : 2);
      assert.ok(sides.destination.store.manifest(to.slice(0, -4), '1.0'));
    }
  });

  it('has its dangling and lying referrers left out, with the reason', async () => {
    const sides = await start({ source: { referrers: 'router 404' } });
    const { store } = sides.source;
    const [image, stranger] = [store.putImage('team/app', '1.0'), store.putImage('team/app', 'other')];
    const gone = addBundle(store, 'team/app', image, { native: false });
    const lying = addReferrer(store, 'team/app', stranger, 'x', 'application/x', true);
    const tag = image.digest.replace(':', '-');
    store.putManifest('team/app', tag, { schemaVersion: 2, mediaType: types.index, manifests: [gone, lying] }, types.index);
    store.repository('team/app').manifests.delete(gone.digest);
    const plan = await planOf(sides);
    assert.deepEqual(plan.omitted.map(({ digest, reason }) => [digest, reason.code]).sort(), [[gone.digest, 'MANIFEST_INVALID'], [lying.digest, 'MANIFEST_INVALID']].sort());
    assert.deepEqual(plan.root.proofs, []);
  });

  it('has what a digest of another algorithm names left out of the plan, and the rest is copied', async () => {
    for (const referrers of ['native', 'router 404'] as const) {
      const sides = await start({ source: { referrers }, destination: { referrers: 'router 404' } });
      const [{ store }, tag] = [sides.source, '1.0'];
      const image = store.putImage('team/app', tag);
      addBundle(store, 'team/app', image, { native: referrers === 'native' });
      const entry = { mediaType: types.manifest, size: 3, digest: other, artifactType: 'application/x' };
      if (referrers === 'native') {
        sides.source.intercept = on(`referrers ${image.digest}`, (_request, ordinary) => {
          const answer = ordinary();
          const list = JSON.parse(answer.body as string) as { manifests: object[] };
          return { ...answer, headers: { 'content-type': types.index }, body: JSON.stringify({ ...list, manifests: [entry, ...list.manifests] }) };
        });
      } else {
        const name = image.digest.replace(':', '-');
        const list = JSON.parse(Buffer.from(store.manifest('team/app', name)?.bytes ?? []).toString()) as { manifests: object[] };
        store.putManifest('team/app', name, { ...list, manifests: [entry, ...list.manifests] }, types.index);
      }
      const plan = await planOf(sides);
      assert.deepEqual(plan.omitted.map(({ subject, digest, reason }) => [subject, digest, reason.code]), [[image.digest, other, 'MANIFEST_INVALID']]);
      assert.equal(plan.root.proofs.length, 1);
      const { proof } = await run(sides);
      assert.deepEqual([proof.destination.kind, proof.signatures.map(({ state }) => state)], ['verified', ['valid']]);
      // It may have been a signature.
      assert.ok(proof.incomplete.length > 0 && !proof.holds);
      closureOf(sides.destination.store, 'mirror/app', tag);
    }
  });

  it('whose index lists a digest of another algorithm is copied by platform only', async () => {
    const sides = await start();
    const { store } = sides.source;
    const { children } = store.putIndex('team/app', undefined, ['linux/amd64']);
    const child = children.get('linux/amd64');
    const top = store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.index, manifests: [{ mediaType: types.manifest, size: 3, digest: other }, child] }, types.index);
    const plan = await planOf(sides);
    assert.deepEqual([plan.root.missing, plan.omitted.map(({ subject, digest }) => [subject, digest])], [[other], [[top.digest, other]]]);
    await assert.rejects(run(sides), { code: 'MANIFEST_INVALID' });
    assert.equal(writes(sides), 0);
    await run(sides, { selection: { tops: [child?.digest as never] } });
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('has an image, a signature tag and a referrer left out whose content cannot be named, and the rest is copied', async () => {
    const sides = await start({ source: { referrers: 'native' } });
    const { store } = sides.source;
    const config = store.putBlob('team/app', '{}', types.config);
    const layers = [{ mediaType: 'application/x', size: 3, digest: other }];
    const bad = store.putManifest('team/app', undefined, { schemaVersion: 2, mediaType: types.manifest, config, layers });
    const { children } = store.putIndex('team/app', undefined, ['linux/amd64']);
    const good = children.get('linux/amd64');
    const top = store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.index, manifests: [bad, good] }, types.index);
    addBundle(store, 'team/app', top, { native: true });
    const sig = store.putManifest('team/app', `${top.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: types.manifest, config, layers, annotations: { is: 'sig' } });
    const referrer = store.putManifest('team/app', undefined, { schemaVersion: 2, mediaType: types.manifest, config, layers, subject: top });
    const plan = await planOf(sides);
    assert.deepEqual(plan.omitted.map(({ subject, digest, reason }) => `${subject} ${digest} ${reason.code}`).sort(), [bad, sig, referrer].map(({ digest }) => `${top.digest} ${digest} MANIFEST_INVALID`).sort());
    assert.deepEqual([plan.root.missing, plan.root.proofs.map(({ kind }) => kind)], [[bad.digest], ['signature']]);
    await assert.rejects(run(sides), { code: 'MANIFEST_INVALID' });
    await run(sides, { selection: { tops: [good?.digest as never] } });
  });

  it('itself is refused when its content cannot be named', async () => {
    const sides = await start();
    const { store } = sides.source;
    store.putManifest('team/app', '1.0', { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob('team/app', '{}', types.config), layers: [{ mediaType: 'application/x', size: 3, digest: other }] });
    await assert.rejects(planOf(sides), { code: 'MANIFEST_INVALID' });
  });

  it('may have signatures that hang on one another without end', async () => {
    const sides = await start();
    const { store } = sides.source;
    const image = store.putImage('team/app', '1.0');
    store.repository('team/app').tags.set(`${image.digest.replace(':', '-')}.sbom`, image.digest);
    const plan = await planOf(sides);
    assert.deepEqual([plan.root.proofs, plan.omitted.length], [[], 1]);
    await run(sides);
  });

  it('that was signed under another name is proven all the same, and the name is told', async () => {
    const sides = await start();
    const image = sides.source.store.putImage('team/app', '1.0');
    addLayer(sides.source.store, 'team/app', image, undefined, 'sig', 'ghcr.io/somebody/else');
    const { proof } = await run(sides);
    assert.deepEqual([proof.holds, proof.signatures.map(({ atSource }) => atSource.identity)], [true, ['ghcr.io/somebody/else']]);
  });

  it('is not proven when a signature does not arrive', async () => {
    const sides = await start();
    const image = sides.source.store.putImage('team/app', '1.0');
    addLayer(sides.source.store, 'team/app', image);
    const plan = await planOf(sides);
    addBundle(sides.source.store, 'team/app', image, { native: true });
    const { proof } = await sides.engine.copy(plan, {}, { trust }, () => undefined, AbortSignal.timeout(60_000));
    assert.equal(proof.destination.kind, 'verified');
    assert.deepEqual([proof.holds, proof.signatures.map(({ state }) => state).sort()], [false, ['missing', 'valid']]);
    assert.equal((await run(sides)).proof.holds, true);
    closureOf(sides.destination.store, 'mirror/app', '1.0');
  });

  it('is verified by the policies of its source under its new name', async () => {
    const sides = await start();
    const image = sides.source.store.putImage('team/app', '1.0');
    addLayer(sides.source.store, 'team/app', image);
    const policies = [
      { name: 'source', images: ['**/team/**'], keys: ['release'], annotations: {} },
      { name: 'elsewhere', images: ['**/mirror/**'], keys: ['nobody'], annotations: {} },
    ];
    const { proof } = await run(sides, { trust: { ...trust, policies } });
    assert.deepEqual([proof.holds, proof.source.kind, proof.destination.kind], [true, 'verified', 'verified']);
  });
});
