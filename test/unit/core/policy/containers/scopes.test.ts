// Which scope of a containers policy speaks about an image: rows from containers-policy.json(5) and `docker/policyconfiguration/naming.go`.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReference } from '../../../../../src/core/oci/reference.ts';
import { parseContainersPolicy } from '../../../../../src/core/policy/containers/parseContainersPolicy.ts';
import { meantScope, scopesOf } from '../../../../../src/core/policy/containers/scopes.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
const other = `sha256:${'a'.repeat(64)}`;

const covered: readonly (readonly [scope: string, image: string])[] = [
  ['docker.io/library/busybox:latest', 'busybox'],
  ['docker.io/library/busybox:latest', 'busybox:latest'],
  ['docker.io/library/busybox:latest', 'docker.io/busybox'],
  ['docker.io/library/busybox:latest', 'index.docker.io/library/busybox:latest'],
  ['docker.io/library/busybox:1.36', 'library/busybox:1.36'],
  [`docker.io/library/busybox@${digest}`, `busybox@${digest}`],
  ['docker.io/library/busybox', 'busybox'],
  ['docker.io/library/busybox', 'busybox:1.36'],
  ['docker.io/library/busybox', `busybox@${digest}`],
  ['docker.io/library', 'busybox'],
  ['docker.io/library', 'docker.io/library/alpine:3'],
  ['docker.io', 'busybox'],
  ['docker.io', 'org/app'],
  ['docker.io', 'index.docker.io/org/app:v1'],
  ['docker.io/org', 'org/app'],
  ['docker.io/org/app', 'org/app:v1'],
  ['docker.io/org/app:v1', 'org/app:v1'],
  ['*.io', 'busybox'],
  ['ghcr.io/org/app:v1', 'ghcr.io/org/app:v1'],
  [`ghcr.io/org/app@${digest}`, `ghcr.io/org/app@${digest}`],
  ['ghcr.io/org/app', 'ghcr.io/org/app:v1'],
  ['ghcr.io/org', 'ghcr.io/org/app:v1'],
  ['ghcr.io/org', 'ghcr.io/org/team/app'],
  ['ghcr.io/org/team', 'ghcr.io/org/team/app'],
  ['ghcr.io', 'ghcr.io/org/app:v1'],
  ['*.io', 'ghcr.io/org/app:v1'],
  ['*.io', 'quay.io/a/b/c/d'],
  ['quay.io/a/b/c', 'quay.io/a/b/c/d'],
  ['quay.io/a/b', 'quay.io/a/b/c/d'],
  ['quay.io/a', 'quay.io/a/b/c/d'],
  ['quay.io/a/b/c/d', 'quay.io/a/b/c/d'],
  ['registry.example.com', 'registry.example.com/app'],
  ['*.example.com', 'registry.example.com/app'],
  ['*.com', 'registry.example.com/app'],
  ['*.com', 'example.com/app'],
  ['*.example.com', 'a.b.example.com/app'],
  ['*.b.example.com', 'a.b.example.com/app'],
  ['a.b.example.com/app', 'a.b.example.com/app:v1'],
  ['example.com:5000', 'example.com:5000/app'],
  ['example.com:5000/app', 'example.com:5000/app:v1'],
  ['example.com:5000/ns', 'example.com:5000/ns/app'],
  ['example.com:5000/ns/app:v1', 'example.com:5000/ns/app:v1'],
  // The port is stripped for the wildcards.
  ['*.com', 'example.com:5000/app'],
  ['*.example.com', 'registry.example.com:5000/app'],
  ['localhost:5000', 'localhost:5000/app'],
  ['localhost:5000/app', 'localhost:5000/app:v1'],
  ['localhost', 'localhost/app'],
  ['localhost/app:latest', 'localhost/app'],
  ['127.0.0.1:5000', '127.0.0.1:5000/app'],
  ['127.0.0.1:5000/demo/app:1.0', '127.0.0.1:5000/demo/app:1.0'],
  ['*.0.0.1', '127.0.0.1:5000/app'],
  ['*.1', '127.0.0.1:5000/app'],
  ['UPPER.example', 'UPPER.example/app'],
  ['*.example', 'UPPER.example/app'],
  // With a tag and a digest the tag is dropped, as podman and buildah do.
  [`ghcr.io/org/app@${digest}`, `ghcr.io/org/app:v1@${digest}`],
  ['ghcr.io/org/app', `ghcr.io/org/app:v1@${digest}`],
  ['docker.io/library', `busybox:1@${digest}`],
  ['', 'busybox'],
  ['', 'localhost:5000/app'],
  ['', `ghcr.io/org/app:v1@${digest}`],
];

