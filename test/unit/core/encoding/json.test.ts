import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../../../src/core/encoding/base64.ts';
import { readJson } from '../../../../src/core/encoding/json.ts';
import { failsWith } from '../../../support/registryClient.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);

describe('JSON from strangers', () => {
  it('is what the platform reads, for everything the platform writes', () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => assert.deepEqual(readJson(bytes(JSON.stringify(value))), JSON.parse(JSON.stringify(value)))));
  });

  it('gives a member called __proto__ no power', () => {
    const value = readJson(bytes('{"__proto__":{"admin":true}}')) as Record<string, unknown>;
    assert.equal(value['admin'], undefined);
    assert.deepEqual(Object.keys(value), ['__proto__']);
  });

  for (const [name, text] of Object.entries({
    'nothing': '', 'white space only': ' ', 'two values': '{} {}', 'a trailing comma': '[1,]', 'an open text': '"a', 'an open object': '{"a":1', 'a raw line break in a text': '"\n"', 'a wrong escape': '"\\x"', 'an open escape': '"\\', 'NaN': 'NaN', 'a comment': '{}//x',
    'a byte order mark': '\uFEFF{}', 'a key twice': '{"a":1,"a":2}', 'a key twice, once escaped': '{"a":1,"\\u0061":2}', 'a key twice far down': '[{"x":{"b":1,"c":[{}],"b":2}}]', 'a key twice with white space': '{"a" :1,"a"\n:2}', 'a stray bracket': ']',
  })) {
    it(`is refused with ${name}`, () => assert.throws(() => readJson(bytes(text)), failsWith('MANIFEST_INVALID')));
  }

  it('may repeat keys in different objects, and values', () => {
    assert.deepEqual(readJson(bytes('[{"a":"a"},{"a":{"a":"a"}}]')), [{ a: 'a' }, { a: { a: 'a' } }]);
  });

  it('is refused when it is no UTF-8', () => {
    for (const tail of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80]]) assert.throws(() => readJson(Uint8Array.from([0x22, ...tail, 0x22])), failsWith('MANIFEST_INVALID'));
  });

  it('is bounded in bytes and in depth', () => {
    assert.throws(() => readJson(bytes('[1234]'), { maxBytes: 5 }), failsWith('SIZE_LIMIT'));
    assert.deepEqual(readJson(bytes('[123]'), { maxBytes: 5 }), [123]);
    assert.throws(() => readJson(bytes('[[[]]]'), { maxDepth: 2 }), failsWith('MANIFEST_INVALID'));
    assert.deepEqual(readJson(bytes('[["[[["]]'), { maxDepth: 2 }), [['[[[']]);
    assert.throws(() => readJson(bytes('['.repeat(1_000_000))), failsWith('MANIFEST_INVALID'));
  });
});

describe('base64', () => {
  it('is read back as it was written', () => {
    fc.assert(fc.property(fc.uint8Array(), (value) => assert.deepEqual(decodeBase64(encodeBase64(value)), value)));
  });

  for (const text of ['a', 'ab', 'abc', 'ab=c', 'ab==c', '====', '=', 'YQ', 'YQ=', 'YR==', 'YWI', 'YWJ=', 'YQ==\n', ' YQ==', 'YQ==YQ==', 'Y-_=', 'YQ=é']) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(decodeBase64(text), undefined));
  }
});
