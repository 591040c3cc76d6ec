import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import type { KeyPairPlan } from '../../../../src/core/kubernetes/clusterKeys.ts';
import type { Fault, KubeApi, KubeRequest } from '../../../support/kubeApi.ts';
import { clusterKeys, never, place, startCluster } from './cluster.ts';

const publicOnly = { namespace: 'prod', name: 'cosign-public' };
const plan = (api: KubeApi, more: object = {}): Promise<KeyPairPlan> => clusterKeys(api.kubeconfig()).planKeyPair({ place, ...more }, never);
const fails = (work: Promise<unknown>, code: ErrorCode, words = /./): Promise<void> => assert.rejects(work, (error) => {
  assert.ok(error instanceof CosignError && error.code === code, String(error));
  assert.match(`${error.message} ${String(error.remedy)}`, words);
  return true;
});
const old = { data: { 'cosign.key': 'OLD', 'cosign.pub': 'OLDPUB', 'cosign.password': 'oldpw', other: 'kept' }, metadata: { labels: { app: 'x' }, annotations: { note: 'n' } } };

it('planning writes nothing and shows the public key but no private part', async (test) => {
  const api = await startCluster(test);
  const { manifest, publicKey, secrets, context } = await plan(api, { publicOnly });
  assert.equal(api.secrets.size, 0);
  assert.ok(api.requests.every(({ verb }) => verb === 'get'));
  assert.equal(context, 'token');
  assert.deepEqual(secrets.map(({ action }) => action), ['create', 'create']);
  assert.equal(manifest.toString().split(Buffer.from(publicKey.pem).toString('base64')).length, 3);
  assert.doesNotMatch(manifest.toString(), new RegExp(Buffer.from('private key').toString('base64').slice(0, 12)));
});

it('a new secret holds what cosign looks for, a second one the public key only', async (test) => {
  const api = await startCluster(test);
  const planned = await plan(api, { publicOnly });
  assert.deepEqual(await planned.write(never), { leftovers: [] });
  const made = api.secrets.get('prod/cosign');
  assert.deepEqual(Object.keys(made?.data ?? {}).sort(), ['cosign.key', 'cosign.password', 'cosign.pub']);
  assert.deepEqual([made?.immutable, made?.type], [true, 'Opaque']);
  const password = api.text('prod', 'cosign', 'cosign.password') ?? '';
  assert.match(password, /^\w{43}$/);
  assert.equal(api.text('prod', 'cosign', 'cosign.key'), `private key under ${password}`);
  assert.equal(api.text('prod', 'cosign', 'cosign.pub'), planned.publicKey.pem);
  assert.deepEqual(api.secrets.get('prod/cosign-public')?.data, { 'cosign.pub': made?.data?.['cosign.pub'] });
  assert.equal(api.secrets.get('prod/cosign-public')?.immutable, true);
});

for (const [minor, immutable] of [['20', undefined], ['20+', undefined], ['21', true], ['21+', true], ['33', true]] as const) {
  it(`on Kubernetes 1.${minor} a new secret is ${immutable ? 'immutable' : 'not immutable'}`, async (test) => {
    const api = await startCluster(test);
    api.version = { major: '1', minor };
    const planned = await plan(api);
    assert.equal(planned.manifest.toString().includes('immutable: true'), immutable === true);
    await planned.write(never);
    assert.equal(api.secrets.get('prod/cosign')?.immutable, immutable);
  });
}

it('a server that tells nobody its version is taken for a new one; any other failure is said', async (test) => {
  const api = await startCluster(test);
  api.allows = ({ resource }) => resource !== 'version';
  assert.match((await plan(api)).manifest.toString(), /immutable: true/);
  api.allows = () => true;
  api.fault = ({ resource }) => (resource === 'version' ? 500 : undefined);
  await fails(plan(api), 'KUBERNETES_REFUSED');
});

it('a mutable secret keeps its other data, labels and annotations', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', old);
  const planned = await plan(api);
  assert.deepEqual(planned.secrets, [{ place, action: 'update', holds: ['cosign.key', 'cosign.password', 'cosign.pub', 'other'], losesPrivateKey: true }]);
  await planned.write(never);
  const { metadata } = api.secrets.get('prod/cosign') ?? assert.fail();
  assert.deepEqual([metadata.labels, metadata.annotations, api.text('prod', 'cosign', 'other')], [{ app: 'x' }, { note: 'n' }, 'kept']);
  assert.equal(api.text('prod', 'cosign', 'cosign.pub'), planned.publicKey.pem);
});

