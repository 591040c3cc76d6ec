// Which policy.json and which files of registries.d count on a machine, as for podman, buildah and skopeo.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { after, beforeEach, describe, it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { parseReference } from '../../../src/core/oci/reference.ts';
import { findContainersPolicy, readRegistriesD, type ContainersPlaces } from '../../../src/node/containersPolicy.ts';
import { readPolicyFile } from '../../../src/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-containers-'));
const signal = new AbortController().signal;
let root: string;
let places: ContainersPlaces;
let next = 0;

beforeEach(() => {
  root = join(folder, String(next++));
  places = { env: {}, homeDirectory: join(root, 'home'), userId: 1000, root };
});
after(() => { rmSync(folder, { recursive: true, force: true }); });

function put(path: string, text = path): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const found = async (more: Partial<ContainersPlaces> = {}): Promise<string | undefined> => (await findContainersPolicy({ ...places, ...more }, signal))?.text;
const unreadable = (error: unknown): boolean => error instanceof CosignError && error.code === 'FILE_UNREADABLE';

describe('policy.json', () => {
  it('is the user\'s, else the administrator\'s, else the distribution\'s', async () => {
    assert.equal(await found(), undefined);
    put('usr/share/containers/policy.json');
    assert.equal(await found(), 'usr/share/containers/policy.json');
    put('etc/containers/policy.json');
    assert.equal(await found(), 'etc/containers/policy.json');
    put('home/.config/containers/policy.json');
    assert.equal(await found(), 'home/.config/containers/policy.json');
    put('xdg/containers/policy.json');
    assert.equal(await found({ env: { XDG_CONFIG_HOME: join(root, 'xdg') } }), 'xdg/containers/policy.json');
    assert.equal(await found({ env: { XDG_CONFIG_HOME: join(root, 'nothing') } }), 'etc/containers/policy.json');
  });

  it('is the one that the environment names, and no other', async () => {
    put('home/.config/containers/policy.json');
    const path = put('own.json');
    assert.equal(await found({ env: { CONTAINERS_POLICY_JSON: path } }), 'own.json');
    assert.equal(await found({ env: { CONTAINERS_POLICY_JSON: '' } }), 'home/.config/containers/policy.json');
    await assert.rejects(found({ env: { CONTAINERS_POLICY_JSON: join(root, 'none.json') } }), unreadable);
  });

  it('that is there and cannot be read is not passed over', async () => {
    put('etc/containers/policy.json');
    mkdirSync(join(root, 'home/.config/containers/policy.json'), { recursive: true });
    await assert.rejects(found(), unreadable);
  });

  it('that is larger than any policy is not read whole', async () => {
    put('etc/containers/policy.json', ' '.repeat(1024 * 1024 + 1));
    await assert.rejects(found(), unreadable);
  });

  it('keeps its byte order mark, which podman refuses', async () => {
    put('etc/containers/policy.json', '\uFEFF{}');
    assert.equal(await found(), '\uFEFF{}');
  });

  it('is not looked for once that was cancelled', async () => {
    put('etc/containers/policy.json');
    await assert.rejects(findContainersPolicy(places, AbortSignal.abort(new Error('stop'))), /stop/);
    await assert.rejects(readRegistriesD(places, AbortSignal.abort(new Error('stop'))), /stop/);
  });
});

