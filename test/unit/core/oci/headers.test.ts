import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseChallenges } from '../../../../src/core/oci/challenge.ts';
import { nextLink, parseRetryAfter } from '../../../../src/core/oci/headers.ts';
import { maySendTo, reachOf } from '../../../../src/core/oci/hosts.ts';

const plain = (header: string | readonly string[] | undefined): unknown => parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);

describe('WWW-Authenticate', () => {
  for (const [header, challenges] of [
    ['Bearer realm="https://a/token",service="b",scope="repository:a/b:pull,push"', [['bearer', { realm: 'https://a/token', service: 'b', scope: 'repository:a/b:pull,push' }]]],
    ['BEARER REALM=x', [['bearer', { realm: 'x' }]]],
    ['Basic realm="say \\"hi\\", all"', [['basic', { realm: 'say "hi", all' }]]],
    ['Negotiate, Basic realm="x", Bearer realm="y" , service=z', [['negotiate', {}], ['basic', { realm: 'x' }], ['bearer', { realm: 'y', service: 'z' }]]],
    ['Negotiate YWJj==, Basic realm="x"', [['negotiate', {}], ['basic', { realm: 'x' }]]],
    ['Bearer realm = "x"  ,  service = "y"', [['bearer', { realm: 'x', service: 'y' }]]],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    [['Basic realm="a"', 'Bearer realm="b"'], [['basic', { realm: 'a' }], ['bearer', { realm: 'b' }]]],
    [', ,Basic', [['basic', {}]]],
    ['Bearer realm="open', [['bearer', {}]]],
    ['realm="x"', []], ['', []], [undefined, []], ['"', []], ['=', []],
    ['Bearer __proto__="x"', [['bearer', { ['__proto__']: 'x' }]]],
  ] as const) {
    it(`is read from ${JSON.stringify(header)}`, () => assert.deepEqual(plain(header), challenges));
  }

  it('of any kind ends in finite time and never throws', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => parseChallenges(text).length <= text.length));
    assert.ok(parseChallenges('a,'.repeat(1_000_000)).length <= 8192);
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-01-02T03:04:05Z');
  for (const [value, ms] of [['7', 7000], [' 0 ', 0], ['Fri, 02 Jan 2026 03:04:15 GMT', 10_000], ['Fri, 02 Jan 2026 03:04:00 GMT', 0], ['soon', undefined], ['-1', undefined], ['1.5', undefined], ['', undefined], ['99999999999', undefined], [undefined, undefined]] as const) {
    it(`${String(value)} is ${String(ms)} milliseconds`, () => assert.equal(parseRetryAfter(value, now), ms));
  }
});

describe('Link', () => {
  for (const [value, target] of [
    ['</v2/a?last=1>; rel="next"', '/v2/a?last=1'], ['<x>; rel=next', 'x'], ['<x>; rel="prev next"', 'x'], ['<a>; rel="prev", <b>; rel="next"', 'b'], ['<a,b;c>; rel="next"', 'a,b;c'], ['<x>; title="a, b"; rel="next"', 'x'],
    ['<x>; rel="nextish"', undefined], ['<x>', undefined], ['x; rel="next"', undefined], ['', undefined], [undefined, undefined], [['<a>; rel="last"', '<b>; rel="next"'], 'b'],
  ] as const) {
    it(`${JSON.stringify(value)} leads to ${String(target)}`, () => assert.equal(nextLink(value), target));
  }
});

describe('the reach of a host', () => {
  for (const [reach, hosts] of Object.entries({
    loopback: ['localhost', 'LOCALHOST:5000', 'a.localhost', 'localhost.', '127.0.0.1', '127.255.0.1:80', '[::1]', '[::1]:443', '[::ffff:7f00:1]'],
    private: ['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.0.1', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255', '[::]', '[fd00::1]', '[fc00::]', '[ff02::1]', '[::ffff:a00:1]', '[64:ff9b::a00:1]'],
    'link-local': ['169.254.169.254', '169.254.0.1:80', '[fe80::1]', '[febf::1]', '[::ffff:a9fe:a9fe]'],
    public: ['ghcr.io', 'host:5000', '172.32.0.1', '8.8.8.8', '[2606:4700::1]', 'notlocalhost', 'localhost.example', '10.0.0.1.example'],
  })) {
    for (const host of hosts) it(`${host} is ${reach}`, () => assert.equal(reachOf(host), reach));
  }

  it('decides where a registry may send us', () => {
    for (const [from, to, allowed] of [
      ['ghcr.io', 'storage.example', true], ['ghcr.io', '127.0.0.1', false], ['ghcr.io', '10.0.0.1', false], ['localhost:5000', '127.0.0.1:9000', true], ['localhost:5000', '10.0.0.1', false],
      ['10.0.0.1', '10.0.0.2', true], ['10.0.0.1', 'localhost', false], ['10.0.0.1', '169.254.169.254', false], ['169.254.1.1', '169.254.169.254', false], ['169.254.1.1:80', '169.254.1.1', true],
    ] as const) assert.equal(maySendTo(from, to), allowed, `${from} → ${to}`);
  });
});
