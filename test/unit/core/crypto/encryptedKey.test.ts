import assert from 'node:assert/strict';
import { scryptSync } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { changePassword, decryptPrivateKey, encryptPrivateKey, generateKeyPair, importKeyPair, isEncryptedKey } from '../../../../src/core/crypto/encryptedKey.ts';
import { privateKeyFromPkcs8, toPkcs8 } from '../../../../src/core/crypto/privateKey.ts';
import { signBytes, verifyBytes } from '../../../../src/core/crypto/signatures.ts';
import * as secretbox from '../../../../src/core/crypto/secretbox.ts';
import { encodePem, parsePem } from '../../../../src/core/encoding/pem.ts';
import { bytes, examples, fixturePassword, keyFile, keyNames, publicKey, text, withCode } from '../cosign/fixtures.ts';

const never = new AbortController().signal;
const pkcs8 = Buffer.from(examples.pkcs8hex, 'hex');
type Json = Record<string, unknown>;
/** The worked example's key with its JSON changed. */
function withJson(change: (json: { kdf: Json & { params: Json }; cipher: Json } & Json) => unknown, label = 'ENCRYPTED SIGSTORE PRIVATE KEY'): Uint8Array {
  const json = JSON.parse(examples.json) as { kdf: Json & { params: Json }; cipher: Json } & Json;
  const changed = change(json);
  return bytes(encodePem(label, bytes(typeof changed === 'string' ? changed : JSON.stringify(json))));
}