const notCovered: readonly (readonly [scope: string, image: string])[] = [
  ['busybox', 'busybox'],
  ['busybox:latest', 'busybox:latest'],
  ['library', 'busybox'],
  ['library/busybox', 'busybox'],
  ['docker.io/busybox', 'busybox'],
  ['docker.io/busybox:latest', 'busybox'],
  ['index.docker.io', 'busybox'],
  ['index.docker.io/library/busybox', 'index.docker.io/library/busybox'],
  ['registry-1.docker.io', 'busybox'],
  ['docker.io/', 'busybox'],
  ['docker.io/*', 'busybox'],
  ['docker.io/library/*', 'busybox'],
  ['docker.io/**', 'busybox'],
  ['*', 'busybox'],
  ['**', 'busybox'],
  ['*.', 'busybox'],
  ['*.docker.io', 'busybox'],
  ['docker.io/library/busybox:1', 'busybox:2'],
  ['docker.io/library/busybox:latest', 'busybox:1'],
  ['docker.io/library/busybox:latest', `busybox@${digest}`],
  [`docker.io/library/busybox@${digest}`, `busybox@${other}`],
  [`docker.io/library/busybox@${digest}`, 'busybox:latest'],
  ['docker.io/library/busybox', 'alpine'],
  ['docker.io/library/busy', 'busybox'],
  ['docker.io/library/busyboxes', 'busybox'],
  ['docker.io/lib', 'busybox'],
  ['docker.io/library/busybox/sub', 'busybox'],
  ['docker.io/org', 'busybox'],
  ['docker.io/org', 'organisation/app'],
  ['DOCKER.IO', 'busybox'],
  ['docker.io/library/Busybox', 'busybox'],
  ['docker', 'busybox'],
  ['io', 'ghcr.io/org/app'],
  ['.io', 'ghcr.io/org/app'],
  ['*io', 'ghcr.io/org/app'],
  ['*.ghcr.io', 'ghcr.io/org/app'],
  ['ghcr.*', 'ghcr.io/org/app'],
  ['gh*.io', 'ghcr.io/org/app'],
  ['*.io/org', 'ghcr.io/org/app'],
  ['*.io/org/app', 'ghcr.io/org/app'],
  ['ghcr.io/*/app', 'ghcr.io/org/app'],
  ['ghcr.io/org/', 'ghcr.io/org/app'],
  ['ghcr.io/or', 'ghcr.io/org/app'],
  ['ghcr.io/org/app:v', 'ghcr.io/org/app:v1'],
  ['ghcr.io/org/app:latest', 'ghcr.io/org/app:v1'],
  ['ghcr.io/org/app/app2', 'ghcr.io/org/app'],
  ['org/app', 'ghcr.io/org/app'],
  ['https://ghcr.io', 'ghcr.io/org/app'],
  ['docker://ghcr.io', 'ghcr.io/org/app'],
  ['quay.io', 'ghcr.io/org/app'],
  ['example.com', 'registry.example.com/app'],
  ['*.example.com', 'example.com/app'],
  ['*.registry.example.com', 'registry.example.com/app'],
  ['*.*.com', 'registry.example.com/app'],
  // A port is part of the host's own name.
  ['example.com', 'example.com:5000/app'],
  ['example.com/app', 'example.com:5000/app'],
  ['example.com:5000', 'example.com/app'],
  ['example.com:50', 'example.com:5000/app'],
  ['*.com:5000', 'example.com:5000/app'],
  ['*.example.com:5000', 'registry.example.com:5000/app'],
  ['localhost', 'localhost:5000/app'],
  ['*.localhost', 'localhost:5000/app'],
  ['*.127.0.0.1', '127.0.0.1:5000/app'],
  ['0.0.1', '127.0.0.1:5000/app'],
  // The tag of a reference with a digest plays no part.
  ['ghcr.io/org/app:v1', `ghcr.io/org/app:v1@${digest}`],
  [`ghcr.io/org/app:v1@${digest}`, `ghcr.io/org/app:v1@${digest}`],
];