describe('registries.d', () => {
  const texts = async (more: Partial<ContainersPlaces> = {}): Promise<readonly string[]> => (await readRegistriesD({ ...places, ...more }, signal)).map(({ text }) => text);

  it('is every .yaml file of every folder, in the order of their names', async () => {
    put('etc/containers/registries.d/b.yaml');
    put('home/.config/containers/registries.d/c.yaml');
    put('usr/share/containers/registries.d/a.yaml');
    for (const other of ['x.yml', 'y.json', 'z.yaml.bak', 'yaml']) put(`etc/containers/registries.d/${other}`);
    mkdirSync(join(root, 'etc/containers/registries.d/folder.yaml'));
    assert.deepEqual((await texts()).map((path) => basename(path)), ['a.yaml', 'b.yaml', 'c.yaml']);
    assert.deepEqual((await readRegistriesD(places, signal)).map(({ uri }) => uri.startsWith('file:///')), [true, true, true]);
  });

  it('takes of files with one name the one nearest to the user', async () => {
    for (const path of ['usr/share/containers/registries.d', 'usr/share/containers/registries.rootless.d', 'etc/containers/registries.d', 'etc/containers/registries.rootless.d', 'etc/containers/registries.rootless.d/1000', 'home/.config/containers/registries.d']) {
      put(`${path}/default.yaml`);
      assert.deepEqual(await texts(), [`${path}/default.yaml`]);
    }
  });

  it('has folders for root, and others for everybody else', async () => {
    put('etc/containers/registries.rootful.d/root.yaml');
    put('etc/containers/registries.rootless.d/user.yaml');
    put('etc/containers/registries.rootless.d/1001/other.yaml');
    assert.deepEqual((await texts({ userId: 0 })).map((path) => basename(path)), ['root.yaml']);
    assert.deepEqual((await texts()).map((path) => basename(path)), ['user.yaml']);
    assert.deepEqual(await texts({ userId: undefined }), []);
  });

  it('follows links, passes over one that leads nowhere, and stops at what cannot be read', async () => {
    mkdirSync(join(root, 'etc/containers/registries.d'), { recursive: true });
    symlinkSync(put('elsewhere'), join(root, 'etc/containers/registries.d/a.yaml'));
    symlinkSync(join(root, 'nowhere'), join(root, 'etc/containers/registries.d/b.yaml'));
    assert.deepEqual(await texts(), ['elsewhere']);
    put('etc/containers/registries.d/c.yaml', ' '.repeat(1024 * 1024 + 1));
    await assert.rejects(texts(), unreadable);
  });
});

describe('a containers policy that was read from a file', () => {
  const policy = Buffer.from('{"default": [{"type": "sigstoreSigned", "keyPath": "cosign.pub", "signedIdentity": {"type": "matchRepository"}}]}');
  const attachments = 'default-docker:\n  use-sigstore-attachments: true\n';
  const rule = async (path: string): Promise<string> => {
    const { file } = await readPolicyFile(pathToFileURL(join(root, path)).href, policy, places);
    return file.demandsFor(parseReference('busybox')).map((demand) => (demand.rule.kind === 'signers' ? `signers ${demand.rule.keys[0]?.baseDirectory ?? ''}` : demand.rule.kind)).join();
  };

  it('goes with the registries.d beside it, else with that of the machine', async () => {
    assert.equal(await rule('workspace/policy.json'), 'reject');
    put('etc/containers/registries.d/default.yaml', attachments);
    assert.equal(await rule('workspace/policy.json'), `signers ${join(root, 'workspace')}`);
    put('workspace/registries.d/none.yaml', 'docker:\n');
    assert.equal(await rule('workspace/policy.json'), 'reject');
    put('workspace/registries.d/all.yaml', attachments);
    assert.equal(await rule('workspace/policy.json'), `signers ${join(root, 'workspace')}`);
  });

  it('of the machine goes with every registries.d of the machine, not only the one beside it', async () => {
    put('etc/containers/registries.d/one.yaml', 'docker:\n');
    put('usr/share/containers/registries.d/two.yaml', attachments);
    assert.equal(await rule('etc/containers/policy.json'), `signers ${join(root, 'etc/containers')}`);
  });

  it('reads no registries.d for a policy of another format', async () => {
    put('workspace/registries.d/broken.yaml', '[');
    const read = await readPolicyFile(pathToFileURL(join(root, 'workspace/a.yaml')).href, Buffer.from('kind: Pod'), places);
    assert.deepEqual([read.format, read.policies], ['cluster-image-policy', 0]);
  });
});
