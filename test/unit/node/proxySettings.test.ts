import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CosignError } from '../../../src/core/errors.ts';
import { inAddressRange, isLoopback, namesHost } from '../../../src/node/hostNames.ts';
import { chooseProxy, decideProxy, type ProxySettings } from '../../../src/node/proxySettings.ts';

const choose = (url: string, settings: Partial<ProxySettings>): string | undefined => chooseProxy(new URL(url), { noProxy: [], env: {}, ...settings })?.shown;

it('the setting beats the environment, which has one variable per scheme in either case', () => {
  const env = { HTTPS_PROXY: 'http://secure:1', http_proxy: 'plain:2' };
  assert.equal(choose('https://ghcr.io/', { env }), 'secure:1');
  assert.equal(choose('http://ghcr.io/', { env }), 'plain:2');
  assert.equal(choose('https://ghcr.io/', { env, proxy: 'http://mine:3' }), 'mine:3');
  assert.equal(choose('https://ghcr.io/', { env, proxy: '  ' }), 'secure:1');
  assert.equal(choose('https://ghcr.io/', {}), undefined);
});

const exceptions: readonly (readonly [entry: string, url: string, direct: boolean])[] = [
  ['*', 'https://ghcr.io', true], ['ghcr.io', 'https://ghcr.io', true], ['GHCR.io', 'https://ghcr.io', true], ['ghcr.io', 'https://a.ghcr.io', true],
  ['ghcr.io', 'https://notghcr.io', false], ['.ghcr.io', 'https://ghcr.io', false], ['.ghcr.io', 'https://a.ghcr.io', true], ['*.ghcr.io', 'https://a.b.ghcr.io', true],
  ['ghcr.io:443', 'https://ghcr.io', true], ['ghcr.io:8443', 'https://ghcr.io', false], ['ghcr.io:80', 'http://ghcr.io', true],
  ['10.0.0.0/8', 'https://10.1.2.3', true], ['10.0.0.0/8', 'https://11.1.2.3', false], ['fd00::/8', 'https://[fd12::1]', true], ['fd12::1', 'https://[fd12::1]:5000', true],
  ['10.0.0.0/99', 'https://10.1.2.3', false], ['', 'https://ghcr.io', false], ['io', 'https://ghcr.io', true],
];
for (const [entry, url, direct] of exceptions) {
  it(`an exception "${entry}" makes ${url} ${direct ? 'direct' : 'proxied'}`, () => {
    assert.equal(choose(url, { proxy: 'http://p:1', noProxy: [entry] }), direct ? undefined : 'p:1');
    assert.equal(choose(url, { proxy: 'http://p:1', env: { NO_PROXY: `x.test, ${entry}` } }), direct ? undefined : 'p:1');
  });
}

it('a login in the address becomes basic credentials, even with a stray percent sign', () => {
  const login = (proxy: string): string => Buffer.from(chooseProxy(new URL('https://x.test'), { proxy, noProxy: [], env: {} })?.authorization?.slice(6) ?? '', 'base64').toString();
  assert.equal(login('http://me:a%3Ab@p:1'), 'me:a:b');
  assert.equal(login('http://me@p:1'), 'me:');
  assert.equal(login('http://me:100%@p:1'), 'me:100%');
});

it('http.proxyAuthorization is for a proxy whose address has no login, wherever that address comes from', () => {
  const authorization = (settings: Partial<ProxySettings>): string | undefined => chooseProxy(new URL('https://x.test'), { noProxy: [], env: {}, proxyAuthorization: 'Bearer abc', ...settings })?.authorization;
  assert.equal(authorization({ proxy: 'http://p:1' }), 'Bearer abc');
  assert.equal(authorization({ env: { HTTPS_PROXY: 'http://p:1' } }), 'Bearer abc');
  assert.match(authorization({ proxy: 'http://me:secret@p:1' }) ?? '', /^Basic /);
  assert.equal(authorization({ proxy: 'http://p:1', proxyAuthorization: '' }), undefined);
  assert.equal(authorization({}), undefined);
});

it('an http.proxyAuthorization that would be more than one header is refused without quoting it', () => {
  assert.throws(() => chooseProxy(new URL('https://x.test'), { noProxy: [], env: {}, proxy: 'http://p:1', proxyAuthorization: 'Basic secret\r\nX: y' }),
    (error) => error instanceof CosignError && error.code === 'PROXY_INVALID' && !`${error.message}${String(error.remedy)}`.includes('secret'));
});

it('with proxy support turned off there is no proxy, not even one of the environment', () => {
  assert.equal(choose('https://ghcr.io/', { proxySupport: false, proxy: 'http://mine:3', env: { HTTPS_PROXY: 'http://secure:1' } }), undefined);
});

it('says why a host is reached directly', () => {
  const why = (url: string, settings: Partial<ProxySettings>): unknown => decideProxy(new URL(url), { proxy: 'http://p:1', noProxy: [], env: {}, ...settings });
  assert.deepEqual(why('https://localhost/', {}), { kind: 'direct', why: 'loopback' });
  assert.deepEqual(why('https://ghcr.io/', { proxySupport: false }), { kind: 'direct', why: 'turned off' });
  assert.deepEqual(why('https://ghcr.io/', { proxy: '' }), { kind: 'direct', why: 'none' });
  assert.deepEqual(why('https://ghcr.io/', { noProxy: ['.x', 'ghcr.io'] }), { kind: 'direct', why: 'exception', entry: 'ghcr.io', from: 'http.noProxy' });
  assert.deepEqual(why('https://ghcr.io/', { env: { no_proxy: 'a, ghcr.io' } }), { kind: 'direct', why: 'exception', entry: 'ghcr.io', from: 'NO_PROXY' });
});

for (const proxy of ['socks5://me:secret@p:1', 'http://', 'http://me:secret@p:99999', 'ftp://me:secret@p']) {
  it(`"${proxy.replace(/me:.*@/, '')}" is no proxy, and its password stays unsaid`, () => {
    assert.throws(() => choose('https://x.test', { proxy }), (error) => error instanceof CosignError && error.code === 'PROXY_INVALID' && !`${error.message}${String(error.remedy)}`.includes('secret'));
  });
}

it('loopback is this machine and nothing that looks like it', () => {
  for (const host of ['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '::1']) assert.equal(isLoopback(host), true, host);
  for (const host of ['localhost.test', '127.0.0.1.test', '128.0.0.1', '::2', 'notlocalhost']) assert.equal(isLoopback(host), false, host);
});

it('a listed host covers every port, a listed port only itself, and Docker Hub each of its names', () => {
  const at = (hostname: string, port = 443): { hostname: string; port: number } => ({ hostname, port });
  assert.equal(namesHost('Registry.test', at('registry.test', 5000)), true);
  assert.equal(namesHost('registry.test:5000', at('registry.test', 5000)), true);
  assert.equal(namesHost('registry.test:5000', at('registry.test')), false);
  assert.equal(namesHost('test', at('registry.test')), false);
  assert.equal(namesHost('[::1]:5000', at('::1', 5000)), true);
  assert.equal(namesHost('docker.io', at('registry-1.docker.io')), true);
  assert.equal(inAddressRange('registry.test', '0.0.0.0/0'), false);
});
