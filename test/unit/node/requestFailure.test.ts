import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isCertificateRefused } from '../../../src/core/oci/connectionFailure.ts';
import { settingDefaults } from '../../../src/contributions.ts';
import { DialFailure, DialTimeout } from '../../../src/node/connector.ts';
import type { Proxy } from '../../../src/node/proxySettings.ts';
import { proxyRefusal, toRequestError, type RequestContext } from '../../../src/node/requestFailure.ts';

const system = (code: string): Error => Object.assign(new Error('secret'), { code });
const context: RequestContext = { host: 'registry.test:5000', proxy: undefined, timeoutMs: 30_000, answering: false, referral: undefined };
const own: Proxy = { hostname: 'proxy', port: 3128, secure: false, shown: 'proxy:3128', setting: 'http.proxy' };
const environment: Proxy = { ...own, setting: 'HTTPS_PROXY' };
const fail = (code: string, changes: Partial<RequestContext> = {}, hop: 'target' | 'proxy' = 'target') => toRequestError(new DialFailure(hop, system(code)), { ...context, ...changes });

const authorities = 'countersign.registries.certificateAuthorities';
const insecure = 'countersign.registries.insecure';
const causes: readonly (readonly [cause: string, setting: string | false, remedy: RegExp])[] = [
  ['ECONNREFUSED', 'http.proxy', /network/], ['ENOTFOUND', 'http.proxy', /name/], ['ETIMEDOUT', 'http.proxy', /network/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', authorities, /PEM file/], ['DEPTH_ZERO_SELF_SIGNED_CERT', authorities, /PEM file/],
  ['CERT_HAS_EXPIRED', insecure, /renewed/], ['CERT_NOT_YET_VALID', false, /clock/], ['ERR_TLS_CERT_ALTNAME_INVALID', insecure, /name/],
  ['CERT_REVOKED', false, /another certificate/], ['ERR_SSL_WRONG_VERSION_NUMBER', insecure, /insecure/], ['EPROTO', false, /TLS 1\.2/],
];
for (const [cause, setting, remedy] of causes) {
  it(`${cause} is shown with the one setting that changes it and a remedy of its own`, () => {
    const error = fail(cause);
    assert.equal(error.setting, setting);
    assert.match(String(error.remedy), remedy);
    if (cause !== 'ERR_SSL_WRONG_VERSION_NUMBER') assert.match(error.message, new RegExp(`\\(${cause}\\)`));
    assert.equal(typeof setting === 'string' && setting.startsWith('countersign.') ? setting in settingDefaults : true, true);
  });
}

it('only an authority that is not known is cured by naming one', () => {
  for (const cause of ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID', 'CERT_REVOKED', 'INVALID_PURPOSE']) {
    assert.doesNotMatch(String(fail(cause).remedy), /certificateAuthorities/, cause);
  }
});

it('a revoked certificate is never to be waved through', () => assert.doesNotMatch(String(fail('CERT_REVOKED').remedy), /insecure/));

it('a proxy of the settings is changed there, one of the environment in no setting', () => {
  assert.equal(fail('ECONNREFUSED', { proxy: own }, 'proxy').setting, 'http.proxy');
  assert.equal(fail('ECONNREFUSED', { proxy: environment }, 'proxy').setting, false);
  assert.equal(fail('CERT_HAS_EXPIRED', { proxy: own }, 'proxy').setting, 'http.proxyStrictSSL');
  assert.equal(fail('CERT_HAS_EXPIRED', { proxy: own }).setting, insecure);
  assert.deepEqual([407, 403].map((status) => proxyRefusal(status, 'registry.test', own).setting), ['http.proxy', 'http.noProxy']);
  assert.equal(proxyRefusal(407, 'registry.test', environment).setting, 'http.proxyAuthorization');
});

it('nothing is asked of a proxy for a registry on this machine', () => {
  const { setting, remedy } = fail('ECONNREFUSED', { host: 'localhost:5000' });
  assert.deepEqual([setting, remedy?.toString().includes('proxy')], [false, false]);
});

it('of several addresses the one that was nearest to an answer counts', () => {
  const all = (...codes: string[]) => toRequestError(new DialFailure('target', Object.assign(new AggregateError(codes.map(system)), { code: codes[0] })), context);
  assert.match(all('ENETUNREACH', 'ECONNREFUSED').message, /ECONNREFUSED/);
  assert.deepEqual([all('ETIMEDOUT', 'ENETUNREACH').code, all('ENETUNREACH', 'EHOSTUNREACH').code], ['REGISTRY_TIMEOUT', 'REGISTRY_UNREACHABLE']);
});

it('no connection is not said to be a slow answer', () => {
  const late = toRequestError(new DialFailure('target', new DialTimeout(10_000)), context);
  assert.deepEqual([late.code, late.setting], ['REGISTRY_TIMEOUT', 'http.proxy']);
  assert.match(late.message, /no connection within 10 s/);
  assert.doesNotMatch(fail('ETIMEDOUT').message, /30 s/);
});

it('a refused certificate is still known as one, under the failure of the connection', () => {
  assert.deepEqual([isCertificateRefused(fail('CERT_HAS_EXPIRED')), isCertificateRefused(fail('EPROTO'))], [true, false]);
});
