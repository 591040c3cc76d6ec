import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CosignError } from '../../../../src/core/errors.ts';
import { parseReference } from '../../../../src/core/oci/reference.ts';
import { coversImage, parseImagePattern } from '../../../../src/core/policy/imagePattern.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const covers = (image: string, ...patterns: readonly string[]): boolean => coversImage(patterns.map(parseImagePattern), parseReference(image));

/** [image as written, pattern] */
const matching: readonly (readonly [string, string])[] = [
  ['alpine', '*'], ['alpine:3.20', '*'], ['library/alpine', '*'], ['docker.io/library/alpine', '*'],
  ['org/app', '*/*'], ['docker.io/org/app:1', '*/*'],
  ['alpine', '**'], ['ghcr.io/a/b/c:1', '**'], [`ghcr.io/a/b@${digest}`, '**'],
  ['alpine', 'index.docker.io/library/alpine:latest'], ['alpine', 'index.docker.io/library/alpine:*'], ['alpine:3', 'index.docker.io/library/*:3'],
  ['alpine', 'docker.io/library/alpine:latest'], ['alpine', 'docker.io/library/*'], ['alpine', 'docker.io/**'], ['alpine', 'index.docker.io/**'],
  ['docker.io/library/alpine:3', 'alpine*'], ['index.docker.io/library/alpine', 'alpine'], ['org/app:2', 'docker.io/org/*'], ['docker.io/org/app', 'org/**'],
  ['alpine', 'index.docker.**'], ['alpine', 'inde**'],
  ['ghcr.io/o/app:1', 'ghcr.io/o/*'], ['ghcr.io/o/app:1', 'ghcr.io/*/*'], ['ghcr.io/o/app:1', 'ghcr.io/**'], ['ghcr.io/o/app:1', 'ghc**'], ['ghcr.io/o/app:1', '*/**'],
  ['ghcr.io/o/app:1', 'ghcr.io/o/app'], [`ghcr.io/o/app@${digest}`, 'ghcr.io/o/app'], [`ghcr.io/o/app:v1@${digest}`, 'ghcr.io/o/app:v*'],
  [`ghcr.io/o/app:v1@${digest}`, 'ghcr.io/o/app@sha256:*'], ['ghcr.io/o/app:1', 'ghcr.io/o/app:**'], ['ghcr.io/o/app:1', 'ghcr.io/o/app*'],
  ['localhost:5000/demo/app:1', 'localhost:5000/**'], ['localhost:5000/demo/app:1', 'localhost:*/demo/*'], ['reg.example.com:8443/a:b', 'reg.example.com:8443/a:b'],
  ['ghcr.io/o/deep/er/app:1', 'ghcr.io/o/**/app:1'], ['ghcr.io/o/x-app:1', 'ghcr.io/o/*-app:*'],
];

const missing: readonly (readonly [string, string])[] = [
  ['ghcr.io/app', '*'], ['org/app', '*'], ['ghcr.io/org/app', '*/*'], ['alpine', '*/*/*/*'],
  ['ghcr.io/app:1', 'ghcr.io/*/*'], ['ghcr.io/o/app:1', 'ghcr.io/*'], ['ghcr.io/o/x/app:1', 'ghcr.io/o/*'],
  ['prefix-ghcr.io/o/app', 'ghcr.io/o/app'], ['ghcr.io/o/app-suffix', 'ghcr.io/o/app'], ['ghcr.io/o/app-suffix:1', 'ghcr.io/o/app:*'],
  ['ghcrxio/o/app', 'ghcr.io/**'], ['ghcr.io.evil.example/o/app', 'ghcr.io/**'], ['evil.example/ghcr.io/o/app', 'ghcr.io/**'],
  ['ghcr.io/o/app:2', 'ghcr.io/o/app:1'], ['ghcr.io/o/app', 'ghcr.io/o/app:1'], [`ghcr.io/o/app@${digest}`, 'ghcr.io/o/app:*'],
  ['quay.io/library/alpine', 'alpine*'], ['localhost:5000/alpine', 'alpine*'], ['alpine', 'quay.io/**'], ['org/app', 'docker.io/library/*'],
  ['ghcr.io/O/app'.toLowerCase(), 'GHCR.io/o/*'], ['alpine', 'alpine:3'], ['alpine', ''.padStart(3, 'x')],
];

describe('an image pattern', () => {
  for (const [image, pattern] of matching) it(`${pattern} covers ${image}`, () => assert.equal(covers(image, pattern), true));
  for (const [image, pattern] of missing) it(`${pattern} does not cover ${image}`, () => assert.equal(covers(image, pattern), false));

  it('with ! takes images out, wherever it stands', () => {
    assert.equal(covers('ghcr.io/o/app', 'ghcr.io/o/**', '!ghcr.io/o/app'), false);
    assert.equal(covers('ghcr.io/o/app', '!ghcr.io/o/app', 'ghcr.io/o/**'), false);
    assert.equal(covers('ghcr.io/o/other', 'ghcr.io/o/**', '!ghcr.io/o/app'), true);
  });

  it('with ! alone lets nothing in', () => assert.equal(covers('ghcr.io/o/app', '!quay.io/**'), false));

  it('cannot be stepped around by spelling a Docker Hub name otherwise', () => {
    for (const image of ['alpine:3', 'library/alpine:3', 'docker.io/alpine:3', 'docker.io/library/alpine:3', 'index.docker.io/library/alpine:3']) {
      for (const pattern of ['alpine:3', 'docker.io/library/alpine:3', 'index.docker.io/library/alpine:3', 'alpine*', 'docker.io/**']) {
        assert.equal(covers(image, pattern), true, `${pattern} on ${image}`);
      }
    }
  });

  for (const text of ['', '!', '.+', '[a-z]+(', 'a b', 'a&b', 'ghcr.io/ö', 'a\n', '^x$', 'a?', '{a,b}', 'x'.repeat(2000)]) {
    it(`refuses ${JSON.stringify(text.slice(0, 12))}`, () => {
      assert.throws(() => parseImagePattern(text), (error) => error instanceof CosignError && error.code === 'POLICY_INVALID');
    });
  }

  it('of many stars against a long name takes no exponential time', () => {
    // 200 `**a` against 4,000 letters: a backtracking matcher would not come back.
    const pattern = parseImagePattern(`${'**a'.repeat(200)}b`);
    assert.equal(coversImage([pattern], { registry: 'ghcr.io', repository: 'a'.repeat(4000), tag: 'a' }), false);
  });
});