it('what somebody else changed, created or deleted since it was looked at is not written over', async (test) => {
  const api = await startCluster(test);
  const created = await plan(api);
  api.put('prod', 'cosign', old);
  await fails(created.write(never), 'KUBERNETES_CONFLICT', /created it meanwhile/);
  const updated = await plan(api);
  api.put('prod', 'cosign', old);
  await fails(updated.write(never), 'KUBERNETES_CONFLICT', /changed it meanwhile/);
  const gone = await plan(api);
  api.secrets.clear();
  await fails(gone.write(never), 'KUBERNETES_CONFLICT');
  api.put('prod', 'cosign', { ...old, immutable: true });
  const replaced = await plan(api);
  api.put('prod', 'cosign', { data: { 'cosign.key': 'SOMEBODY' }, immutable: true });
  await fails(replaced.write(never), 'KUBERNETES_CONFLICT');
  assert.equal(api.text('prod', 'cosign', 'cosign.key'), 'SOMEBODY');
});

it('an immutable secret is replaced, and only by way of a copy that is gone afterwards', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { ...old, immutable: true, type: 'example.com/keys' });
  const planned = await plan(api);
  assert.deepEqual(planned.secrets.map(({ action, losesPrivateKey }) => [action, losesPrivateKey]), [['replace', true]]);
  assert.deepEqual(await planned.write(never), { leftovers: [] });
  assert.deepEqual([...api.secrets.keys()], ['prod/cosign']);
  const made = api.secrets.get('prod/cosign');
  assert.deepEqual([made?.type, made?.metadata.labels, api.text('prod', 'cosign', 'other'), api.text('prod', 'cosign', 'cosign.pub')], ['example.com/keys', { app: 'x' }, 'kept', planned.publicKey.pem]);
  const writes = api.requests.filter(({ verb }) => ['create', 'delete'].includes(verb)).map(({ verb, name, dryRun }) => `${verb}${dryRun ? ' dry' : ''} ${(name ?? '').replace(/-before-\w{8}$/, ' copy')}`);
  assert.deepEqual(writes, ['create dry cosign copy', 'create cosign copy', 'delete cosign', 'create cosign', 'delete cosign copy']);
});

it('a server that would refuse the new secret is asked before the old one is touched', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { ...old, immutable: true });
  api.fault = ({ dryRun }) => (dryRun ? 422 : undefined);
  await fails((await plan(api)).write(never), 'KUBERNETES_REFUSED', /422/);
  assert.deepEqual([...api.secrets.keys()], ['prod/cosign']);
  assert.equal(api.text('prod', 'cosign', 'cosign.key'), 'OLD');
});

/** Every request of a replacement. */
const steps = ['create dry copy', 'create copy', 'delete old', 'create new', 'get copy', 'delete copy'];

for (const fault of ['drop', 'drop after', 403, 409, 422, 500] as const satisfies readonly Fault[]) {
  for (let at = 0; at < steps.length; at++) {
    for (const lasting of [false, true]) {
      it(`no key is lost when "${steps[at] ?? ''}" meets ${fault}${lasting ? ', and everything after it too' : ''}`, async (test) => {
        const api = await startCluster(test);
        api.put('prod', 'cosign', { ...old, immutable: true });
        const planned = await plan(api);
        let seen = 0;
        api.fault = ({ resource }: KubeRequest) => {
          if (resource !== 'secrets') return undefined;
          const step = seen++;
          return step === at || (lasting && step > at) ? fault : undefined;
        };
        const outcome = await planned.write(never).catch((error: unknown) => error);
        const texts = (key: string): readonly (readonly [string, string | undefined])[] => [...api.secrets.keys()].map((path) => [path, api.text('prod', path.slice('prod/'.length), key)] as const);
        const isNew = api.text('prod', 'cosign', 'cosign.pub') === planned.publicKey.pem;
        const keeper = texts('cosign.key').find(([, key]) => key === 'OLD')?.[0];
        assert.ok(isNew || keeper !== undefined, 'the old key is nowhere');
        if (outcome instanceof Error) {
          assert.ok(outcome instanceof CosignError, String(outcome));
          const text = `${outcome.message} ${String(outcome.remedy)}`;
          // Whoever reads the message finds the key: under its own name, or under the one in the message.
          if (api.text('prod', 'cosign', 'cosign.key') !== 'OLD') assert.ok(keeper !== undefined && text.includes(keeper.slice('prod/'.length)), text);
          for (const path of [...api.secrets.keys()].filter((other) => other !== 'prod/cosign')) assert.ok(text.includes(path.slice('prod/'.length)), `${path} is left and not said: ${text}`);
        } else {
          assert.ok(isNew, 'success without the new key');
          const left = [...api.secrets.keys()].filter((path) => path !== 'prod/cosign');
          assert.ok(left.every((path) => JSON.stringify(outcome).includes(path.slice('prod/'.length))), 'a copy is left and not said');
        }
      });
    }
  }
}

