// Which signed names count for which image: rows from containers-policy.json(5) and policy_reference_match.go, each way.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseReference } from '../../../../../src/core/oci/reference.ts';
import { identityFault } from '../../../../../src/core/policy/containers/signedIdentity.ts';
import type { IdentityRule } from '../../../../../src/core/policy/demand.ts';

const digest = `@sha256:${'0123456789abcdef'.repeat(4)}`;
const otherDigest = `@sha256:${'a'.repeat(64)}`;
const sha512 = `@sha512:${'b'.repeat(128)}`;
const rhel = 'registry.access.redhat.com/rhel7/rhel';

const matchExact: IdentityRule = { kind: 'matchExact' };
const matchDefault: IdentityRule = { kind: 'matchRepoDigestOrExact' };
const matchRepository: IdentityRule = { kind: 'matchRepository' };
const exactReference = (dockerReference: string): IdentityRule => ({ kind: 'exactReference', dockerReference });
const exactRepository = (dockerRepository: string): IdentityRule => ({ kind: 'exactRepository', dockerRepository });
const remap = (prefix: string, signedPrefix: string): IdentityRule => ({ kind: 'remapIdentity', prefix, signedPrefix });

type Row = readonly [rule: IdentityRule, intended: string, signed: string | undefined];

const matching: readonly Row[] = [
  [matchExact, 'busybox:latest', 'busybox:latest'],
  [matchExact, 'busybox', 'busybox:latest'],
  [matchExact, 'busybox:latest', 'library/busybox:latest'],
  [matchExact, 'busybox:latest', 'docker.io/library/busybox:latest'],
  [matchExact, 'busybox:latest', 'index.docker.io/library/busybox:latest'],
  [matchExact, 'index.docker.io/library/busybox:latest', 'busybox:latest'],
  [matchExact, `${rhel}:7.2.3`, `${rhel}:7.2.3`],
  [matchExact, `busybox${digest}`, `busybox${digest}`],
  [matchExact, `library/busybox${digest}`, `docker.io/library/busybox${digest}`],
  [matchExact, 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  [matchExact, 'org/app:v1', 'docker.io/org/app:v1'],

  [matchDefault, 'busybox:latest', 'busybox:latest'],
  [matchDefault, 'busybox', 'docker.io/library/busybox:latest'],
  [matchDefault, `busybox${digest}`, 'busybox:latest'],
  [matchDefault, `busybox${digest}`, 'busybox:any-tag'],
  [matchDefault, `busybox${digest}`, `busybox${digest}`],
  // Which digest was signed is compared elsewhere: the name may even say another one.
  [matchDefault, `busybox${digest}`, `busybox${otherDigest}`],
  [matchDefault, `busybox${digest}`, `busybox${sha512}`],
  [matchDefault, `busybox${digest}`, `busybox:v1${otherDigest}`],
  [matchDefault, `${rhel}:7.2.3`, `${rhel}:7.2.3`],
  // With both, the tag is dropped as podman does, so that any tag of the repository may be signed.
  [matchDefault, `busybox:v1${digest}`, 'busybox:v2'],
  [matchExact, `busybox:v1${digest}`, `busybox${digest}`],

  [matchRepository, 'busybox:latest', 'busybox:latest'],
  [matchRepository, 'busybox:latest', 'busybox:other'],
  [matchRepository, 'busybox:latest', 'busybox'],
  [matchRepository, 'busybox', 'index.docker.io/library/busybox'],
  [matchRepository, 'ghcr.io/org/app:v1', 'ghcr.io/org/app'],
  [matchRepository, `ghcr.io/org/app${digest}`, 'ghcr.io/org/app'],
  [matchRepository, `ghcr.io/org/app:v1${digest}`, 'ghcr.io/org/app:v2'],
  [matchRepository, `busybox${digest}`, `busybox${otherDigest}`],
  [matchRepository, 'localhost:5000/app', 'localhost:5000/app'],
  [matchRepository, `${rhel}:7.2.3`, rhel],

  [exactReference('busybox:latest'), 'example.com/mirror:v9', 'busybox:latest'],
  [exactReference('busybox:latest'), 'example.com/mirror:v9', 'docker.io/library/busybox:latest'],
  [exactReference(`busybox${digest}`), 'alpine', `busybox${digest}`],
  [exactReference(`busybox:v1${digest}`), 'alpine', `busybox:v1${digest}`],
  [exactRepository('busybox'), 'example.com/mirror:v9', 'busybox'],
  [exactRepository('busybox'), 'example.com/mirror:v9', 'busybox:v3'],
  [exactRepository('busybox:ignored'), 'example.com/mirror', 'index.docker.io/library/busybox'],
  [exactRepository('ghcr.io/org/app'), `alpine${digest}`, `ghcr.io/org/app${otherDigest}`],

  [remap('example.com', 'docker.io'), 'example.com/library/busybox:v1', 'busybox:v1'],
  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror/app:v1', 'vendor.example/app:v1'],
  [remap('example.com/mirror/app', 'vendor.example/other'), 'example.com/mirror/app:v1', 'vendor.example/other:v1'],
  [remap('example.com:5000', 'vendor.example'), 'example.com:5000/app:v1', 'vendor.example/app:v1'],
  [remap('example.com/mirror', 'vendor.example'), `example.com/mirror/app${digest}`, 'vendor.example/app:any'],
  [remap('docker.io/library', 'quay.io/official'), 'busybox', 'quay.io/official/busybox:latest'],
  // Outside the prefix the name stays.
  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror2/app:v1', 'example.com/mirror2/app:v1'],
  [remap('example.com', 'vendor.example'), 'example.com:5000/app:v1', 'example.com:5000/app:v1'],
  [remap('example.com', 'vendor.example'), 'busybox:v1', 'busybox:v1'],
];

const refused: readonly Row[] = [
  [matchExact, 'busybox:latest', undefined],
  [matchExact, 'busybox:latest', ''],
  [matchExact, 'busybox:latest', 'INVALID'],
  [matchExact, 'busybox:latest', 'busybox:notlatest'],
  [matchExact, 'busybox:latest', 'notbusybox:latest'],
  [matchExact, 'busybox:latest', 'busybox'],
  [matchExact, 'busybox', 'busybox'],
  [matchExact, 'busybox:latest', `busybox${digest}`],
  [matchExact, `busybox${digest}`, `busybox${otherDigest}`],
  [matchExact, `busybox${digest}`, 'busybox:latest'],
  [matchExact, 'busybox:latest', 'example.com/library/busybox:latest'],
  [matchExact, 'busybox:latest', 'registry-1.docker.io/library/busybox:latest'],
  [matchExact, `busybox:latest${digest}`, 'busybox:latest'],
  [matchExact, 'busybox:latest', `busybox:latest${digest}`],

  [matchDefault, 'busybox:latest', undefined],
  [matchDefault, 'busybox:latest', 'busybox:notlatest'],
  [matchDefault, 'busybox:notlatest', 'docker.io/library/busybox:latest'],
  // What cosign signs: the repository alone.
  [matchDefault, 'busybox:latest', 'index.docker.io/library/busybox'],
  [matchDefault, `busybox${digest}`, 'index.docker.io/library/busybox'],
  [matchDefault, `busybox:latest${digest}`, 'busybox'],
  [matchDefault, 'busybox', 'busybox'],
  [matchDefault, 'busybox:latest', `busybox${digest}`],
  [matchDefault, 'busybox:latest', `busybox:latest${digest}`],
  [matchDefault, `busybox${digest}`, 'notbusybox:latest'],
  [matchDefault, `busybox${digest}`, `example.com/busybox${digest}`],
  [matchDefault, `${rhel}:7.2.3suffix`, `${rhel}:7.2.3`],
  [matchDefault, `busybox${digest}`, 'UPPER:latest'],

  [matchRepository, 'busybox:latest', undefined],
  [matchRepository, 'busybox:latest', 'notbusybox:latest'],
  [matchRepository, 'busybox:latest', ''],
  [matchRepository, 'busybox:latest', 'a b'],
  [matchRepository, 'busybox:latest', 'https://docker.io/library/busybox'],
  [matchRepository, 'busybox:latest', 'example.com/library/busybox'],
  [matchRepository, 'ghcr.io/org/app', 'ghcr.io/org/app2'],
  [matchRepository, 'ghcr.io/org/app', 'ghcr.io/org'],
  [matchRepository, 'localhost:5000/app', 'localhost:5001/app'],
  [matchRepository, 'localhost:5000/app', 'localhost/app'],
  [matchRepository, `busybox${digest}`, `notbusybox${digest}`],
  [matchRepository, 'busybox', 'docker.io/library/busybox:bad tag'],
  [matchRepository, 'busybox', 'busybox@sha256:short'],
  [matchRepository, 'busybox', `busybox@sha256:${'A'.repeat(64)}`],
  [matchRepository, 'busybox', `busybox@md5:${'a'.repeat(32)}`],
  [matchRepository, 'busybox', 'a'.repeat(64)],
  [matchRepository, 'busybox', 'busybox:'],
  [matchRepository, 'busybox', 'busybox@'],
  [matchRepository, 'busybox', `busybox:${'t'.repeat(129)}`],
  [matchRepository, 'busybox', `busybox/${'a/'.repeat(150)}a`],

  [exactReference('busybox:latest'), 'busybox:latest', undefined],
  [exactReference('busybox:latest'), 'busybox:latest', 'busybox'],
  [exactReference('busybox:latest'), 'busybox:v1', 'busybox:v1'],
  [exactReference('busybox'), 'busybox', 'busybox'],
  [exactReference('busybox'), 'busybox:latest', 'busybox:latest'],
  [exactReference(`busybox${digest}`), `busybox${digest}`, `busybox${otherDigest}`],
  [exactReference('INVALID'), 'busybox', 'INVALID'],
  [exactRepository('busybox'), 'alpine', 'alpine'],
  [exactRepository('busybox'), 'busybox', undefined],
  [exactRepository('ghcr.io/org/app'), 'ghcr.io/org/app', 'ghcr.io/org/app/sub'],
  [exactRepository('INVALID'), 'busybox', 'INVALID'],

  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror/app:v1', 'example.com/mirror/app:v1'],
  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror/app:v1', 'vendor.example/app:v2'],
  // As strict as the default in what must be signed besides the name.
  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror/app:v1', 'vendor.example/app'],
  [remap('example.com/mirror', 'vendor.example'), `example.com/mirror/app${digest}`, 'vendor.example/app'],
  [remap('example.com', 'vendor.example'), 'example.com:5000/app:v1', 'vendor.example/app:v1'],
  [remap('example.com/mir', 'vendor.example'), 'example.com/mirror/app:v1', 'vendor.examplerror/app:v1'],
  [remap('example.com/mirror', 'vendor.example'), 'example.com/mirror2/app:v1', 'vendor.example2/app:v1'],
  // The new name must be a full one: "docker.io/app" means docker.io/library/app.
  [remap('example.com', 'docker.io'), 'example.com/app:v1', 'docker.io/library/app:v1'],
  [remap('example.com', 'index.docker.io'), 'example.com/org/app:v1', 'docker.io/org/app:v1'],
];

describe('the signed identity', () => {
  for (const [rule, intended, signed] of matching) {
    it(`${described(rule)}: ${intended.slice(0, 60)} may be signed as ${String(signed).slice(0, 60)}`, () => {
      assert.equal(identityFault(rule, parseReference(intended), signed), undefined);
    });
  }
  for (const [rule, intended, signed] of refused) {
    it(`${described(rule)}: ${intended.slice(0, 60)} may not be signed as ${String(signed).slice(0, 60)}`, () => {
      assert.notEqual(identityFault(rule, parseReference(intended), signed), undefined);
    });
  }

  it('is looser from matchExact over matchRepoDigestOrExact to matchRepository', () => {
    const name = fc.constantFrom('busybox', 'docker.io/library/busybox', 'ghcr.io/o/app', 'localhost:5000/app', 'o/app');
    const suffix = fc.constantFrom('', ':latest', ':v1', digest, otherDigest, `:v1${digest}`);
    fc.assert(fc.property(name, suffix, name, suffix, (image, imageSuffix, signedName, signedSuffix) => {
      const passes = (rule: IdentityRule): boolean => identityFault(rule, parseReference(image + imageSuffix), signedName + signedSuffix) === undefined;
      assert.ok(!passes(matchExact) || passes(matchDefault));
      assert.ok(!passes(matchDefault) || passes(matchRepository));
    }));
  });

  it('answers at once whatever a registry claims to be signed', () => {
    fc.assert(fc.property(fc.string({ maxLength: 2000 }), (signed) => {
      assert.notEqual(identityFault(matchExact, parseReference('busybox'), signed), undefined);
    }));
    for (const hostile of ['a-'.repeat(50_000), `${'a.'.repeat(300)}!`, `${'a'.repeat(500)}!`, `${'-'.repeat(500)}/`]) {
      assert.notEqual(identityFault(matchRepository, parseReference('busybox'), hostile), undefined);
    }
  });
});

function described(rule: IdentityRule): string {
  const { kind, ...rest } = rule;
  return [kind, ...Object.values(rest)].join(' ').slice(0, 80);
}
