import assert from 'node:assert/strict';
import { constants, createPrivateKey, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import { ed25519, ed25519ph } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import fc from 'fast-check';
import { importPrivateKey, type PrivateKey } from '../../../../src/core/crypto/privateKey.ts';
import { digestsOf, signBytes, startDigests, startPureCheck, startSigning, verifyBytes, verifyDigests } from '../../../../src/core/crypto/signatures.ts';
import { bytes, keyFile, keyNames, publicKey } from '../cosign/fixtures.ts';

const message = bytes('a message');
const imported = ['import-p256', 'p384', 'p521', 'rsa2048', 'rsa3072', 'rsa4096', 'ed25519'];

function privateKey(name: string): PrivateKey {
  return importPrivateKey(keyFile(`${name}.pkcs8.pem`));
}

function bothWays(name: string, signature: Uint8Array, signed: Uint8Array = message): readonly [boolean, string] {
  const key = publicKey(name);
  return [verifyBytes(key, signed, signature), verifyDigests(key, digestsOf(signed), signature)];
}

describe('signatures', () => {
  for (const name of imported) {
    it(`by ${name} are written as both cosigns verify them, and verify here from bytes and from digests`, () => {
      const signature = signBytes(privateKey(name), message);
      assert.deepEqual(bothWays(name, signature), [true, name === 'ed25519' ? 'needs-message' : 'verified']);
      assert.equal(verifyBytes(publicKey(name), bytes('another'), signature), false);
      const [wrong] = keyNames.filter((other) => !name.includes(other));
      assert.deepEqual(bothWays(wrong ?? 'p256', signature), [false, 'refused']);
    });

    it(`by ${name} are refused with any bit of any byte changed`, () => {
      const key = publicKey(name);
      const signature = signBytes(privateKey(name), message);
      const digests = digestsOf(message);
      for (let at = 0; at < signature.length; at++) {
        const changed = Uint8Array.from(signature);
        changed[at] = (changed[at] ?? 0) ^ (1 << (at % 8));
        assert.equal(verifyBytes(key, message, changed), false, `byte ${at}`);
        if (at % 8 === 0) assert.notEqual(verifyDigests(key, digests, changed), 'verified', `byte ${at}`);
      }
    });

    it(`by ${name} are refused empty, cut, lengthened, and huge`, () => {
      const signature = signBytes(privateKey(name), message);
      for (const bad of [new Uint8Array(), signature.subarray(0, -1), signature.subarray(1), Buffer.concat([signature, Buffer.of(0)]), Buffer.concat([Buffer.of(0), signature]), new Uint8Array(100_000).fill(0x30)]) {
        assert.deepEqual(bothWays(name, bad), [false, 'refused']);
      }
    });
  }

  for (const [name, hash] of [['p384', 'sha384'], ['p384', 'sha256'], ['p521', 'sha512'], ['p521', 'sha256']] as const) {
    it(`by ${name} over ${hash} are accepted`, () => {
      assert.deepEqual(bothWays(name, sign(hash, message, privateKey(name).handle)), [true, 'verified']);
    });
  }

  for (const [name, hash] of [['import-p256', 'sha384'], ['p384', 'sha512'], ['p521', 'sha384'], ['rsa2048', 'sha512'], ['rsa2048', 'sha1']] as const) {
    it(`by ${name} over ${hash} are refused: no cosign makes them`, () => {
      assert.deepEqual(bothWays(name, sign(hash, message, privateKey(name).handle)), [false, 'refused']);
    });
  }

  it('by RSA-PSS are refused', () => {
    assert.deepEqual(bothWays('rsa2048', sign('sha256', message, { key: privateKey('rsa2048').handle, padding: constants.RSA_PKCS1_PSS_PADDING })), [false, 'refused']);
  });

  it('by ECDSA in IEEE P1363 form are refused', () => {
    assert.deepEqual(bothWays('import-p256', sign('sha256', message, { key: privateKey('import-p256').handle, dsaEncoding: 'ieee-p1363' })), [false, 'refused']);
  });

  it('by ECDSA are accepted with a high and with a low S', () => {
    const { r, s } = p256.Signature.fromBytes(signBytes(privateKey('import-p256'), message), 'der');
    for (const value of [s, p256.Point.Fn.ORDER - s]) {
      assert.deepEqual(bothWays('import-p256', new p256.Signature(r, value).toBytes('der')), [true, 'verified']);
    }
  });

  it('from digests agree with those from bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), fc.constantFrom('import-p256', 'p384', 'rsa2048'), (data, name) => {
      assert.deepEqual(bothWays(name, signBytes(privateKey(name), data), data), [true, 'verified']);
    }), { numRuns: 20 });
  });

  it('over a message in pieces are the same as over the whole', () => {
    for (const name of imported) {
      const signer = startSigning(privateKey(name));
      const digests = startDigests();
      for (const piece of ['a ', 'mess', '', 'age']) {
        signer.update(bytes(piece));
        digests.update(bytes(piece));
      }
      const signature = signer.finish();
      assert.equal(verifyBytes(publicKey(name), message, signature), true);
      assert.equal(verifyDigests(publicKey(name), digests.finish(), signature), name === 'ed25519' ? 'needs-message' : 'verified');
      assert.equal(verifyBytes(publicKey(name), bytes('a massage'), signature), false);
    }
  });
});

