import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { createKeychain, type KeychainOptions } from '../../../src/node/keychain.ts';
import { never } from './servers.ts';

const basic = (username: string, password: string): object => ({ kind: 'basic', username, password });
const auth = (login: string): object => ({ auth: Buffer.from(login).toString('base64') });
const hubKey = 'https://index.docker.io/v1/';

interface Home { readonly path: string; write(file: string, content: unknown): Promise<void>; options(changes?: Partial<KeychainOptions>): KeychainOptions }

async function makeHome(test: TestContext): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), 'countersign-'));
  test.after(() => rm(path, { recursive: true }));
  let written = 0;
  return {
    path,
    write: async (file, content) => {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), typeof content === 'string' ? content : JSON.stringify(content));
      await utimes(join(path, file), ++written, written);
    },
    options: (changes = {}) => ({ trusted: () => true, useCredentials: true, env: { PATH: `${join(path, 'bin')}:${process.env['PATH'] ?? ''}` }, homeDirectory: path, ...changes }),
  };
}

const matrix: readonly (readonly [what: string, auths: object, registry: string, repository: string, expected: object | undefined])[] = [
  ['a host', { 'ghcr.io': auth('me:pw') }, 'ghcr.io', 'o/app', basic('me', 'pw')],
  ['a password with colons', { 'ghcr.io': auth('me:a:b:c') }, 'ghcr.io', 'o/app', basic('me', 'a:b:c')],
  ['a host with a port', { 'localhost:5000': auth('me:pw') }, 'localhost:5000', 'app', basic('me', 'pw')],
  ['another port', { 'localhost:5001': auth('me:pw') }, 'localhost:5000', 'app', undefined],
  ['a URL', { 'https://ghcr.io': auth('me:pw') }, 'ghcr.io', 'o/app', basic('me', 'pw')],
  ['a v1 URL', { 'https://quay.io/v1/': auth('me:pw') }, 'quay.io', 'o/app', basic('me', 'pw')],
  ['a host with /v2/', { 'quay.io/v2/': auth('me:pw') }, 'quay.io', 'o/app', basic('me', 'pw')],
  ['Docker Hub by its key', { [hubKey]: auth('me:pw') }, 'index.docker.io', 'library/alpine', basic('me', 'pw')],
  ['Docker Hub by its name', { 'docker.io': auth('me:pw') }, 'index.docker.io', 'library/alpine', basic('me', 'pw')],
  ['a host that only ends alike', { 'io': auth('me:pw'), 'evil-ghcr.io': auth('me:pw') }, 'ghcr.io', 'o/app', undefined],
  ['user name and password', { 'ghcr.io': { username: 'me', password: 'pw' } }, 'ghcr.io', 'o/app', basic('me', 'pw')],
  ['an identity token', { 'ghcr.io': { ...auth('me:'), identitytoken: 'id' } }, 'ghcr.io', 'o/app', { kind: 'identity', token: 'id' }],
  ['a registry token', { 'ghcr.io': { ...auth('me:pw'), registrytoken: 'reg' } }, 'ghcr.io', 'o/app', { kind: 'bearer', token: 'reg' }],
  ['an empty entry', { 'ghcr.io': {} }, 'ghcr.io', 'o/app', undefined],
  ['the most specific namespace', { 'ghcr.io': auth('host:1'), 'ghcr.io/o': auth('ns:2'), 'ghcr.io/o/app': auth('repo:3') }, 'ghcr.io', 'o/app', basic('repo', '3')],
  ['the namespace above', { 'ghcr.io': auth('host:1'), 'ghcr.io/o': auth('ns:2'), 'ghcr.io/o/app': auth('repo:3') }, 'ghcr.io', 'o/other', basic('ns', '2')],
  ['a name inherited from Object', { 'ghcr.io': auth('me:pw') }, 'constructor', 'toString', undefined],
];
for (const [what, auths, registry, repository, expected] of matrix) {
  it(`finds the login under ${what}, in docker's and in podman's file`, async (test) => {
    for (const file of ['.docker/config.json', '.config/containers/auth.json']) {
      const home = await makeHome(test);
      await home.write(file, { auths });
      assert.deepEqual(await createKeychain(home.options()).find(registry, repository, never), expected);
    }
  });
}