/** Which scope decides: the policy says of each what it is called. */
function decidedBy(scopes: readonly string[], image: string): string {
  const docker = Object.fromEntries(scopes.map((scope) => [scope, [{ type: 'reject' }]]));
  const text = JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }], transports: { docker, dir: { '': [{ type: 'reject' }] } } });
  const [demand, ...more] = parseContainersPolicy(text, 'file:///policy.json', { registriesD: [] }).file.demandsFor(parseReference(image));
  assert.ok(demand && more.length === 0);
  assert.equal(demand.rule.kind, demand.policy === 'default' ? 'accept' : 'reject');
  return demand.policy === 'docker' ? '' : demand.policy;
}

describe('a scope of a containers policy', () => {
  it('is tried on at least sixty images each way', () => { assert.ok(covered.length >= 60 && notCovered.length >= 60, `${covered.length} and ${notCovered.length}`); });
  for (const [scope, image] of covered) {
    it(`"${scope.slice(0, 50)}" covers ${image.slice(0, 60)}`, () => { assert.equal(decidedBy([scope], image), scope); });
  }
  for (const [scope, image] of notCovered) {
    it(`"${scope.slice(0, 50)}" does not cover ${image.slice(0, 60)}`, () => { assert.equal(decidedBy([scope], image), 'default'); });
  }

  it('decides alone where several cover an image: the most specific one', () => {
    const order = [`a.b.example:5000/x/y/z@${digest}`, 'a.b.example:5000/x/y/z', 'a.b.example:5000/x/y', 'a.b.example:5000/x', 'a.b.example:5000', '*.b.example', '*.example', ''];
    const image = `a.b.example:5000/x/y/z@${digest}`;
    assert.deepEqual([...scopesOf(parseReference(image)), ''], order);
    for (const [index, scope] of order.entries()) assert.equal(decidedBy(order.slice(index).reverse(), image), scope);
  });

  it('is one of a kind for any image: no two scopes of an image are as specific as each other', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,4}$/);
    const host = fc.tuple(fc.array(part, { minLength: 2, maxLength: 4 }), fc.option(fc.integer({ min: 1, max: 65535 }))).map(([labels, port]) => labels.join('.') + (port === null ? '' : `:${port}`));
    const suffix = fc.constantFrom('', ':v1', `@${digest}`, `:v1@${digest}`);
    const image = fc.tuple(fc.option(host), fc.array(part, { minLength: 1, maxLength: 4 }), suffix).map(([name, path, end]) => `${name === null ? '' : `${name}/`}${path.join('/')}${end}`);
    fc.assert(fc.property(image, fc.array(fc.nat(20), { maxLength: 6 }), fc.boolean(), (text, picks, reversed) => {
      const scopes = scopesOf(parseReference(text));
      assert.equal(new Set(scopes).size, scopes.length);
      const chosen = [...new Set(picks.map((pick) => scopes[pick % scopes.length] ?? ''))];
      const expected = scopes.find((scope) => chosen.includes(scope)) ?? 'default';
      // However the policy is ordered, and whatever else is in it.
      assert.equal(decidedBy([...(reversed ? chosen.toReversed() : chosen), 'unrelated.example', `${scopes[0] ?? ''}x`], text), expected);
    }));
  });
});

describe('a scope that no image has', () => {
  for (const [scope, meant] of [
    ['busybox', 'docker.io/library/busybox'], ['busybox:latest', 'docker.io/library/busybox:latest'], ['org/app', 'docker.io/org/app'],
    ['index.docker.io', 'docker.io'], ['index.docker.io/library/busybox', 'docker.io/library/busybox'], ['docker.io/busybox:1', 'docker.io/library/busybox:1'],
    [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
  ] as const) {
    it(`"${scope.slice(0, 50)}" is taken for what was meant`, () => { assert.equal(meantScope(scope), meant); });
  }
  for (const scope of ['', 'docker.io', 'docker.io/library', 'docker.io/org', 'ghcr.io', 'localhost', 'localhost:5000', 'host:5000', 'example.com:5000/a:v1', '*.io', 'docker.io/library/busybox:1', '!']) {
    it(`"${scope}" is left as it is`, () => { assert.equal(meantScope(scope), undefined); });
  }
});
