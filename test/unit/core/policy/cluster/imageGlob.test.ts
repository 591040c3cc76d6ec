import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalName, parseReference } from '../../../../../src/core/oci/reference.ts';
import { matchesImage, parseImageGlob, remarkOn } from '../../../../../src/core/policy/cluster/imageGlob.ts';

const digest = `sha256:${'5504f2a9'.repeat(8)}`;
const other = `sha256:${'0'.repeat(64)}`;

function matches(glob: string, image: string): boolean {
  const parsed = parseImageGlob(glob);
  assert.ok(parsed, `${glob} is refused`);
  return matchesImage(parsed, parseReference(image));
}

/** [image as written, glob], from the rules: host and path in full, tag or digest at the end, `*` stops at `/` only. */
const matching: readonly (readonly [string, string])[] = [
  ['alpine', 'index.docker.io/library/alpine:latest'], ['alpine', 'index.docker.io/library/alpine:*'], ['alpine', 'index.docker.io/library/*'], ['alpine', 'index.docker.io/library/*:latest'],
  ['alpine', 'index.docker.io/*/*'], ['alpine', 'index.docker.io/**'], ['alpine', 'index.docker.**'], ['alpine', 'inde**'], ['alpine', '**'], ['alpine', '*'], ['alpine', '**/alpine:**'],
  ['alpine:3.20', '*'], ['library/alpine', '*'], ['docker.io/alpine', '*'], ['index.docker.io/library/alpine:1', '*'], [`alpine@${digest}`, '*'], [`alpine:3@${digest}`, '*'],
  ['org/app', 'index.docker.io/org/app:latest'], ['org/app', 'index.docker.io/org/app:*'], ['org/app', 'index.docker.io/org/*'], ['org/app', 'index.docker.io/org/*:latest'], ['org/app', '*/*'], ['docker.io/org/app:1', '*/*'],
  ['alpine', '*/*'], ['org/app:v2', 'index.docker.io/*/app:v*'], ['org/app', '**app**'], ['org/app', '*/*/*'], ['org/app', 'index*/**'],
  ['ghcr.io/o/app', 'ghcr.io/*/*'], ['ghcr.io/o/app', 'ghcr.io/**'], ['ghcr.io/app', 'ghcr.io/**'], ['ghcr.io/app', 'ghc**'], ['ghcr.io/app', '*/**'], ['ghcr.io/app', 'ghcr.io/app*'], ['ghcr.io/app', 'ghcr.io/app**'],
  ['ghcr.io/app', 'ghcr.io/app:latest'], ['ghcr.io/app', 'ghcr.io/app:l*t'], ['ghcr.io/a/b/c/d:1', 'ghcr.io/**/d:1'], ['ghcr.io/a/b/c/d:1', 'ghcr.io/**'], ['ghcr.io/a/b/c/d:1', 'ghcr.io/a/*/c/*'],
  [`ghcr.io/app@${digest}`, `ghcr.io/app@${digest}`], [`ghcr.io/app@${digest}`, 'ghcr.io/app@*'], [`ghcr.io/app@${digest}`, 'ghcr.io/app@sha256:*'], [`ghcr.io/app@${digest}`, 'ghcr.io/app*'], [`ghcr.io/app@${digest}`, 'ghcr.io/*:*'],
  [`ghcr.io/app:v1@${digest}`, `ghcr.io/app@${digest}`], [`ghcr.io/app:v1@${digest}`, 'ghcr.io/*@sha256:5504*'], [`ghcr.io/app:v1@${digest}`, 'ghcr.io/app@**'],
  ['ghcr.io/app:v1.2.3', 'ghcr.io/app:v1.*'], ['ghcr.io/app:v1.2.3', 'ghcr.io/app:*.*.*'], ['ghcr.io/app:1', 'ghcr.io/app*:1'], ['ghcr.io/app-x:1', 'ghcr.io/app*:1'], ['ghcr.io/app_x:1', 'ghcr.io/app_*'],
  ['localhost:5000/demo/app', 'localhost:5000/**'], ['localhost:5000/demo/app', 'localhost:*/demo/*'], ['localhost:5000/demo/app', '*:5000/demo/*'], ['localhost:5000/demo/app:x', '*/demo/app:x'], ['127.0.0.1:5000/a:b', '127.0.0.1:5000/a:b'],
  ['ghcr.io/o/app:Build-7', 'ghcr.io/o/app:Build-*'], ['ghcr.io/o/app', '*.io/o/*'], ['registry.example.com/o/app', '*.example.com/**'], ['ghcr.io/o/app', '***'], ['ghcr.io/o/app:1', 'ghcr.io/o/***:1'], ['ghcr.io/o/demo-x', '**demo**'],
];