it('the setting beats DOCKER_CONFIG, which beats ~/.docker, and podman comes last', async (test) => {
  const home = await makeHome(test);
  const find = (changes: Partial<KeychainOptions>): Promise<unknown> => createKeychain(home.options(changes)).find('ghcr.io', 'o/app', never);
  assert.equal(await find({}), undefined);
  const steps: readonly (readonly [string, Partial<KeychainOptions>])[] = [
    ['.config/containers/auth.json', {}], ['xdg/containers/auth.json', { env: { XDG_CONFIG_HOME: join(home.path, 'xdg') } }],
    ['run/containers/auth.json', { env: { XDG_RUNTIME_DIR: join(home.path, 'run') } }], ['named.json', { env: { REGISTRY_AUTH_FILE: join(home.path, 'named.json') } }],
    ['.docker/config.json', {}], ['env/config.json', { env: { DOCKER_CONFIG: join(home.path, 'env') } }],
    ['set/config.json', { dockerConfig: join(home.path, 'set'), env: { DOCKER_CONFIG: join(home.path, 'env') } }],
  ];
  for (const [file, changes] of steps) {
    await home.write(file, { auths: { 'ghcr.io': auth(`${file}:pw`) } });
    assert.deepEqual(await find(changes), basic(file, 'pw'));
  }
});

it('without trust or permission no file is read and no helper is run', async (test) => {
  const home = await makeHome(test);
  await home.write('.docker/config.json', '{ malformed');
  assert.equal(await createKeychain(home.options({ trusted: () => false })).find('ghcr.io', 'o/app', never), undefined);
  assert.equal(await createKeychain(home.options({ useCredentials: false })).find('ghcr.io', 'o/app', never), undefined);
  await assert.rejects(createKeychain(home.options()).find('ghcr.io', 'o/app', never), CosignError);
});

for (const content of ['', '{', 'null', '[]', '{"auths":[]}', '{"auths":{"ghcr.io":"x"}}', '{"auths":{"ghcr.io":{"auth":"%%%"}}}', '{"auths":{"ghcr.io":{"auth":"bm9jb2xvbg=="}}}', '{"auths":{"ghcr.io":{"auth":7}}}',
  '{"credHelpers":{"ghcr.io":7}}', '{"credsStore":7}', `{"auths":{"x":{"auth":"s3cret"}},}`, ' '.repeat(2_000_000)]) {
  it(`a file with ${content.slice(0, 40) || 'nothing'} is unreadable, and says which file without quoting it`, async (test) => {
    const home = await makeHome(test);
    await home.write('.docker/config.json', content);
    await assert.rejects(createKeychain(home.options()).find('ghcr.io', 'o/app', never), (error) => error instanceof CosignError
      && error.code === 'CREDENTIALS_UNREADABLE' && error.message.includes('config.json') && !error.message.includes('s3cret'));
  });
}

it('a malformed entry of another registry disturbs nobody', async (test) => {
  const home = await makeHome(test);
  await home.write('.docker/config.json', { auths: { 'other.test': { auth: '%%%' }, 'ghcr.io': auth('me:pw') } });
  assert.deepEqual(await createKeychain(home.options()).find('ghcr.io', 'o/app', never), basic('me', 'pw'));
});

it('a changed file is read again', async (test) => {
  const home = await makeHome(test);
  const keychain = createKeychain(home.options());
  for (const password of ['a', 'b']) {
    await home.write('.docker/config.json', { auths: { 'ghcr.io': auth(`me:${password}`) } });
    assert.deepEqual(await keychain.find('ghcr.io', 'o/app', never), basic('me', password));
  }
});

it('credHelpers beats credsStore, answers are shared and kept for a while, and Docker Hub has its own name', async (test) => {
  const home = await makeHome(test);
  const log = join(home.path, 'asked');
  for (const name of ['one', 'store']) {
    await home.write(`bin/docker-credential-${name}`, `#!/bin/sh\nread -r server\necho "${name} $1 $server" >> ${log}\ncase $server in unknown.test) echo 'credentials not found in native keychain'; exit 1;; esac\nprintf '{"ServerURL":"x","Username":"${name}","Secret":"pw"}'\n`);
    await chmod(join(home.path, `bin/docker-credential-${name}`), 0o755);
  }
  await home.write('.docker/config.json', { credsStore: 'store', credHelpers: { 'ghcr.io': 'one' }, auths: { 'unknown.test': auth('file:pw') } });
  let now = 0;
  const keychain = createKeychain(home.options({ now: () => now }));
  const find = (registry: string): Promise<unknown> => keychain.find(registry, 'o/app', never);
  assert.deepEqual(await Promise.all([find('ghcr.io'), find('ghcr.io')]), [basic('one', 'pw'), basic('one', 'pw')]);
  assert.deepEqual(await find('index.docker.io'), basic('store', 'pw'));
  assert.deepEqual(await find('unknown.test'), basic('file', 'pw'));
  await find('ghcr.io');
  now += 3_600_000;
  await find('ghcr.io');
  const { readFile } = await import('node:fs/promises');
  assert.deepEqual((await readFile(log, 'utf8')).trim().split('\n'), ['one get ghcr.io', `store get ${hubKey}`, 'store get unknown.test', 'one get ghcr.io']);
});
