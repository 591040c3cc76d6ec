// Whatever goes wrong, at whichever request: others' signatures stay, and nothing of ours verifies that should not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cutConnection } from '../../../support/faults.ts';
import type { Fault } from '../../../support/registry.ts';
import { failure } from '../../../support/registryAnswer.ts';
import { newKey, sign, signers, startHarness, type Harness } from './harness.ts';

const [alice, bob] = [newKey(), newKey()];
const kinds = ['native', 'router 404'] as const;

async function prepared(referrers: (typeof kinds)[number]): Promise<{ harness: Harness; images: readonly string[] }> {
  const harness = await startHarness({ referrers });
  const { index, children } = harness.registry.store.putIndex('demo/app', '1.0', ['linux/amd64', 'linux/arm64']);
  await sign(harness, 'demo/app:1.0', { key: bob, recursive: true });
  return { harness, images: [index, ...children.values()].map(({ digest }) => `demo/app@${digest}`) };
}

async function expectNothingLost(harness: Harness, images: readonly string[], at: string): Promise<void> {
  const [top = '', ...children] = await Promise.all(images.map((image) => signers(harness, image, { alice, bob })));
  for (const found of [top, ...children]) {
    assert.ok(typeof found !== 'string' && found.includes('bundle bob') && found.includes('legacy bob'), `${at}: ${String(found)}`);
    // Only whole signatures: each counts, and there is at most one of each format.
    assert.deepEqual(found.filter((line) => !/^(bundle|legacy) (alice|bob)$/.test(line)), [], at);
    assert.equal(new Set(found).size, found.length, at);
  }
  for (const format of ['bundle', 'legacy']) {
    if (top.includes(`${format} alice`)) for (const child of children) assert.ok(child.includes('bundle alice') && child.includes('legacy alice'), `${at}: the index is signed before its images`);
  }
}

const atIndex = (index: number, fault: Fault, more: { readonly carriedOut?: boolean } = {}): { fault: Fault; reached: () => boolean } => {
  let seen = 0;
  return {
    reached: () => seen > index,
    fault: (request, ordinary) => {
      if (seen++ < index) return undefined;
      if (more.carriedOut) ordinary();
      return fault(request, ordinary);
    },
  };
};

for (const referrers of kinds) {
  describe(`signing recursively, referrers: ${referrers}`, () => {
    for (const [what, fault, carriedOut] of [
      ['every connection cut', cutConnection, false],
      ['every request carried out and its answer lost', cutConnection, true],
      ['a registry that begins to refuse', () => failure(403, 'DENIED'), false],
    ] as const) {
      it(`with ${what} from any one request on leaves others' signatures, and only whole ones of ours`, async () => {
        const { harness, images } = await prepared(referrers);
        for (let index = 0; ; index += 2) {
          const { fault: intercept, reached } = atIndex(index, fault, { carriedOut });
          harness.registry.intercept = intercept;
          const outcome = await sign(harness, 'demo/app:1.0', { key: alice, recursive: true }).then(() => 'signed', (error: unknown) => String((error as { code?: string }).code));
          harness.registry.intercept = undefined;
          await expectNothingLost(harness, images, `request ${index}`);
          if (!reached()) {
            assert.equal(outcome, 'signed');
            break;
          }
          // A later try finishes what an earlier one began, so some end well before the fault comes.
          assert.match(outcome, /^REGISTRY_(UNREACHABLE|DENIED)$/, `request ${index}`);
        }
        for (const image of images) assert.deepEqual(await signers(harness, image, { alice, bob }), ['bundle alice', 'bundle bob', 'legacy alice', 'legacy bob']);
      });
    }

    it('with one request cut goes on as if nothing had been', async () => {
      for (let index = 0; index < 60; index += 7) {
        const { harness, images } = await prepared(referrers);
        let seen = 0;
        harness.registry.intercept = (request, ordinary) => (seen++ === index && request.method !== 'POST' ? cutConnection(request, ordinary) : undefined);
        await sign(harness, 'demo/app:1.0', { key: alice, recursive: true });
        harness.registry.intercept = undefined;
        for (const image of images) assert.deepEqual(await signers(harness, image, { alice, bob }), ['bundle alice', 'bundle bob', 'legacy alice', 'legacy bob']);
      }
    });

    it('cancelled at any request rejects with the reason, and leaves others\' signatures and only whole ones of ours', async () => {
      const { harness, images } = await prepared(referrers);
      const reason = new Error('enough');
      for (let index = 0; ; index += 3) {
        const abort = new AbortController();
        let seen = 0;
        harness.registry.intercept = () => {
          if (seen++ === index) abort.abort(reason);
          return undefined;
        };
        const thrown: unknown = await sign(harness, 'demo/app:1.0', { key: alice, recursive: true, signal: abort.signal }).then(() => undefined, (error: unknown) => error);
        harness.registry.intercept = undefined;
        await expectNothingLost(harness, images, `request ${index}`);
        if (seen <= index) {
          assert.equal(thrown, undefined);
          break;
        }
        assert.equal(thrown, reason, `request ${index}`);
      }
      for (const image of images) assert.deepEqual(await signers(harness, image, { alice, bob }), ['bundle alice', 'bundle bob', 'legacy alice', 'legacy bob']);
    });
  });
}