describe('the encrypted private key', () => {
  it('of the worked example is written to the byte', async () => {
    const json = JSON.parse(examples.json) as { kdf: { salt: string }; cipher: { nonce: string } };
    const random = (size: number): Uint8Array => Buffer.from(size === 32 ? json.kdf.salt : json.cipher.nonce, 'base64');
    assert.equal(await encryptPrivateKey(privateKeyFromPkcs8(pkcs8), 'correct horse', never, random), examples.pem);
  });

  it('of the worked example is read', async () => {
    const key = await decryptPrivateKey(bytes(examples.pem), 'correct horse', never);
    assert.deepEqual(Buffer.from(toPkcs8(key)), pkcs8);
    assert.equal(key.publicKey.hint, examples.hint);
  });

  it('of the worked example has the derived key that is written down', () => {
    const salt = Buffer.from((JSON.parse(examples.json) as { kdf: { salt: string } }).kdf.salt, 'base64');
    assert.equal(scryptSync('correct horse', salt, 32, { N: 65536, r: 8, p: 1, maxmem: 2 ** 27 }).toString('hex'), examples.kdfhex);
  });

  for (const [name, password] of [...keyNames.map((key) => [key, fixturePassword] as const), ['p256-2.5.0', fixturePassword], ['p256-empty-password', '']] as const) {
    it(`${name}.key of the real cosign is read, and signs for its .pub`, async () => {
      const key = await decryptPrivateKey(keyFile(`${name}.key`), bytes(password), never);
      const trusted = publicKey(name);
      assert.equal(key.publicKey.fingerprint, trusted.fingerprint);
      assert.ok(verifyBytes(trusted, bytes('x'), signBytes(key, bytes('x'))));
    });
  }

  it('is unlocked beside the event loop, which goes on turning meanwhile', async () => {
    let [turns, unlocked] = [0, false];
    const turn = (): void => {
      turns++;
      if (!unlocked) setImmediate(turn);
    };
    turn();
    await decryptPrivateKey(bytes(examples.pem), 'correct horse', never);
    unlocked = true;
    // Far more than the few turns in which the work is handed over and taken back.
    assert.ok(turns > 100, String(turns));
  });

  it('is read with the old PEM name, CRLF, a BOM and text around it', async () => {
    const old = examples.pem.replaceAll('SIGSTORE', 'COSIGN').replaceAll('\n', '\r\n');
    assert.equal((await decryptPrivateKey(bytes(`\ufeffmy key\r\n${old}bye`), 'correct horse', never)).publicKey.hint, examples.hint);
  });

  for (const N of [32768, 131072]) {
    it(`is read with the scrypt parameter N=${N}`, async () => {
      const key = scryptSync('p', 'salt', 32, { N, r: 8, p: 1, maxmem: 2 ** 28 });
      const nonce = Buffer.alloc(24, 1);
      const pem = withJson((json) => {
        Object.assign(json.kdf, { salt: Buffer.from('salt').toString('base64') });
        json.kdf.params['N'] = N;
        json.cipher['nonce'] = nonce.toString('base64');
        json['ciphertext'] = Buffer.from(secretbox.seal(key, nonce, pkcs8)).toString('base64');
      });
      assert.equal((await decryptPrivateKey(pem, 'p', never)).publicKey.hint, examples.hint);
    });
  }

  for (const params of [{ N: 16384, r: 8, p: 1 }, { N: 65535, r: 8, p: 1 }, { N: 262144, r: 8, p: 1 }, { N: 2 ** 30, r: 8, p: 1 }, { N: 65536, r: 9, p: 1 }, { N: 65536, r: 8, p: 2 }, { N: '65536', r: 8, p: 1 }, { N: -65536, r: 8, p: 1 }, {}]) {
    it(`is refused before scrypt runs with ${JSON.stringify(params)}`, async () => {
      await assert.rejects(decryptPrivateKey(withJson((json) => { json.kdf.params = params; }), 'correct horse', never), withCode('KEY_KDF_REFUSED'));
    });
  }

  it('is refused with another key derivation', async () => {
    await assert.rejects(decryptPrivateKey(withJson((json) => { json.kdf['name'] = 'pbkdf2'; }), '', never), withCode('KEY_KDF_REFUSED'));
  });

  const damages: Record<string, (json: { kdf: Json & { params: Json }; cipher: Json } & Json) => unknown> = {
    'not JSON': () => 'hello',
    'cut JSON': () => examples.json.slice(0, -1),
    'JSON and more': () => `${examples.json}x`,
    'null': () => 'null',
    'an array': () => '[]',
    'no kdf': (json) => { delete (json as Json)['kdf']; },
    'an array for kdf': (json) => { (json as Json)['kdf'] = []; },
    'no cipher': (json) => { delete (json as Json)['cipher']; },
    'another cipher': (json) => { json.cipher['name'] = 'aes'; },
    'a short nonce': (json) => { json.cipher['nonce'] = 'AAAA'; },
    'a long nonce': (json) => { json.cipher['nonce'] = Buffer.alloc(32).toString('base64'); },
    'a number for the nonce': (json) => { json.cipher['nonce'] = 24; },
    'a salt that is not base64': (json) => { json.kdf['salt'] = '***'; },
    'no ciphertext': (json) => { delete json['ciphertext']; },
    'a ciphertext that is not base64': (json) => { json['ciphertext'] = 'A'; },
    'params null': (json) => { (json.kdf as Json)['params'] = null; },
  };
  for (const [name, damage] of Object.entries(damages)) {
    it(`is refused as damaged with ${name}`, async () => {
      await assert.rejects(decryptPrivateKey(withJson(damage), 'correct horse', never), withCode('KEY_ENCRYPTED_INVALID'));
    });
  }

  it('is refused when it is too large to be a key', async () => {
    await assert.rejects(decryptPrivateKey(withJson(() => `${examples.json}${' '.repeat(70_000)}`), '', never), withCode('SIZE_LIMIT'));
  });

  for (const [name, code] of [['import-p256.pkcs8.pem', 'KEY_UNSUPPORTED'], ['import-p256.sec1.pem', 'KEY_UNSUPPORTED'], ['p256.pub', 'KEY_INVALID'], ['certificate.pem', 'KEY_IS_CERTIFICATE'], ['openssh.pub', 'KEY_INVALID']] as const) {
    it(`is not ${name}`, async () => {
      await assert.rejects(decryptPrivateKey(keyFile(name), '', never), withCode(code));
      assert.equal(isEncryptedKey(keyFile(name)), false);
    });
  }

  it('is refused when two are in one file', async () => {
    await assert.rejects(decryptPrivateKey(Buffer.concat([keyFile('p256.key'), keyFile('p384.key')]), '', never), withCode('KEY_INVALID'));
    assert.equal(isEncryptedKey(keyFile('p256.key')), true);
  });

  it('with a wrong password, or changed anywhere, says that the password is wrong, and not the password', async () => {
    const isWrong = (error: unknown): boolean => withCode('KEY_PASSWORD_WRONG')(error) && !inspect(error, { depth: 9 }).includes('hunter2');
    await assert.rejects(decryptPrivateKey(bytes(examples.pem), 'hunter2', never), isWrong);
    const box = Buffer.from((JSON.parse(examples.json) as { ciphertext: string }).ciphertext, 'base64');
    box[20] = (box[20] ?? 0) ^ 1;
    await assert.rejects(decryptPrivateKey(withJson((json) => { json['ciphertext'] = box.toString('base64'); }), 'correct horse', never), isWrong);
    for (const empty of ['', 'AAAA']) await assert.rejects(decryptPrivateKey(withJson((json) => { json['ciphertext'] = empty; }), 'correct horse', never), isWrong);
  });

  it('that holds no PKCS#8 is refused after decrypting', async () => {
    const key = scryptSync('p', 'salt', 32, { N: 32768, r: 8, p: 1, maxmem: 2 ** 28 });
    const nonce = Buffer.alloc(24, 1);
    const pem = withJson((json) => {
      json.kdf['salt'] = Buffer.from('salt').toString('base64');
      json.kdf.params['N'] = 32768;
      json.cipher['nonce'] = nonce.toString('base64');
      json['ciphertext'] = Buffer.from(secretbox.seal(key, nonce, bytes('no key'))).toString('base64');
    });
    await assert.rejects(decryptPrivateKey(pem, 'p', never), withCode('KEY_INVALID'));
  });

  it('stops waiting when cancelled, with the reason', async () => {
    const reason = new Error('enough');
    const late = new AbortController();
    const pending = decryptPrivateKey(bytes(examples.pem), 'correct horse', late.signal);
    late.abort(reason);
    await assert.rejects(pending, (error) => error === reason);
    await assert.rejects(generateKeyPair('', AbortSignal.abort(reason)), (error) => error === reason);
  });
});

