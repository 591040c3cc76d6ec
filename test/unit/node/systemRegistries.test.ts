import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { dockerHub } from '../../../src/core/oci/reference.ts';
import { SystemRegistries } from '../../../src/node/systemRegistries.ts';

function make(test: TestContext, files: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'countersign-'));
  test.after(() => { rmSync(root, { recursive: true, force: true }); });
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const problems: string[] = [];
  let now = 0;
  const registries = new SystemRegistries({
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, join(root, value)])), homeDirectory: join(root, 'home'), root, platform: 'linux',
    now: () => now, report: ({ message }) => { problems.push(message); },
    resolve: (hostname, done) => { done(null, hostname === 'in.test' ? [{ address: '10.1.2.3', family: 4 }] : [{ address: '192.0.2.1', family: 4 }]); },
  });
  const at = (name: string) => registries.places({ registry: name.slice(0, name.indexOf('/')), repository: name.slice(name.indexOf('/') + 1) });
  return { at, problems, root, later: () => { now += 60_000; } };
}
const location = (text: string, more = ''): string => `[[registry]]\nprefix = "a.test"\nlocation = "${text}"\n${more}`;

it('docker allows plain http to the very names it lists, and to ranges of addresses; never to Docker Hub', async (test) => {
  const { at } = make(test, { 'etc/docker/daemon.json': '{"insecure-registries":["a.test","b.test:5000","10.0.0.0/8","docker.io"]}' });
  const allowed = async (name: string): Promise<boolean> => (await at(name)).origin.insecure;
  for (const name of ['a.test/x', 'b.test:5000/x', 'in.test/x', 'in.test:81/x', '10.9.9.9:5000/x']) assert.equal(await allowed(name), true, name);
  for (const name of ['a.test:5000/x', 'b.test/x', 'out.test/x', '11.0.0.1/x', `${dockerHub}/library/x`]) assert.equal(await allowed(name), false, name);
});

it("podman's insecure counts for what the prefix covers, and for the mirror that says so", async (test) => {
  const { at } = make(test, { 'etc/containers/registries.conf': '[[registry]]\nlocation = "a.test/foo"\ninsecure = true\n[[registry.mirror]]\nlocation = "m.test"\n[[registry.mirror]]\nlocation = "n.test"\ninsecure = true' });
  const { origin, mirrors } = await at('a.test/foo/x');
  assert.deepEqual([origin.insecure, ...mirrors.map(({ insecure }) => insecure)], [true, false, true]);
  assert.equal((await at('a.test/bar/x')).origin.insecure, false);
});

it('mirrors of docker are for Docker Hub only, after those of podman', async (test) => {
  const { at } = make(test, { 'etc/docker/daemon.json': '{"registry-mirrors":["https://d.test"]}', 'etc/containers/registries.conf': '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "p.test/hub"' });
  assert.deepEqual((await at(`${dockerHub}/library/x`)).mirrors.map(({ repository }) => `${repository.registry}/${repository.repository}`), ['p.test/hub/library/x', 'd.test/library/x']);
  assert.deepEqual((await at('a.test/x')).mirrors, []);
});

it('files are read as podman reads them: the named one, the user\'s or the machine\'s, then what is dropped in', async (test) => {
  const machine = { 'etc/containers/registries.conf': location('machine.test') };
  const user = { ...machine, 'home/.config/containers/registries.conf': location('user.test') };
  const place = async (files: Readonly<Record<string, string>>, env = {}): Promise<string> => (await make(test, files, env).at('a.test/x')).origin.repository.registry;
  assert.equal(await place({}), 'a.test');
  assert.equal(await place(machine), 'machine.test');
  assert.equal(await place(user), 'user.test');
  assert.equal(await place({ ...user, 'named.conf': location('named.test') }, { CONTAINERS_REGISTRIES_CONF: 'named.conf' }), 'named.test');
  assert.equal(await place({ ...user, 'etc/containers/registries.conf.d/1.conf': location('one.test'), 'etc/containers/registries.conf.d/2.conf': location('two.test'), 'etc/containers/registries.conf.d/3.txt': 'no' }), 'two.test');
  assert.equal(await place({ ...user, 'etc/containers/registries.conf.d/2.conf': location('two.test'), 'home/.config/containers/registries.conf.d/1.conf': location('own.test') }), 'own.test');
});

it('a file that cannot be understood loosens nothing, and is reported once', async (test) => {
  const { at, problems, root, later } = make(test, {
    'etc/docker/daemon.json': '{"insecure-registries":["a.test"],', 'etc/containers/registries.conf': '[[registry]]\nlocation = "a.test"\ninsecure = true', 'etc/containers/registries.conf.d/x.conf': '[[registry',
  });
  const plain = { blocked: false, origin: { repository: { registry: 'a.test', repository: 'x' }, insecure: false }, mirrors: [] };
  assert.deepEqual(await at('a.test/x'), plain);
  later();
  assert.deepEqual(await at('a.test/x'), plain);
  assert.equal(problems.length, 2);
  writeFileSync(join(root, 'etc/containers/registries.conf.d/x.conf'), '');
  later();
  assert.equal((await at('a.test/x')).origin.insecure, true);
});
