import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Digest } from '../../../../src/core/crypto/digest.ts';
import type { Descriptor } from '../../../../src/core/oci/manifest.ts';
import { choosePlatform, parsePlatform } from '../../../../src/core/oci/platform.ts';
import { failsWith } from '../../../support/registryClient.ts';
import { sha256, types } from '../../../support/registryStore.ts';

const entry = (text: string): Descriptor => {
  const [os = '', architecture = '', variant] = text.split('/');
  return { mediaType: types.manifest, digest: sha256(text) as Digest, size: 1, platform: { os, architecture, ...(variant === undefined ? {} : { variant }) } };
};
const chosen = (offered: readonly string[], wanted: string): string | undefined => offered.find((text) => sha256(text) === choosePlatform(offered.map(entry), wanted).digest);

describe('a platform', () => {
  for (const [text, os, architecture, variant] of [
    ['linux/amd64', 'linux', 'amd64', ''], ['Linux/x86_64', 'linux', 'amd64', ''], ['linux/arm64/v8', 'linux', 'arm64', ''], ['linux/aarch64', 'linux', 'arm64', ''], ['linux/arm', 'linux', 'arm', 'v7'],
    ['linux/arm/6', 'linux', 'arm', 'v6'], ['linux/armel', 'linux', 'arm', 'v6'], ['macos/arm64', 'darwin', 'arm64', ''], ['arm64', 'linux', 'arm64', ''], ['windows', 'windows', 'amd64', ''],
  ] as const) {
    it(`${text} is ${os}/${architecture}/${variant}`, () => assert.deepEqual(parsePlatform(text), { os, architecture, variant }));
  }

  for (const text of ['', 'linux/', '/amd64', 'a/b/c/d', 'linux amd64', 'linux/é']) {
    it(`is not "${text}"`, () => assert.throws(() => parsePlatform(text), failsWith('PLATFORM_NOT_FOUND')));
  }

  for (const [offered, wanted, result] of [
    [['linux/amd64', 'linux/arm64/v8'], 'linux/arm64', 'linux/arm64/v8'], [['linux/arm/v6', 'linux/arm/v7'], 'linux/arm', 'linux/arm/v7'], [['linux/arm/v5', 'linux/arm/v6'], 'linux/arm/v7', 'linux/arm/v6'],
    [['linux/arm/v7'], 'linux/arm64', 'linux/arm/v7'], [['linux/386'], 'linux/amd64', 'linux/386'], [['unknown/unknown', 'linux/amd64'], 'linux/amd64', 'linux/amd64'],
  ] as const) {
    it(`${wanted} pulls ${result} from ${offered.join(', ')}`, () => assert.equal(chosen(offered, wanted), result));
  }

  it('that an index lacks is an error that lists what there is', () => {
    assert.throws(() => choosePlatform([entry('linux/amd64'), entry('unknown/unknown')], 'linux/s390x'), (error: Error) => failsWith('PLATFORM_NOT_FOUND')(error) && error.message.includes('linux/amd64') && !error.message.includes('unknown'));
    assert.throws(() => choosePlatform([entry('linux/arm/v7')], 'linux/arm/v6'), failsWith('PLATFORM_NOT_FOUND'));
  });
});

it('a variant that is any number costs no more than one that exists', () => {
  for (const wanted of ['linux/amd64/v999999999', 'linux/amd64/v4294967297', 'linux/amd64/v1e9', 'linux/arm/v999999999', 'linux/arm64/v1e300', 'linux/amd64/v-1']) {
    assert.throws(() => chosen(['linux/riscv64'], wanted), failsWith('PLATFORM_NOT_FOUND'), wanted);
  }
});