const missing: readonly (readonly [string, string])[] = [
  ['alpine', 'alpine'], ['alpine', 'alpine*'], ['alpine', 'alpine**'], ['alpine', 'alpine:latest'], ['alpine', 'library/alpine:latest'], ['alpine', 'library/*'], ['alpine', 'docker.io/library/alpine:latest'], ['alpine', 'docker.io/**'],
  ['alpine', 'index.docker.io/alpine:latest'], ['alpine', 'index.docker.io/library/alpine'], ['alpine', 'index.docker.io/*'], ['alpine', 'https://index.docker.io/library/alpine:latest'], ['alpine', 'registry-1.docker.io/**'],
  ['org/app', '*'], ['ghcr.io/app', '*'], ['ghcr.io/app', '*/*'], ['ghcr.io/o/app', '*/*'], ['org/app', 'org/app'], ['org/app', 'org/*'], ['org/app', 'docker.io/org/app:*'], ['org/app', 'index.docker.io/library/*'], ['quay.io/library/alpine', '*'],
  ['a/b/c', '*/*'], ['alpine', '*/*/*/*'], ['alpine', 'index.docker.io/library/alpine:3'], ['alpine:3', 'index.docker.io/library/alpine:latest'],
  ['ghcr.io/app', 'ghcr.io/*/*'], ['ghcr.io/o/app', 'ghcr.io/*'], ['ghcr.io/o/x/app', 'ghcr.io/o/*'], ['ghcr.io/o/x/app', 'ghcr.io/*/*'], ['ghcr.io/o/app', 'ghcr.io/o'], ['ghcr.io/o/app', 'ghcr.io/o/'], ['ghcr.io/o/app', 'ghcr.io/o/app'], ['ghcr.io/o/app', '/ghcr.io/**'],
  ['prefix-ghcr.io/foo', 'ghcr.io/foo:latest'], ['prefix-ghcr.io/foo', 'ghcr.io/**'], ['ghcr.io/foo-suffix', 'ghcr.io/foo:*'], ['ghcr.io/foo-suffix', 'ghcr.io/foo:latest'], ['ghcrxio/foo', 'ghcr.io/**'], ['ghcr.io.evil.example/o/app', 'ghcr.io/**'], ['evil.example/ghcr.io/o/app', 'ghcr.io/**'],
  ['ghcr-io.example/o/app', 'ghcr.io**'], ['ghcr.io/o/app:2', 'ghcr.io/o/app:1'], ['ghcr.io/o/app:10', 'ghcr.io/o/app:1'], ['ghcr.io/o/app:v2', 'ghcr.io/o/app:v1*'], ['ghcr.io/o/app', 'ghcr.io/o/app:v*'], ['ghcr.io/o/app', 'ghcr.io/o/app:'],
  [`ghcr.io/app@${digest}`, `ghcr.io/app@${other}`], [`ghcr.io/app@${digest}`, 'ghcr.io/app:*'], [`ghcr.io/app@${digest}`, 'ghcr.io/app:**'], [`ghcr.io/app@${digest}`, 'ghcr.io/app'], [`ghcr.io/app:v1@${digest}`, 'ghcr.io/app:v1'], [`ghcr.io/app:v1@${digest}`, 'ghcr.io/app:v*'],
  [`ghcr.io/app:v1@${digest}`, `ghcr.io/app:v1@${digest}`], [`ghcr.io/app:v1@${digest}`, '**:v1'], ['ghcr.io/app:v1', `ghcr.io/app@${digest}`], ['ghcr.io/app:v1', 'ghcr.io/app@*'], ['ghcr.io/app:v1', '**@**'],
  ['ghcr.io/o/app', 'GHCR.io/o/*'], ['ghcr.io/o/app', 'ghcr.io/O/*'], ['ghcr.io/o/app:Build', 'ghcr.io/o/app:build'], ['localhost:5000/a', 'localhost/**'], ['localhost:5000/a', 'localhost:5001/**'], ['localhost:5000/a', '*:5001/**'], ['registry.example.com/a', '*.com'],
  ['ghcr.io/o/app', 'ghcr.io/**/x:*'], ['ghcr.io/o/app', '**demo**'], ['ghcr.io/o/app', 'ghcr.io/o*p'], ['ghcr.io/o/app', '*'], ['ghcr.io/o/app', '*:latest'],
];

