// Mirrors and locations of registries.conf over real HTTP: what a mirror lacks is never taken for what is not there.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { ask, testEngine } from '../support/engine.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { bundleType, makeBundle, makeKey } from '../support/signedImages.ts';

const release = makeKey();
const repository = 'demo/app';

async function setUp(test: TestContext, conf: (origin: TestRegistry, mirror: TestRegistry) => string) {
  const [origin, mirror] = [await startRegistry(), await startRegistry()];
  const folder = mkdtempSync(join(tmpdir(), 'countersign-mirrors-'));
  const file = join(folder, 'registries.conf');
  writeFileSync(file, conf(origin, mirror));
  const engine = testEngine({ useSystemConfiguration: true }, { CONTAINERS_REGISTRIES_CONF: file });
  test.after(async () => {
    await engine.dispose();
    await Promise.all([origin.close(), mirror.close()]);
    rmSync(folder, { recursive: true });
  });
  const verify = (name = `${origin.host}/${repository}:1.0`): Promise<Verdict> => ask(engine, name, { release: release.pem }, { fresh: true });
  return { origin, mirror, verify };
}
const mirrored = (origin: TestRegistry, mirror: TestRegistry): string => `[[registry]]\nlocation = "${origin.host}"\n[[registry.mirror]]\nlocation = "${mirror.host}"\n`;
const sign = ({ store }: TestRegistry, image: { readonly digest: string }): void => { store.putReferrer(repository, store.putImage(repository, '1.0'), makeBundle(image.digest as Digest, release), bundleType); };

it('the tag is what the mirror says it is, and its signatures are read at the origin', async (test) => {
  const { origin, mirror, verify } = await setUp(test, mirrored);
  const image = mirror.store.putImage(repository, '1.0');
  sign(origin, image);
  assert.equal((await verify()).kind, 'verified');
  assert.ok(mirror.requests.length > 0);
});

it('an image that only its mirror holds, without signatures, is unchecked and not unsigned while the origin cannot be reached', async (test) => {
  const { origin, mirror, verify } = await setUp(test, mirrored);
  mirror.store.putImage(repository, '1.0');
  await origin.close();
  assert.equal((await verify()).kind, 'unchecked');
});

it('a mirror that lacks the image or fails is passed over', async (test) => {
  const { origin, mirror, verify } = await setUp(test, mirrored);
  sign(origin, origin.store.putImage(repository, '1.0'));
  assert.equal((await verify()).kind, 'verified');
  await mirror.close();
  assert.equal((await verify()).kind, 'verified');
});

it('an image that has moved keeps its name, and is looked for where it is', async (test) => {
  const { origin, verify } = await setUp(test, ({ host }) => `[[registry]]\nprefix = "name.test/team"\nlocation = "${host}/demo"\n`);
  origin.store.putImage(repository, '1.0');
  assert.equal((await verify('name.test/team/app:1.0')).kind, 'unsigned');
  sign(origin, origin.store.putImage(repository, '1.0'));
  assert.equal((await verify('name.test/team/app:1.0')).kind, 'verified');
});

it('a blocked registry is asked nothing', async (test) => {
  const { origin, verify } = await setUp(test, ({ host }) => `[[registry]]\nlocation = "${host}"\nblocked = true\n`);
  const verdict = await verify();
  assert.deepEqual([verdict.kind, verdict.kind === 'unchecked' && verdict.reason.code, origin.requests.length], ['unchecked', 'REGISTRY_BLOCKED', 0]);
});
