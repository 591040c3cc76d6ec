import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePublicKeys } from '../../../../src/core/crypto/publicKey.ts';
import { encodePem, parsePem } from '../../../../src/core/encoding/pem.ts';
import { CosignError, type ErrorCode } from '../../../../src/core/errors.ts';
import { bytes, examples, keyFile, keyNames, publicKey, text, withCode } from '../cosign/fixtures.ts';

const labels = { p256: 'ECDSA P-256', p384: 'ECDSA P-384', p521: 'ECDSA P-521', rsa2048: 'RSA 2048', rsa3072: 'RSA 3072', rsa4096: 'RSA 4096', ed25519: 'Ed25519' };

describe('public keys', () => {
  for (const name of keyNames) {
    it(`reads the ${labels[name]} key that cosign wrote and gives back its PEM`, () => {
      const key = publicKey(name);
      assert.equal(key.label, labels[name]);
      assert.equal(key.pem, text(keyFile(`${name}.pub`)));
      const hash = createHash('sha256').update(key.spki).digest('base64');
      assert.equal(key.hint, hash);
      assert.equal(key.fingerprint, `SHA256:${hash.replaceAll('=', '')}`);
    });
  }

  it('knows the hint of the worked example', () => {
    assert.equal(parsePublicKeys(bytes(examples.pub))[0]?.hint, examples.hint);
  });

  it('reads PKCS#1 as the same key as SPKI', () => {
    assert.equal(parsePublicKeys(keyFile('rsa2048.pkcs1.pub'))[0]?.fingerprint, publicKey('rsa2048').fingerprint);
  });

  const pem = examples.pub;
  const shapes: Record<string, string> = {
    'CRLF': pem.replaceAll('\n', '\r\n'),
    'old Mac line ends': pem.replaceAll('\n', '\r'),
    'a BOM': `\ufeff${pem}`,
    'text around': `my key:\n\n${pem}\nthat was it -----\n`,
    'no line feed at the end': pem.trimEnd(),
    'indentation and trailing blanks': pem.replaceAll(/^/gm, '    ').replaceAll(/$/gm, '  '),
    'one long line of base64': `-----BEGIN PUBLIC KEY-----\n${pem.split('\n').slice(1, -2).join('')}\n-----END PUBLIC KEY-----`,
  };
  for (const [name, shape] of Object.entries(shapes)) {
    it(`accepts ${name}`, () => {
      assert.equal(parsePublicKeys(bytes(shape))[0]?.hint, examples.hint);
    });
  }

  it('reads several blocks in order', () => {
    const keys = parsePublicKeys(Buffer.concat([keyFile('p384.pub'), bytes('\n# next\n'), keyFile('ed25519.pub'), keyFile('rsa2048.pkcs1.pub')]));
    assert.deepEqual(keys.map(({ label }) => label), ['ECDSA P-384', 'Ed25519', 'RSA 2048']);
  });

  const refused: readonly (readonly [string, ErrorCode, string?])[] = [
    ['p256.key', 'KEY_IS_PRIVATE'], ['import-p256.pkcs8.pem', 'KEY_IS_PRIVATE'], ['import-p256.sec1.pem', 'KEY_IS_PRIVATE'], ['rsa2048.pkcs1.pem', 'KEY_IS_PRIVATE'],
    ['encrypted-pkcs8.pem', 'KEY_IS_PRIVATE'], ['rsa2048-encrypted.pkcs1.pem', 'KEY_IS_PRIVATE'], ['ecparam-p256.pem', 'KEY_IS_PRIVATE'], ['openssh', 'KEY_IS_PRIVATE'],
    ['certificate.pem', 'KEY_IS_CERTIFICATE'],
    ['p224.pub', 'KEY_UNSUPPORTED', 'P-224'], ['secp256k1.pub', 'KEY_UNSUPPORTED', 'secp256k1'], ['rsa1024.pub', 'KEY_UNSUPPORTED', 'RSA 1024'], ['rsapss.pub', 'KEY_UNSUPPORTED', 'RSA-PSS'],
    ['dsa.pub', 'KEY_UNSUPPORTED', 'DSA'], ['ed448.pub', 'KEY_UNSUPPORTED', 'Ed448'], ['x25519.pub', 'KEY_UNSUPPORTED', 'X25519'], ['openssh.pub', 'KEY_UNSUPPORTED', 'OpenSSH'],
    ['p256-explicit.pub', 'KEY_UNSUPPORTED'], ['p256-compressed.pub', 'KEY_UNSUPPORTED', 'compressed'],
  ];
  for (const [file, code, named] of refused) {
    it(`refuses ${file} as ${code}`, () => {
      assert.throws(() => parsePublicKeys(keyFile(file)), (error) => withCode(code)(error) && (named === undefined || (error instanceof CosignError && error.message.includes(named))));
    });
  }

  it('refuses a file that holds a private key beside the public one', () => {
    assert.throws(() => parsePublicKeys(Buffer.concat([keyFile('p256.pub'), keyFile('p256.key')])), withCode('KEY_IS_PRIVATE'));
  });

  it('refuses UTF-16, with and without a mark', () => {
    const utf16 = Buffer.from(pem, 'utf16le');
    for (const data of [utf16, Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), Buffer.from(utf16).swap16()]) {
      assert.throws(() => parsePublicKeys(data), (error) => withCode('KEY_INVALID')(error) && error instanceof CosignError && error.message.includes('UTF-16'));
    }
  });

  const garbage: Record<string, string> = {
    'nothing': '', 'prose': 'hello', 'no END': pem.replace(/-----END.*/, ''), 'another END': pem.replace('END PUBLIC', 'END PRIVATE'), 'no body': '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
    'bad base64': pem.replace('MFkw', 'MF*w'), 'a cut body': pem.replace(/\n.*\n-----END/, '\n-----END'), 'another label': pem.replaceAll('PUBLIC KEY', 'SOMETHING'),
    'BEGIN within BEGIN': pem.replace('\n', '\n-----BEGIN PUBLIC KEY-----\n'), 'base64 that is no key': encodePem('PUBLIC KEY', bytes('not DER at all')),
    'PKCS#1 under the SPKI label': text(keyFile('rsa2048.pkcs1.pub')).replaceAll('RSA PUBLIC', 'PUBLIC'),
  };
  for (const [name, data] of Object.entries(garbage)) {
    it(`refuses ${name}`, () => {
      assert.throws(() => parsePublicKeys(bytes(data)), withCode('KEY_INVALID'));
    });
  }

  it('refuses bytes behind the key inside the block', () => {
    for (const name of ['p256', 'rsa2048', 'ed25519']) {
      const [block] = parsePem(keyFile(`${name}.pub`));
      assert.throws(() => parsePublicKeys(bytes(encodePem('PUBLIC KEY', Buffer.concat([block?.bytes ?? Buffer.of(), Buffer.of(0)])))), withCode('KEY_INVALID'));
    }
  });

  it('refuses an Ed25519 key of small order, with which one signature fits everything', () => {
    const prefix = Buffer.from('302a300506032b6570032100', 'hex');
    for (const point of ['0100000000000000000000000000000000000000000000000000000000000000', '0000000000000000000000000000000000000000000000000000000000000000', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f']) {
      assert.throws(() => parsePublicKeys(bytes(encodePem('PUBLIC KEY', Buffer.concat([prefix, Buffer.from(point, 'hex')])))), withCode('KEY_INVALID'));
    }
  });

  it('refuses RSA with exponent 1', () => {
    const { publicKey: rsa } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const der = rsa.export({ type: 'pkcs1', format: 'der' });
    // 02 03 01 00 01 at the end becomes 02 01 01; the outer length shrinks by two.
    const one = Buffer.concat([der.subarray(0, -5), Buffer.from([2, 1, 1])]);
    one.writeUInt16BE(one.length - 4, 2);
    assert.throws(() => parsePublicKeys(bytes(encodePem('RSA PUBLIC KEY', one))), withCode('KEY_UNSUPPORTED'));
  });

  it('refuses more than a mebibyte unread, and takes linear time below', () => {
    assert.throws(() => parsePublicKeys(new Uint8Array(1024 * 1024 + 1).fill(0x41)), withCode('KEY_INVALID'));
    assert.throws(() => parsePublicKeys(bytes('-----BEGIN PUBLIC KEY-----\n'.repeat(38000))), withCode('KEY_INVALID'));
    assert.throws(() => parsePublicKeys(bytes('-----BEGIN A-----\nAA==\n-----END A-----\n'.repeat(2000))), withCode('KEY_INVALID'));
  });

  it('either reads or refuses any bytes', () => {
    const line = fc.constantFrom('-----BEGIN PUBLIC KEY-----', '-----END PUBLIC KEY-----', 'MFkw', '', '-----', 'a: b', '=', ...pem.split('\n'));
    fc.assert(fc.property(fc.array(line), (lines) => {
      try {
        assert.ok(parsePublicKeys(bytes(lines.join('\n'))).length > 0);
      } catch (error) {
        assert.ok(error instanceof CosignError);
      }
    }));
  });

  it('writes PEM that it reads', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (data) => {
      const [block] = parsePem(bytes(encodePem('ANY THING', data)));
      assert.deepEqual({ label: block?.label, bytes: Buffer.from(block?.bytes ?? []) }, { label: 'ANY THING', bytes: Buffer.from(data) });
    }));
  });
});