describe('the glob of a ClusterImagePolicy', () => {
  it('is tried on at least sixty images each way', () => assert.ok(matching.length >= 60 && missing.length >= 60, `${matching.length} and ${missing.length}`));
  for (const [image, glob] of matching) it(`${glob} matches ${image}`, () => assert.equal(matches(glob, image), true));
  for (const [image, glob] of missing) it(`${glob} does not match ${image}`, () => assert.equal(matches(glob, image), false));

  for (const glob of ['', '.+', '[a-z]*', 'a b', 'a&b', 'a?', '{a,b}', '^a$', 'a\n', 'ghcr.io/ö', '!ghcr.io/**', 'a\\*', 'a#b', '(a)', 'a|b', 'a+b', '"a"', "'a'", '~/a', '$HOME', '%2f', 'a;b', 'a,b', '\ta', 'x'.repeat(2000)]) {
    it(`cannot be ${JSON.stringify(glob.slice(0, 20))}`, () => assert.equal(parseImageGlob(glob), undefined));
  }

  it('matches as the regular expression that policy-controller makes of it', () => {
    const glob = fc.array(fc.constantFrom('*', '**', 'a', '/', ':', '.', '-', 'app', 'ghcr.io', '@', 'latest'), { minLength: 1, maxLength: 8 }).map((parts) => parts.join(''));
    const image = fc.array(fc.constantFrom('a', 'app', 'a-a', 'b'), { minLength: 1, maxLength: 4 }).map((parts) => `ghcr.io/${parts.join('/')}`);
    fc.assert(fc.property(glob, image, (text, name) => {
      const whole = text === '*/*' ? 'index.docker.io/*/*' : text === '*' ? 'index.docker.io/library/*' : text;
      const expression = whole.replaceAll('.', '\\.').replaceAll('**', '#').replaceAll('*', '[^/]*').replaceAll('#', '.*');
      const parsed = parseImageGlob(text);
      const reference = parseReference(name);
      assert.equal(parsed && matchesImage(parsed, reference), new RegExp(`^${expression}$`).test(canonicalName(reference)));
    }), { numRuns: 2000 });
  });

  it('takes a hostile pattern without taking long', () => {
    assert.equal(matches(`${'*a'.repeat(400)}b`, `ghcr.io/${'a'.repeat(200)}`), false);
  });
});

