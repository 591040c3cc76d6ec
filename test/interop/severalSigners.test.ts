// Images signed by several people with the real cosign 2.5 and 3.1: who counts, how often, and when it is enough.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Verdict } from '../../src/core/policy/verdict.ts';
import { Cosign, type SignatureFormat } from '../support/cosign.ts';
import { ask, testEngine } from '../support/engine.ts';
import { pushImage } from '../support/images.ts';
import { requirePeers, startDistribution, type Distribution } from '../support/peers.ts';

const engine = testEngine();
let registry: Distribution;
let two: Cosign;
let three: Cosign;
let pairs: Readonly<Record<Person, Awaited<ReturnType<Cosign['generateKeyPair']>>>>;

type Person = 'ada' | 'bob' | 'cyd' | 'eve';
/** Who signed, with which cosign, in which format. */
type Act = readonly [Person, 2 | 3, SignatureFormat];

before(async () => {
  const peers = await requirePeers(['cosign2', 'cosign3', 'registry']);
  registry = await startDistribution();
  [two, three] = [new Cosign(peers.cosign2, 2), new Cosign(peers.cosign3, 3)];
  const [ada, bob, cyd, eve] = await Promise.all([two.generateKeyPair('ada'), three.generateKeyPair('bob'), two.generateKeyPair('cyd'), three.generateKeyPair('eve')]);
  pairs = { ada, bob, cyd, eve };
});
after(async () => {
  await engine.dispose();
  await registry.close();
});

let next = 0;
async function signed(acts: readonly Act[], more: readonly string[] = []): Promise<string> {
  const image = await pushImage(registry.host, `several/app-${++next}`, '1.0');
  for (const [person, major, format] of acts) await (major === 2 ? two : three).sign(pairs[person].key, image.byDigest, format, more);
  return `${registry.host}/${image.repository}:1.0`;
}

/** `twin` is another name for Ada's key. */
const keys = (): Readonly<Record<string, string>> => ({ ada: pairs.ada.pem, bob: pairs.bob.pem, cyd: pairs.cyd.pem, twin: pairs.ada.pem });
const policy = (named: readonly string[], require: unknown): object => ({ name: 'several', images: ['**'], keys: named, require });
const trio = ['ada', 'bob', 'cyd'] as const;
const states = (verdict: Verdict): unknown => ('policies' in verdict ? verdict.policies[0]?.signers?.map(({ state }) => state) : verdict);

describe('several signers', () => {
  const rows: readonly (readonly [string, readonly Act[], readonly string[], unknown, string, readonly string[]])[] = [
    ['any of three, one legacy signature of cosign 2', [['bob', 2, 'legacy']], trio, 'any', 'verified', ['missing', 'present', 'missing']],
    ['any of three, one bundle', [['cyd', 3, 'bundle']], trio, 'any', 'verified', ['missing', 'missing', 'present']],
    ['two of three, one signature', [['ada', 2, 'legacy']], trio, 2, 'untrusted', ['present', 'missing', 'missing']],
    ['two of three, the same key in both formats and with both programs', [['ada', 2, 'legacy'], ['ada', 3, 'bundle']], trio, 2, 'untrusted', ['present', 'missing', 'missing']],
    ['two of three, one of them a stranger', [['ada', 3, 'legacy'], ['eve', 3, 'bundle']], trio, 2, 'untrusted', ['present', 'missing', 'missing']],
    ['two of three, legacy by cosign 2 and by cosign 3', [['ada', 2, 'legacy'], ['bob', 3, 'legacy']], trio, 2, 'verified', ['present', 'present', 'missing']],
    ['two of three, a bundle and a legacy signature', [['ada', 3, 'bundle'], ['cyd', 2, 'legacy']], trio, 2, 'verified', ['present', 'missing', 'present']],
    ['two of three, two bundles', [['ada', 3, 'bundle'], ['cyd', 3, 'bundle']], trio, 2, 'verified', ['present', 'missing', 'present']],
    ['all of three, two signed', [['ada', 3, 'bundle'], ['cyd', 2, 'legacy']], trio, 'all', 'untrusted', ['present', 'missing', 'present']],
    ['all of three, in mixed formats', [['ada', 3, 'bundle'], ['bob', 3, 'legacy'], ['cyd', 2, 'legacy']], trio, 'all', 'verified', ['present', 'present', 'present']],
    ['two names for one key', [['ada', 2, 'legacy']], ['ada', 'twin'], 2, 'untrusted', ['present', 'missing']],
    ['nobody', [], trio, 2, 'unsigned', ['missing', 'missing', 'missing']],
  ];
  for (const [what, acts, named, require, expected, signers] of rows) {
    it(`${what}: ${expected}`, async () => {
      const image = await signed(acts);
      const verdict = await ask(engine, image, keys(), { policies: [policy(named, require)] });
      assert.deepEqual([verdict.kind, states(verdict)], [expected, signers]);
      // Cosign itself verifies each signer alone: those whom it accepts are those who are present.
      for (const [person, major, format] of acts) {
        if (person === 'eve') continue;
        const more = major === 3 && format === 'legacy' ? ['--new-bundle-format=false'] : [];
        assert.equal((await (format === 'bundle' ? three : major === 2 ? two : three).verify(pairs[person].pub, image, more)).code, 0, `${person} ${format}`);
      }
    });
  }

  it('a signature without the annotation that is asked for is invalid, and does not count', async () => {
    const image = await signed([['ada', 2, 'legacy']], ['-a', 'env=prod']);
    await three.sign(pairs.bob.key, image, 'bundle', ['-a', 'env=dev']);
    const asked = { ...policy(['ada', 'bob'], 'all'), annotations: { env: 'prod' } };
    const verdict = await ask(engine, image, keys(), { policies: [asked] });
    assert.deepEqual([verdict.kind, states(verdict)], ['untrusted', ['present', 'invalid']]);
    await three.sign(pairs.bob.key, image, 'bundle', ['-a', 'env=prod']);
    assert.equal((await ask(engine, image, keys(), { policies: [asked], fresh: true })).kind, 'verified');
  });

  it('that two policies ask for must satisfy both', async () => {
    const image = await signed([['ada', 3, 'bundle'], ['bob', 2, 'legacy']]);
    const verdictOf = async (second: object): Promise<string> => (await ask(engine, image, keys(), { policies: [policy(['ada', 'bob'], 'all'), second] })).kind;
    assert.deepEqual([await verdictOf(policy(['bob', 'cyd'], 'any')), await verdictOf(policy(['cyd'], 'any'))], ['verified', 'untrusted']);
  });
});
