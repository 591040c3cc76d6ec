import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { digestOf } from '../../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../../src/core/errors.ts';
import { encodePayload, parsePayload } from '../../../../src/core/cosign/simpleSigning.ts';
import { encodeStatement, findSubject, parseStatement, signPredicateType } from '../../../../src/core/cosign/statement.ts';
import { bytes, exampleDigest, examples, text, withCode } from './fixtures.ts';

const annotation = fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.constantFrom('<', '&', '>', '\u2028', '"', '\\', '\b', '\f', '\u0000', '\u001f', '__proto__', 'constructor', 'toString', '10', '9', 'é', '😀', '\uffff'));
const annotations = fc.array(fc.tuple(annotation, annotation)).map((pairs) => Object.fromEntries(pairs));
const digests = fc.uint8Array().map(digestOf);

function entries(record: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('a simple-signing payload', () => {
  it('is read back as it was written, whatever the annotations', () => {
    fc.assert(fc.property(fc.string(), digests, annotations, (repository, digest, notes) => {
      const parsed = parsePayload(encodePayload({ repository, digest, annotations: notes }), 1 << 20);
      assert.equal(parsed.digest, digest);
      assert.equal(parsed.identity, repository);
      assert.deepEqual(entries(parsed.annotations), entries(notes));
      assert.equal(parsed.type, 'cosign container image signature');
    }));
  });

  it('has its annotations sorted by UTF-8 bytes and escaped as Go does', () => {
    const payload = text(encodePayload({ repository: 'r', digest: exampleDigest, annotations: { '\u{1f600}': '', '\uffee': '', '10': '', '9': '', 'b': '\b\f\n\r\t\u0001\u007f', 'a': '<>&\u2028\u2029"\\/é\ud800' } }));
    assert.ok(payload.endsWith('"optional":{"10":"","9":"","a":"\\u003c\\u003e\\u0026\\u2028\\u2029\\"\\\\/é\ufffd","b":"\\b\\f\\n\\r\\t\\u0001\u007f","\uffee":"","\u{1f600}":""}}'), payload);
  });

  it('of Red Hat\'s tools is read; only strings are annotations', () => {
    const payload = parsePayload(bytes(examples.p1.replace('null', '{"creator":"skopeo 1.9","timestamp":1700000000,"deep":{"a":[1]},"none":null,"yes":true}').replace('cosign container', 'atomic container')));
    assert.deepEqual({ ...payload.annotations }, { creator: 'skopeo 1.9' });
    assert.deepEqual(payload.otherAnnotations, ['timestamp', 'deep', 'none', 'yes']);
    assert.equal(payload.type, 'atomic container image signature');
  });

  it('may hold annotations with the names of built-in properties, and they mean nothing', () => {
    const { annotations: found } = parsePayload(bytes(examples.p1.replace('null', '{"__proto__":"x","constructor":"y"}')));
    assert.equal(Object.getPrototypeOf(found), null);
    assert.deepEqual(Object.entries(found), [['__proto__', 'x'], ['constructor', 'y']]);
    assert.equal('toString' in found, false);
  });

  it('is read without optional, identity and type, and with white space', () => {
    const parsed = parsePayload(bytes(` {"critical": {"image": {"docker-manifest-digest": "${exampleDigest}"}}, "more": 1}\n`));
    assert.deepEqual([parsed.digest, parsed.identity, parsed.type, Object.keys(parsed.annotations)], [exampleDigest, undefined, undefined, []]);
  });

  const bad: Record<string, string> = {
    'nothing': '', 'null': 'null', 'a string': '"x"', 'an array': '[]', 'cut': examples.p1.slice(0, -1), 'trailing bytes': `${examples.p1}{}`, 'a BOM': `\ufeff${examples.p1}`,
    'no critical': '{}', 'critical null': '{"critical":null}', 'critical an array': '{"critical":[]}', 'no image': '{"critical":{}}', 'image null': '{"critical":{"image":null}}',
    'no digest': '{"critical":{"image":{}}}', 'a digest that is a number': '{"critical":{"image":{"docker-manifest-digest":1}}}', 'a digest in an array': `{"critical":{"image":{"docker-manifest-digest":["${exampleDigest}"]}}}`,
    'a digest in capitals': examples.p1.replace(exampleDigest, exampleDigest.toUpperCase()), 'a short digest': examples.p1.replace(/[0-9a-f]"},"type/, '"},"type'), 'a sha512 digest': examples.p1.replace('sha256:', 'sha512:'),
    'an identity that is a string': examples.p1.replace(/\{"docker-reference":"[^"]*"\}/, '"x"'), 'a reference that is a number': examples.p1.replace('"localhost:5000/demo/app"', '5'),
    'a type that is a number': examples.p1.replace('"cosign container image signature"', '5'), 'optional an array': examples.p1.replace('null', '[]'), 'optional a string': examples.p1.replace('null', '"x"'),
    'another case of the names': examples.p1.replace('"critical"', '"Critical"'), 'the digest by inheritance': '{"critical":{"__proto__":{"image":{}}}}',
  };
  for (const [name, data] of Object.entries(bad)) {
    it(`is refused with ${name}`, () => {
      assert.throws(() => parsePayload(bytes(data)), withCode('PAYLOAD_INVALID'));
    });
  }

  it('is refused with invalid UTF-8, and with the digest twice', () => {
    assert.throws(() => parsePayload(Buffer.concat([bytes(examples.p1.slice(0, -5)), Buffer.from([0xff]), bytes('}')])), withCode('PAYLOAD_INVALID'));
    assert.throws(() => parsePayload(bytes(examples.p1.replace('"image":{', `"image":{"docker-manifest-digest":"${digestOf(bytes('x'))}",`))), withCode('PAYLOAD_INVALID'));
  });

  it('is refused when it is large, before it is parsed', () => {
    assert.throws(() => parsePayload(bytes(examples.p1.padEnd(128 * 1024 + 1))), withCode('SIZE_LIMIT'));
    assert.doesNotThrow(() => parsePayload(bytes(examples.p1.padEnd(128 * 1024))));
  });

  it('that is any JSON is read or refused, never worse', () => {
    fc.assert(fc.property(fc.json(), (json) => {
      assert.throws(() => parsePayload(bytes(json)), (error) => error instanceof CosignError);
    }));
  });
});

describe('an in-toto statement', () => {
  it('is read back as it was written, whatever the annotations', () => {
    fc.assert(fc.property(digests, annotations, (digest, notes) => {
      const statement = parseStatement(encodeStatement(digest, notes));
      assert.equal(statement.predicateType, signPredicateType);
      assert.deepEqual(entries(findSubject(statement, digest)?.annotations ?? {}), entries(notes));
    }));
  });

  it('escapes nothing for HTML', () => {
    assert.ok(text(encodeStatement(exampleDigest, { a: '<&>\u2028\\u003c' })).includes('{"a":"<&>\u2028\\\\u003c"}'));
  });

  it('is read without predicate, with a null one, and of any predicate type', () => {
    for (const json of [examples.st.replace(',"predicate":{}', ''), examples.st.replace('"predicate":{}', '"predicate":null'), examples.st.replace('"predicate":{}', '"predicate":{"deep":[1,{"x":null}]}')]) {
      assert.ok(findSubject(parseStatement(bytes(json)), exampleDigest));
    }
    assert.equal(parseStatement(bytes(examples.st.replace(signPredicateType, 'https://slsa.dev/provenance/v1'))).predicateType, 'https://slsa.dev/provenance/v1');
    assert.ok(findSubject(parseStatement(bytes(examples.st.replace('Statement/v1', 'Statement/v0.1').replace('"digest"', '"name":"x","digest"'))), exampleDigest));
  });

  it('gives the annotations of the first subject with the digest, strings only', () => {
    const subject = (hex: string, notes: string): string => `{"digest":{"sha256":"${hex}"},"annotations":${notes}}`;
    const [hex] = exampleDigest.split(':').slice(1);
    const json = examples.st.replace(/"subject":\[.*\],"predicateType/, `"subject":[${subject('0'.repeat(64), '{"n":"0"}')},${subject(hex ?? '', '{"n":"1","x":5}')},${subject(hex ?? '', '{"n":"2"}')}],"predicateType`);
    assert.deepEqual({ ...findSubject(parseStatement(bytes(json)), exampleDigest)?.annotations }, { n: '1' });
  });

  const bad: Record<string, string> = {
    'nothing': '', 'null': 'null', 'an array': '[]', 'cut': examples.st.slice(0, -1), 'no type': '{"subject":[]}', 'another type': examples.st.replace('Statement/v1', 'Statement/v2'), 'a type that is a number': examples.st.replace(/"_type":"[^"]*"/, '"_type":1'),
    'no subject': examples.st.replace('"subject"', '"subjects"'), 'a subject that is no array': '{"_type":"https://in-toto.io/Statement/v1","subject":{}}', 'a null subject': examples.st.replace('"subject":[', '"subject":[null,'),
    'a string for a subject': examples.st.replace('"subject":[', '"subject":["x",'), 'a number for a digest': examples.st.replace(/"sha256":"[^"]*"/, '"sha256":1'), 'an array of digests': examples.st.replace(/"digest":\{[^}]*\}/, '"digest":[]'),
    'annotations that are a string': examples.st.replace('"annotations":{}', '"annotations":"x"'), 'a predicate type that is a number': examples.st.replace(`"${signPredicateType}"`, '1'),
  };
  for (const [name, data] of Object.entries(bad)) {
    it(`is refused with ${name}`, () => {
      assert.throws(() => parseStatement(bytes(data)), withCode('PAYLOAD_INVALID'));
    });
  }

  it('is refused with more than 1024 subjects, or 32 digests of one', () => {
    const subjects = (count: number): Uint8Array => bytes(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: Array.from({ length: count }, () => ({ digest: {} })) }));
    const hashes = (count: number): Uint8Array => bytes(JSON.stringify({ _type: 'https://in-toto.io/Statement/v1', subject: [{ digest: Object.fromEntries(Array.from({ length: count }, (_, index) => [`h${index}`, 'ff'])) }] }));
    assert.equal(parseStatement(subjects(1024)).subjects.length, 1024);
    assert.throws(() => parseStatement(subjects(1025)), withCode('COUNT_LIMIT'));
    assert.doesNotThrow(() => parseStatement(hashes(32)));
    assert.throws(() => parseStatement(hashes(33)), withCode('COUNT_LIMIT'));
  });
});