it('a new secret that cannot be made puts the old one back as it was', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { ...old, immutable: true });
  const planned = await plan(api);
  let creations = 0;
  api.fault = ({ verb, name, dryRun }) => (verb === 'create' && name === 'cosign' && !dryRun && creations++ === 0 ? 422 : undefined);
  await fails(planned.write(never), 'KUBERNETES_REFUSED');
  assert.deepEqual([...api.secrets.keys()], ['prod/cosign']);
  const back = api.secrets.get('prod/cosign');
  assert.deepEqual([back?.immutable, back?.metadata.labels, back?.metadata.annotations], [true, { app: 'x' }, { note: 'n' }]);
  assert.deepEqual(Object.keys(old.data).map((key) => api.text('prod', 'cosign', key)), Object.values(old.data));
});

it('somebody who makes a secret of the same name in between keeps it, and the old key is kept beside it', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { ...old, immutable: true });
  const planned = await plan(api);
  api.after = ({ verb, name }) => { if (verb === 'delete' && name === 'cosign') api.put('prod', 'cosign', { data: { 'cosign.key': 'SOMEBODY' } }); };
  await fails(planned.write(never), 'KUBERNETES_CONFLICT', /kept as "cosign-before-/);
  assert.equal(api.text('prod', 'cosign', 'cosign.key'), 'SOMEBODY');
  assert.equal([...api.secrets.keys()].filter((path) => path.startsWith('prod/cosign-before-')).length, 1);
});

it('cancelling in the middle of a replacement does not leave it half done', async (test) => {
  const api = await startCluster(test);
  api.put('prod', 'cosign', { ...old, immutable: true });
  const planned = await plan(api);
  const cancel = new AbortController();
  api.after = ({ verb }) => { if (verb === 'delete') cancel.abort(new Error('cancelled')); };
  await planned.write(cancel.signal);
  assert.equal(api.text('prod', 'cosign', 'cosign.pub'), planned.publicKey.pem);
  assert.equal(api.secrets.size, 1);
});

it('cancelling before the first request writes nothing', async (test) => {
  const api = await startCluster(test);
  const planned = await plan(api);
  await assert.rejects(planned.write(AbortSignal.abort(new Error('cancelled'))), /^Error: cancelled$/);
  assert.equal(api.secrets.size, 0);
});

it('when the second secret fails, the message says that the first is written', async (test) => {
  const api = await startCluster(test);
  const planned = await plan(api, { publicOnly });
  api.allows = ({ name }) => name !== publicOnly.name;
  await fails(planned.write(never), 'KUBERNETES_FORBIDDEN', /k8s:\/\/prod\/cosign is written.*kubectl auth can-i create secrets --namespace prod/);
});

it('a namespace that is not there, and one secret for both, are refused', async (test) => {
  const api = await startCluster(test);
  await fails((await clusterKeys(api.kubeconfig()).planKeyPair({ place: { namespace: 'nowhere', name: 'cosign' } }, never)).write(never), 'KUBERNETES_SECRET_NOT_FOUND', /no such namespace/);
  await fails(plan(api, { publicOnly: place }), 'KUBERNETES_REFERENCE_INVALID');
});