describe('a remark on a glob', () => {
  const remarks: readonly (readonly [string, string | undefined, string?])[] = [
    ['docker.io/library/alpine:3', 'glob-docker-hub', 'index.docker.io/library/alpine:3'], ['docker.io/alpine:*', 'glob-docker-hub', 'index.docker.io/library/alpine:*'], ['docker.io/**', 'glob-docker-hub', 'index.docker.io/**'],
    ['docker.io/library/alpine', 'glob-docker-hub', 'index.docker.io/library/alpine*'], ['registry-1.docker.io/org/app*', 'glob-docker-hub', 'index.docker.io/org/app*'],
    ['alpine', 'glob-short-name', 'index.docker.io/library/alpine*'], ['alpine:3', 'glob-short-name', 'index.docker.io/library/alpine:3'], ['alpine*', 'glob-short-name', 'index.docker.io/library/alpine*'], ['org/app:*', 'glob-short-name', 'index.docker.io/org/app:*'], ['org/**', 'glob-short-name', 'index.docker.io/org/**'],
    ['ghcr.io/o/app', 'glob-without-tag', 'ghcr.io/o/app*'], ['index.docker.io/library/alpine', 'glob-without-tag', 'index.docker.io/library/alpine*'], ['localhost:5000/app', 'glob-without-tag', 'localhost:5000/app*'],
    ['https://ghcr.io/o/app:*', 'glob-never', 'ghcr.io/o/app:*'], ['https://docker.io/library/alpine', 'glob-never', 'index.docker.io/library/alpine*'], ['http://ghcr.io/Org/app:*', 'glob-never'], ['https://', 'glob-never'], ['/ghcr.io/**', 'glob-never'], ['ghcr.io/Org/app:*', 'glob-never'], ['ghcr.io/a@b/c', 'glob-never'], ['ghcr.io/app:v1@sha256:*', 'glob-never'], ['ghcr.io/app@sha256:12', 'glob-never'], ['ghcr.io', 'glob-never'],
    ['ghcr.io/app:v*', 'glob-tags-only'], ['ghcr.io/app:*', 'glob-tags-only'], ['ghcr.io/app:**', 'glob-tags-only'], ['**:v1', 'glob-tags-only'], ['ghcr.io/*:latest', 'glob-tags-only'],
    ['ghcr.io/app@*', 'glob-digests-only'], [`ghcr.io/app@${digest}`, 'glob-digests-only'], ['**@sha256:*', 'glob-digests-only'],
    ['*', undefined], ['*/*', undefined], ['**', undefined], ['**demo**', undefined], ['ghcr.io/**', undefined], ['ghcr.io/o/app*', undefined], ['ghcr.io/*:*', undefined], ['*/**', undefined], ['inde**', undefined], ['localhost:5000/**', undefined], ['*.example.com/**', undefined], ['index.docker.io/library/*', undefined],
  ];
  for (const [glob, kind, meant] of remarks) {
    it(`says ${kind ?? 'nothing'} about ${glob}`, () => {
      const remark = remarkOn({ text: glob });
      assert.deepEqual([remark?.kind, remark && 'meant' in remark ? remark.meant : undefined], [kind, meant]);
    });
  }

  it('never says that a glob matches nothing when it matches something', () => {
    const part = fc.constantFrom('a', 'app', 'A', '*', '**', '.', ':', '/', '@', 'ghcr.io', 'docker.io', 'index.docker.io', 'library', 'latest', '5000', 'localhost', 'sha256', '0');
    const images = ['a', 'app', 'a/app', 'a/a/a', 'ghcr.io/a', 'ghcr.io/app:A', 'ghcr.io/a/app:0', 'localhost:5000/a:app', `a@${other}`, `app:a@${other}`, `ghcr.io/a/a@${other}`, 'index.docker.io/library/a:latest'].map(parseReference);
    const never: readonly string[] = ['glob-never', 'glob-short-name', 'glob-docker-hub', 'glob-without-tag'];
    fc.assert(fc.property(fc.array(part, { minLength: 1, maxLength: 9 }).map((parts) => parts.join('')), (text) => {
      const glob = parseImageGlob(text);
      const kind = remarkOn({ text })?.kind;
      const matched = images.filter((image) => glob && matchesImage(glob, image));
      if (never.includes(kind ?? '')) assert.deepEqual(matched.map(canonicalName), []);
      if (kind === 'glob-tags-only') assert.deepEqual(matched.filter((image) => image.digest !== undefined), []);
      if (kind === 'glob-digests-only') assert.deepEqual(matched.filter((image) => image.digest === undefined), []);
    }), { numRuns: 5000 });
  });
});
