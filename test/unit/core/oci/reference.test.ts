import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CosignError } from '../../../../src/core/errors.ts';
import { apiHost, canonicalName, familiarName, parseReference } from '../../../../src/core/oci/reference.ts';

const hex = '0123456789abcdef'.repeat(4);
const digest = `sha256:${hex}`;

describe('an image reference', () => {
  for (const [text, canonical, familiar = text] of [
    ['alpine', 'index.docker.io/library/alpine:latest', 'alpine:latest'],
    ['alpine:3.20', 'index.docker.io/library/alpine:3.20'],
    ['docker.io/alpine:3', 'index.docker.io/library/alpine:3', 'alpine:3'],
    ['docker.io/library/alpine:3', 'index.docker.io/library/alpine:3', 'alpine:3'],
    ['index.docker.io/org/app:1', 'index.docker.io/org/app:1', 'org/app:1'],
    ['registry-1.docker.io/org/app:1', 'index.docker.io/org/app:1', 'org/app:1'],
    ['org/app:1', 'index.docker.io/org/app:1'],
    ['library/a/b:1', 'index.docker.io/library/a/b:1'],
    ['ghcr.io/o/r:v1', 'ghcr.io/o/r:v1'],
    ['localhost/app:1', 'localhost/app:1'],
    ['localhost:5000/app:1', 'localhost:5000/app:1'],
    ['host:5000/app:1', 'host:5000/app:1'],
    ['Team/app:1', 'Team/app:1'],
    ['[::1]:5000/app:1', '[::1]:5000/app:1'],
    ['[fd00::1]/app:1', '[fd00::1]/app:1'],
    ['a.b/c', 'a.b/c:latest', 'a.b/c:latest'],
    [`alpine@${digest}`, `index.docker.io/library/alpine@${digest}`],
    [`alpine:3.20@${digest}`, `index.docker.io/library/alpine@${digest}`],
    [`host:5000/app:1@${digest}`, `host:5000/app@${digest}`],
    ['a__b/c--d/e.f_g:A_b.C-1', 'index.docker.io/a__b/c--d/e.f_g:A_b.C-1'],
    [`x:${'t'.repeat(128)}`, `index.docker.io/library/x:${'t'.repeat(128)}`],
  ] as const) {
    it(`${text.slice(0, 60)} is ${canonical.slice(0, 60)}`, () => {
      const reference = parseReference(text);
      assert.deepEqual([canonicalName(reference), familiarName(reference)], [canonical, familiar]);
    });
  }

  for (const [text, why] of [
    ['', 'empty'], [' ', 'white space'], ['a b', 'white space'], ['https://ghcr.io/a/b', 'scheme'], ['x'.repeat(2000), 'longer'], [hex, 'image id'],
    ['Alpine', 'upper-case'], ['ghcr.io/Team/app', 'upper-case'], ['a//b', 'empty part'], ['/a', 'empty part'], ['a/', 'empty part'], ['ghcr.io/', 'repository is missing'], ['.', 'part of a repository'],
    ['a/../b', 'part of a repository'], ['a..b', 'part of a repository'], ['a___b', 'part of a repository'], ['-a', 'part of a repository'], ['a-', 'part of a repository'], ['a:', 'tag is empty'],
    ['a:.b', 'not a tag'], ['a:-b', 'not a tag'], ['a:b!', 'not a tag'], [`a:${'t'.repeat(129)}`, 'longer than 128'], ['a@', 'not a digest'], ['a@latest', 'not a digest'], [`a@sha512:${hex}${hex}`, 'sha512'],
    [`a@sha256:${hex.slice(1)}`, '64'], [`a@sha256:${hex.toUpperCase()}`, '64'], [`a@${digest}@${digest}`, '64'], ['host.example:port/a', 'registry host'], ['host.example:99999/a', 'port'], ['-x.y/a', 'registry host'],
    ['[::1/a', 'registry host'], ['user:pw@host/a', 'digest'], ['$x', 'part of a repository'], ['${x}', 'part of a repository'], ['${X}/a', 'registry host'], [`ghcr.io/${'a'.repeat(250)}`, '255'], ['é', 'part of a repository'], ['a:é', 'not a tag'],
  ] as const) {
    it(`is not "${text.slice(0, 40)}": ${why}`, () => {
      assert.throws(() => parseReference(text), (error) => error instanceof CosignError && error.code === 'REFERENCE_INVALID' && error.message.includes(why));
    });
  }

  it('is the same again when its canonical or familiar name is read', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?$/);
    const host = fc.constantFrom('', 'ghcr.io/', 'localhost:5000/', '[::1]:80/', 'docker.io/', 'Team/');
    fc.assert(fc.property(host, fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(fc.stringMatching(/^\w[\w.-]{0,10}$/)), fc.boolean(), (registry, parts, tag, pinned) => {
      const reference = parseReference(`${registry}${parts.join('/')}${tag === null ? '' : `:${tag}`}${pinned ? `@${digest}` : ''}`);
      assert.equal(canonicalName(parseReference(canonicalName(reference))), canonicalName(reference));
    }));
  });

  it('never fails with anything but an explanation', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:/@[\]-]{0,30}$/)), (text) => {
      try {
        parseReference(text);
      } catch (error) {
        assert.ok(error instanceof CosignError && error.code === 'REFERENCE_INVALID');
      }
    }));
  });

  it('of Docker Hub is served by another host than its name', () => {
    assert.deepEqual([apiHost('index.docker.io'), apiHost('ghcr.io')], ['registry-1.docker.io', 'ghcr.io']);
  });
});