describe('a key pair', () => {
  it('that is generated has the size and form of cosign\'s, and a new key, salt and nonce each time', async () => {
    const first = await generateKeyPair('pässwörd', never);
    const second = await generateKeyPair('pässwörd', never);
    assert.equal(first.privatePem.length, 653);
    assert.match(first.publicPem, /^-----BEGIN PUBLIC KEY-----\n(?:[A-Za-z0-9+/=]{1,64}\n){2}-----END PUBLIC KEY-----\n$/);
    assert.equal(first.key.publicKey.label, 'ECDSA P-256');
    assert.notEqual(first.publicPem, second.publicPem);
    const jsons = [first, second].map(({ privatePem }) => JSON.parse(text(parsePem(bytes(privatePem))[0]?.bytes ?? new Uint8Array())) as { kdf: { salt: string }; cipher: { nonce: string } });
    assert.notEqual(jsons[0]?.kdf.salt, jsons[1]?.kdf.salt);
    assert.notEqual(jsons[0]?.cipher.nonce, jsons[1]?.cipher.nonce);
    assert.equal((await decryptPrivateKey(bytes(first.privatePem), 'pässwörd', never)).publicKey.fingerprint, first.key.publicKey.fingerprint);
  });

  it('keeps its key when its password changes, and the old password no longer fits', async () => {
    const changed = await changePassword(bytes(examples.pem), 'correct horse', '', never);
    assert.equal(changed.publicPem, examples.pub);
    await assert.rejects(decryptPrivateKey(bytes(changed.privatePem), 'correct horse', never), withCode('KEY_PASSWORD_WRONG'));
    assert.deepEqual(Buffer.from(toPkcs8(await decryptPrivateKey(bytes(changed.privatePem), '', never))), pkcs8);
    await assert.rejects(changePassword(bytes(examples.pem), 'wrong', 'x', never), withCode('KEY_PASSWORD_WRONG'));
  });

  it('that is imported is the one that was given', async () => {
    const pair = await importKeyPair(keyFile('p384.pkcs8.pem'), 'p', never);
    assert.equal(pair.publicPem, publicKey('p384').pem);
    assert.equal((await decryptPrivateKey(bytes(pair.privatePem), 'p', never)).publicKey.label, 'ECDSA P-384');
  });
});

describe('secretbox', () => {
  it('opens what it sealed, and nothing else', () => {
    const size = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(fc.property(size(32), size(24), fc.uint8Array({ maxLength: 200 }), fc.nat(), (key, nonce, plain, at) => {
      const box = secretbox.seal(key, nonce, plain);
      assert.deepEqual(Buffer.from(secretbox.open(key, nonce, box) ?? []), Buffer.from(plain));
      const changed = Uint8Array.from(box);
      changed[at % box.length] = (changed[at % box.length] ?? 0) ^ 0x40;
      assert.equal(secretbox.open(key, nonce, changed), undefined);
      assert.equal(secretbox.open(key, nonce, box.subarray(0, -1)), undefined);
    }));
  });
});
