import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { generatePrivateKey, importPrivateKey, privateKeyFromPkcs8, toPkcs8 } from '../../../../src/core/crypto/privateKey.ts';
import { encodePem } from '../../../../src/core/encoding/pem.ts';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import { bytes, keyFile, publicKey, withCode } from '../cosign/fixtures.ts';

describe('importing a private key', () => {
  const accepted: readonly (readonly [string, string, string?])[] = [
    ['import-p256.pkcs8.pem', 'ECDSA P-256', 'import-p256'], ['import-p256.sec1.pem', 'ECDSA P-256', 'import-p256'], ['ecparam-p256.pem', 'ECDSA P-256'],
    ['p384.pkcs8.pem', 'ECDSA P-384', 'p384'], ['p521.pkcs8.pem', 'ECDSA P-521', 'p521'],
    ['rsa2048.pkcs8.pem', 'RSA 2048', 'rsa2048'], ['rsa2048.pkcs1.pem', 'RSA 2048', 'rsa2048'], ['rsa3072.pkcs8.pem', 'RSA 3072', 'rsa3072'], ['rsa4096.pkcs8.pem', 'RSA 4096', 'rsa4096'],
    ['ed25519.pkcs8.pem', 'Ed25519', 'ed25519'],
  ];
  for (const [file, label, pub] of accepted) {
    it(`takes ${file} as ${label}`, () => {
      const key = importPrivateKey(keyFile(file));
      assert.equal(key.publicKey.label, label);
      if (pub !== undefined) assert.equal(key.publicKey.fingerprint, publicKey(pub).fingerprint);
    });
  }

  const refused: readonly (readonly [string, ErrorCode, string])[] = [
    ['p224.pem', 'KEY_UNSUPPORTED', 'P-224'], ['secp256k1.pem', 'KEY_UNSUPPORTED', 'secp256k1'], ['rsa1024.pem', 'KEY_UNSUPPORTED', 'RSA 1024'], ['rsa2560.pem', 'KEY_UNSUPPORTED', 'RSA 2560'],
    ['rsapss.pem', 'KEY_UNSUPPORTED', 'RSA-PSS'], ['ed448.pem', 'KEY_UNSUPPORTED', 'Ed448'], ['x25519.pem', 'KEY_UNSUPPORTED', 'X25519'], ['dsa.pem', 'KEY_UNSUPPORTED', 'DSA'],
    ['p256-explicit.pem', 'KEY_UNSUPPORTED', 'parameters'], ['encrypted-pkcs8.pem', 'KEY_UNSUPPORTED', 'password'], ['rsa2048-encrypted.pkcs1.pem', 'KEY_UNSUPPORTED', 'password'],
    ['openssh', 'KEY_UNSUPPORTED', 'OpenSSH'], ['p256.key', 'KEY_UNSUPPORTED', 'cosign'], ['p256.pub', 'KEY_INVALID', 'public key'], ['certificate.pem', 'KEY_IS_CERTIFICATE', 'certificate'],
    ['README.md', 'KEY_INVALID', 'no private key'],
  ];
  for (const [file, code, named] of refused) {
    it(`refuses ${file} as ${code}, naming it`, () => {
      assert.throws(() => importPrivateKey(keyFile(file)), (error) => withCode(code)(error) && error instanceof CosignError && error.message.includes(named));
    });
  }

  it('says of each what to do about a private key, never to take a public one', () => {
    for (const [file] of refused) {
      assert.throws(() => importPrivateKey(keyFile(file)), (error) => error instanceof CosignError && error.remedy !== undefined && !error.remedy.toString().includes('public key'), file);
    }
  });

  it('refuses two keys in one file', () => {
    assert.throws(() => importPrivateKey(Buffer.concat([keyFile('p384.pkcs8.pem'), keyFile('p521.pkcs8.pem')])), withCode('KEY_INVALID'));
  });

  it('refuses garbage under the label of a private key', () => {
    for (const label of ['PRIVATE KEY', 'EC PRIVATE KEY', 'RSA PRIVATE KEY']) {
      assert.throws(() => importPrivateKey(bytes(encodePem(label, bytes('garbage')))), withCode('KEY_INVALID'));
    }
    assert.throws(() => importPrivateKey(bytes(encodePem('DSA PRIVATE KEY', bytes('garbage')))), withCode('KEY_UNSUPPORTED'));
  });

  it('refuses a key whose public half belongs to another', () => {
    const [mine, theirs] = [0, 1].map(() => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'der' }));
    assert.ok(mine && theirs);
    const mixed = Buffer.concat([mine.subarray(0, -65), theirs.subarray(-65)]);
    assert.throws(() => privateKeyFromPkcs8(mixed), withCode('KEY_INVALID'));
    assert.doesNotThrow(() => privateKeyFromPkcs8(mine));
  });

  it('makes of every form the PKCS#8 that Go writes', async () => {
    assert.equal(toPkcs8(importPrivateKey(keyFile('import-p256.sec1.pem'))).length, 138);
    assert.equal(toPkcs8(await generatePrivateKey()).length, 138);
    assert.equal(toPkcs8(importPrivateKey(keyFile('ed25519.pkcs8.pem'))).length, 48);
  });
});
