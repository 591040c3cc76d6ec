// The real engine and a registry behind both faces: policies, annotations, platforms and build arguments lead the editor and the command line to one verdict.
import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { describe, it } from 'node:test';
import type { Digest } from '../../src/core/crypto/digest.ts';
import type { Engine } from '../../src/core/engine.ts';
import { createEngine } from '../../src/engine.ts';
import { runCommand } from '../support/cliMachine.ts';
import { testEngine } from '../support/engine.ts';
import { startRegistry, type TestRegistry } from '../support/registry.ts';
import { types, type StoredDescriptor } from '../support/registryStore.ts';
import { bundleType, makeBundle, makeKey, simpleSigningType, type TestKey } from '../support/signedImages.ts';
import { fake } from '../support/vscode.ts';
import type { FakeEngine } from './fakeEngine.ts';
import { openDockerfile, screen, settle, startFace, tick, trustOf, useFace } from './harness.ts';

const [release, security, stranger] = [makeKey(), makeKey(), makeKey()];

function signLegacy({ host, store }: TestRegistry, repository: string, image: StoredDescriptor, by: TestKey, optional: object | null = null): void {
  const payload = Buffer.from(JSON.stringify({ critical: { identity: { 'docker-reference': `${host}/${repository}` }, image: { 'docker-manifest-digest': image.digest }, type: 'cosign container image signature' }, optional }));
  const layer = { ...store.putBlob(repository, payload, simpleSigningType), annotations: { 'dev.cosignproject.cosign/signature': sign('sha256', payload, by.privateKey).toString('base64') } };
  store.putManifest(repository, `${image.digest.replace(':', '-')}.sig`, { schemaVersion: 2, mediaType: types.manifest, config: store.putBlob(repository, '{}', types.config), layers: [layer] });
}

const signBundle = ({ store }: TestRegistry, repository: string, image: StoredDescriptor, by: TestKey): StoredDescriptor =>
  store.putReferrer(repository, image, makeBundle(image.digest as Digest, by), bundleType);

/** Every kind of verdict, for a different reason each. */
function fill(registry: TestRegistry): void {
  const { store } = registry;
  signLegacy(registry, 'team/prod', store.putImage('team/prod', '1'), release, { env: 'prod' });
  signLegacy(registry, 'team/test', store.putImage('team/test', '1'), release, { env: 'test' });
  store.putImage('team/unsigned', '1');
  signBundle(registry, 'team/foreign', store.putImage('team/foreign', '1'), stranger);
  const both = store.putImage('two/both', '1');
  for (const key of [release, security]) signBundle(registry, 'two/both', both, key);
  signBundle(registry, 'two/one', store.putImage('two/one', '1'), release);
  const { children } = store.putIndex('plain/multi', '1', ['linux/amd64', 'linux/arm64']);
  const arm = children.get('linux/arm64');
  assert.ok(arm);
  signBundle(registry, 'plain/multi', arm, release);
}

const policiesOf = (host: string): readonly object[] => [
  { images: [`${host}/team/**`], keys: ['release'], annotations: { env: 'prod' } },
  { images: [`${host}/two/**`], keys: ['release', 'security'], require: 'all' },
  { images: [`${host}/plain/**`], keys: ['release'], severity: 'error' },
];

const dockerfileOf = (host: string): string => [
  `ARG TEAM=${host}/team`, `ARG NAME`, 'FROM $TEAM/prod:1 AS a', 'FROM $TEAM/test:1 AS b', 'FROM $TEAM/unsigned:1', 'FROM ${TEAM}/foreign:1', `FROM ${host}/team/missing:1`,
  `FROM ${host}/two/both:1`, `COPY --from=${host}/two/one:1 / /`, `FROM --platform=linux/arm64 ${host}/plain/multi:1`, `FROM --platform=linux/amd64 ${host}/plain/multi:1`,
  `FROM ${host}/elsewhere/x:1`, `FROM ${host}/team/prod:$NAME`, `FROM ${host}/team/prod:$UNSET$`, '',
].join('\n');

interface Line { readonly refs: readonly { readonly raw: string; readonly verdict: string; readonly digest: string | null; readonly decidedBy: string | null; readonly signatures: readonly { readonly key: string | null; readonly reason: { readonly fault: string } | null }[] }[] }

describe('one registry, one engine, two faces', () => {
  useFace();

  it('give every image the same verdict, for the same reasons', async () => {
    const registry = await startRegistry();
    const engines: Engine[] = [];
    const opened = (engine: Engine): Engine => (engines.push(engine), engine);
    try {
      fill(registry);
      const keys = { release: release.pem, security: security.pem };
      const policies = policiesOf(registry.host);
      const text = dockerfileOf(registry.host);
      for (const [name, value] of Object.entries({ keys, policies, 'dockerfile.buildArgs': { NAME: '1' } })) fake.set('user', `countersign.${name}`, value);
      const face = startFace(() => Promise.resolve(opened(testEngine()) as unknown as FakeEngine));
      const document = await openDockerfile(text);
      const ready = (): boolean => screen.kinds(face, document).every((kind) => kind !== 'pending');
      // Time is stepped by hand here, and the network is real.
      for (let turn = 0; turn < 20_000 && (turn < 10 || !ready()); turn++) {
        if (turn % 50 === 0) await tick(100);
        else await settle();
      }
      const seen = trustOf(face, document).uses.map(({ use, state }) => ({
        raw: use.raw, verdict: state.kind, digest: 'digest' in state ? state.digest : null,
        signatures: 'signatures' in state ? state.signatures.map(({ signedBy, fault }) => signedBy?.key ?? fault).sort() : [],
      }));

      const { stdout, code } = await runCommand(['dockerfile', 'verify', '--policy', 'policy.json', '--build-arg', 'NAME=1', 'Dockerfile'], {
        files: { 'policy.json': JSON.stringify({ keys, policies }), Dockerfile: text },
        openEngine: (settings) => Promise.resolve(opened(createEngine({ version: '0.0.0', env: {}, homeDirectory: '/nonexistent' }, settings))),
      });
      const { refs } = JSON.parse(stdout) as Line;
      const said = refs.map(({ raw, verdict, digest, signatures }) => ({ raw, verdict, digest, signatures: signatures.map(({ key, reason }) => key ?? reason?.fault).sort() }));
      assert.deepEqual(said, seen);
      assert.deepEqual(seen.map(({ verdict }) => verdict), ['verified', 'untrusted', 'unsigned', 'untrusted', 'unchecked', 'verified', 'untrusted', 'verified', 'unsigned', 'uncovered', 'verified', 'unresolved']);
      assert.equal(code, 12);
      fake.close(document);
    } finally {
      for (const engine of engines) await engine.dispose();
      await registry.close();
    }
  });
});