describe('Ed25519', () => {
  const seed = privateKey('ed25519').handle.export({ type: 'pkcs8', format: 'der' }).subarray(-32);

  it('prehashed is accepted from bytes and from digests', () => {
    assert.deepEqual(bothWays('ed25519', ed25519ph.sign(message, seed)), [true, 'verified']);
  });

  it('prehashed matches RFC 8032 §7.3', () => {
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from('ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf', 'hex')]);
    const key = { ...publicKey('ed25519'), spki };
    const signature = Buffer.from('98a70222f0b8121aa9d30f813d683f809e462b469c7ff87639499bb94e6dae4131f85042463c2a355a2003d062adf5aaa10b8c61e636062aaad11c2a26083406', 'hex');
    assert.equal(verifyDigests(key, digestsOf(bytes('abc')), signature), 'verified');
  });

  it('prehashed with a context is refused', () => {
    assert.deepEqual(bothWays('ed25519', ed25519ph.sign(message, seed, { context: bytes('x') })), [false, 'needs-message']);
  });

  it('signed in pieces never uses a nonce twice, and always verifies', () => {
    const nonces = new Set<string>();
    fc.assert(fc.property(fc.array(fc.uint8Array()), (pieces) => {
      const signer = startSigning(privateKey('ed25519'));
      for (const piece of pieces) signer.update(piece);
      const signature = signer.finish();
      assert.ok(verifyBytes(publicKey('ed25519'), Buffer.concat(pieces), signature));
      const nonce = Buffer.from(signature.subarray(0, 32)).toString('hex');
      assert.ok(!nonces.has(nonce));
      nonces.add(nonce);
    }));
  });

  it('with S beyond the group order is refused', () => {
    const signature = Uint8Array.from(ed25519ph.sign(message, seed));
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ed25519.Point.Fn.ORDER;
    signature.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(), 32);
    assert.equal(verifyBytes(publicKey('ed25519'), message, signature), false);
  });

  it('pure is verified in pieces, and only for the right message, key and signature', () => {
    const check = (name: string, pieces: readonly string[], signature: Uint8Array): boolean | undefined => {
      const started = startPureCheck(publicKey(name), signature);
      for (const piece of pieces) started?.update(bytes(piece));
      return started?.verify();
    };
    const signature = signBytes(privateKey('ed25519'), message);
    assert.equal(check('ed25519', ['a mes', 'sage'], signature), true);
    assert.equal(check('ed25519', ['a mes', 'sagf'], signature), false);
    assert.equal(check('ed25519', ['a message'], signature.subarray(1)), false);
    assert.equal(check('p256', ['a message'], signature), undefined);
  });
});

