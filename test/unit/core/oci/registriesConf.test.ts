import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { parseDaemonJson } from '../../../../src/core/oci/daemonJson.ts';
import { dockerHub } from '../../../../src/core/oci/reference.ts';
import { locate, mergeTables, parseRegistriesConf, tableFor } from '../../../../src/core/oci/registriesConf.ts';

const invalid = (work: () => unknown, words: RegExp): void => { assert.throws(work, (error) => error instanceof CosignError && error.code === 'SETTING_INVALID' && words.test(error.message)); };
const conf = (text: string) => parseRegistriesConf(text, '/c');
const daemon = (value: unknown) => parseDaemonJson(Buffer.from(JSON.stringify(value)), '/d');
const name = (text: string) => ({ registry: text.slice(0, text.indexOf('/')), repository: text.slice(text.indexOf('/') + 1) });

describe('registries.conf', () => {
  it('is read with its mirrors', () => {
    assert.deepEqual(conf(`unqualified-search-registries = ["docker.io"]
[[registry]]
prefix = "example.com/foo"
location = "inner.test/bar/"
insecure = true
[[registry.mirror]]
location = "mirror.test:5000/foo"
pull-from-mirror = "tag-only"
[[registry]]
location = "blocked.test"
blocked = true
mirror-by-digest-only = true
[[registry.mirror]]
location = "m.test"
insecure = true`), [
      { prefix: 'example.com/foo', location: 'inner.test/bar', insecure: true, blocked: false, mirrors: [{ location: 'mirror.test:5000/foo', insecure: false, pulls: 'tag-only' }] },
      { prefix: 'blocked.test', location: 'blocked.test', insecure: false, blocked: true, mirrors: [{ location: 'm.test', insecure: true, pulls: 'digest-only' }] },
    ]);
    assert.deepEqual(conf(''), []);
  });

  const wrong: readonly (readonly [string, RegExp])[] = [
    ['[[registry]', /not TOML/], ['[registries.insecure]\nregistries = []', /version 1/], ['registry = 1', /no list/], ['[[registry]]', /without a location/],
    ['[[registry]]\nprefix = "a.test"', /without a location/], ['[[registry]]\nlocation = "https://a.test"', /scheme/], ['[[registry]]\nlocation = 1', /no text/],
    ['[[registry]]\nlocation = "a.test"\ninsecure = "yes"', /neither true nor false/], ['[[registry]]\nlocation = "a.test/b:1"', /tag or digest/],
    ['[[registry]]\nlocation = "a.test"\npull-from-mirror = "all"', /outside a mirror/], ['[[registry]]\nlocation = "a.test"\n[[registry.mirror]]', /mirror without a location/],
    ['[[registry]]\nlocation = "a.test"\n[[registry.mirror]]\nlocation = "b.test"\npull-from-mirror = "some"', /none of all/],
    ['[[registry]]\nlocation = "a.test"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "b.test"\npull-from-mirror = "all"', /both/],
    ['[[registry]]\nlocation = "a test"', /names no registry/],
  ];
  for (const [text, words] of wrong) it(`that podman would refuse is refused as a whole: ${words.source}`, () => { invalid(() => conf(text), words); });

  const table = (prefix: string, location?: string) => ({ prefix, location, insecure: false, blocked: false, mirrors: [] });
  const tables = [table('example.com'), table('example.com/foo', 'inner.test/bar'), table('*.example.com'), table('docker.io/library', 'hub.test'), table('p.test:5000')];
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['example.com/x', 'example.com'], ['example.com/foo', 'example.com/foo'], ['example.com/foo/x', 'example.com/foo'], ['example.com/foobar', 'example.com'],
    ['a.example.com/x', '*.example.com'], ['a.b.example.com/x', '*.example.com'], ['badexample.com/x', undefined], ['example.com:5000/x', undefined],
    [`${dockerHub}/library/alpine`, 'docker.io/library'], [`${dockerHub}/org/app`, undefined], ['p.test:5000/x', 'p.test:5000'], ['p.test/x', undefined],
  ];
  for (const [image, prefix] of cases) it(`covers ${image} by ${prefix ?? 'nothing'}`, () => { assert.equal(tableFor(tables, name(image))?.prefix, prefix); });

  const moves: readonly (readonly [string, string, string | undefined, string | undefined])[] = [
    ['example.com/foo/x', 'example.com/foo', 'inner.test/bar', 'inner.test/bar/x'], ['example.com/foo', 'example.com/foo', 'inner.test/bar', 'inner.test/bar'],
    ['a.example.com/x', '*.example.com', 'inner.test', 'inner.test/x'], ['a.example.com/x', '*.example.com', undefined, 'a.example.com/x'],
    [`${dockerHub}/library/alpine`, 'docker.io', 'm.test:5000/hub', 'm.test:5000/hub/library/alpine'], ['example.com/library/a', 'example.com', 'docker.io', `${dockerHub}/library/a`],
    ['example.com/foo', 'example.com/foo', 'inner.test', undefined],
  ];
  for (const [image, prefix, location, to] of moves) {
    it(`moves ${image} to ${to ?? 'nowhere'}`, () => { assert.deepEqual(locate(name(image), prefix, location), to === undefined ? undefined : name(to)); });
  }

  it('of a later file takes the place of the same prefix', () => {
    assert.deepEqual(mergeTables([[table('a.test', 'b.test'), table('c.test')], [table('a.test', 'd.test')]]), [table('a.test', 'd.test'), table('c.test')]);
  });
});

describe('daemon.json', () => {
  it('lists hosts, ranges and mirrors', () => {
    assert.deepEqual(daemon({ 'insecure-registries': ['R.test:5000', '10.0.0.0/8', 'http://old.test', 'fd00::/8'], 'registry-mirrors': ['https://m.test', 'http://n.test:5000/'], debug: true }), {
      insecureHosts: ['r.test:5000', 'old.test'], insecureRanges: ['10.0.0.0/8', 'fd00::/8'],
      mirrors: [{ location: 'm.test', insecure: false, pulls: 'all' }, { location: 'n.test:5000', insecure: true, pulls: 'all' }],
    });
    assert.deepEqual(daemon({}), { insecureHosts: [], insecureRanges: [], mirrors: [] });
  });
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [[], /no JSON object/], [{ 'insecure-registries': 'a' }, /no list/], [{ 'insecure-registries': [1] }, /no list/], [{ 'insecure-registries': ['a/b/c'] }, /no host/],
    [{ 'registry-mirrors': ['m.test'] }, /no URL|no plain/], [{ 'registry-mirrors': ['https://m.test/path'] }, /no plain/], [{ 'registry-mirrors': ['https://a:b@m.test'] }, /no plain/],
  ];
  for (const [value, words] of wrong) it(`with a mistake counts for nothing: ${JSON.stringify(value)}`, () => { invalid(() => daemon(value), words); });
  it('that is cut off counts for nothing', () => { invalid(() => parseDaemonJson(Buffer.from('{"insecure-registries": ["a"'), '/d'), /not JSON/); });
});