/** What Wycheproof's ecdsa tests try, written out here for one valid signature. */
describe('the DER of ECDSA signatures', () => {
  const key = createPrivateKey(Buffer.from(keyFile('import-p256.pkcs8.pem')));
  const integer = (value: bigint): Buffer => {
    const hex = value.toString(16);
    const even = hex.length % 2 ? `0${hex}` : hex;
    return Buffer.from((parseInt(even.slice(0, 2), 16) & 0x80 ? '00' : '') + even, 'hex');
  };
  const tlv = (tag: number, body: Buffer): Buffer => Buffer.concat([Buffer.from([tag, body.length]), body]);
  const valid = p256.Signature.fromBytes(Uint8Array.from(sign('sha256', message, key)), 'der');
  const r = integer(valid.r);
  const s = integer(valid.s);
  const n = p256.Point.Fn.ORDER;
  const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, Buffer.concat(parts));
  const pair = (a: Buffer, b: Buffer): Buffer => sequence(tlv(2, a), tlv(2, b));
  const body = Buffer.concat([tlv(2, r), tlv(2, s)]);

  it('is accepted as it should be', () => {
    assert.deepEqual(bothWays('import-p256', pair(r, s)), [true, 'verified']);
  });

  const bad: Record<string, Buffer> = {
    'trailing bytes behind the sequence': Buffer.concat([pair(r, s), Buffer.of(0)]),
    'trailing bytes inside the sequence': sequence(tlv(2, r), tlv(2, s), Buffer.of(0)),
    'a third integer': sequence(tlv(2, r), tlv(2, s), tlv(2, Buffer.of(1))),
    'only one integer': sequence(tlv(2, r)),
    'an empty sequence': sequence(),
    'a long form of a short length': Buffer.concat([Buffer.from([0x30, 0x81, body.length]), body]),
    'a two-byte length': Buffer.concat([Buffer.from([0x30, 0x82, 0, body.length]), body]),
    'an indefinite length': Buffer.concat([Buffer.from([0x30, 0x80]), body, Buffer.from([0, 0])]),
    'a length that is too large': Buffer.concat([Buffer.from([0x30, body.length + 1]), body]),
    'a length that is too small': Buffer.concat([Buffer.from([0x30, body.length - 1]), body]),
    'a length of four gigabytes': Buffer.concat([Buffer.from([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), body]),
    'an integer with a needless zero in front': pair(Buffer.concat([Buffer.of(0), Buffer.of(0), r]), s),
    'an integer with a long-form length': sequence(Buffer.concat([Buffer.from([2, 0x81, r.length]), r]), tlv(2, s)),
    'an empty integer': pair(Buffer.alloc(0), s),
    'another tag for the sequence': tlv(0x31, body),
    'another tag for an integer': sequence(tlv(3, r), tlv(2, s)),
    'a NULL in front': sequence(Buffer.from([5, 0]), tlv(2, r), tlv(2, s)),
    'r = 0': pair(Buffer.of(0), s),
    's = 0': pair(r, Buffer.of(0)),
    'r = s = 0': pair(Buffer.of(0), Buffer.of(0)),
    'r = 1 and s = 1': pair(Buffer.of(1), Buffer.of(1)),
    'r = n': pair(integer(n), s),
    's = n': pair(r, integer(n)),
    'r + n': pair(integer(valid.r + n), s),
    's + n': pair(r, integer(valid.s + n)),
    'r + 2^256': pair(integer(valid.r + (1n << 256n)), s),
    'a negative r': pair(Buffer.from(((1n << 264n) - valid.r).toString(16), 'hex'), s),
    'a negative s': pair(r, Buffer.from(((1n << 264n) - valid.s).toString(16), 'hex')),
    'r and s swapped': pair(s, r),
    'a huge integer': pair(Buffer.alloc(120, 0x7f), Buffer.of(1)),
  };
  for (const [name, signature] of Object.entries(bad)) {
    it(`is refused with ${name}`, () => {
      assert.deepEqual(bothWays('import-p256', signature), [false, 'refused']);
    });
  }
});

describe('RSA padding', () => {
  it('is refused with anything but the one encoding of SHA-256', async () => {
    const { privateEncrypt } = await import('node:crypto');
    const handle = privateKey('rsa2048').handle;
    const digest = Buffer.from(digestsOf(message).sha256);
    const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
    const encode = (tail: Buffer, filler = 0xff, type = 1): Buffer => Buffer.concat([Buffer.from([0, type]), Buffer.alloc(256 - 3 - tail.length, filler), Buffer.of(0), tail]);
    const raw = (block: Buffer): Buffer => privateEncrypt({ key: handle, padding: constants.RSA_NO_PADDING }, block);
    assert.deepEqual(bothWays('rsa2048', raw(encode(Buffer.concat([info, digest])))), [true, 'verified']);
    const bad = [
      encode(digest),
      encode(Buffer.concat([info, digest, Buffer.of(0)])),
      encode(Buffer.concat([info, digest]), 0xfe),
      encode(Buffer.concat([info, digest]), 0xff, 2),
      encode(Buffer.concat([Buffer.from('302f300b0609608648016503040201', 'hex'), Buffer.from('0420', 'hex'), digest])),
      Buffer.concat([Buffer.from([0, 1, 255, 255, 255, 255, 255, 255, 255, 255, 0]), info, digest, Buffer.alloc(256 - 11 - info.length - digest.length, 7)]),
    ];
    for (const block of bad) assert.deepEqual(bothWays('rsa2048', raw(block)), [false, 'refused']);
  });
});
