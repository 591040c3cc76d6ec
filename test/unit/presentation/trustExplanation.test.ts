// The document that explains a verdict: it says the verdict, each fate, and never more than is known.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { said } from '../../../src/core/said.ts';
import { english } from '../../../src/presentation/translate.ts';
import { trustExplanation, type ExplanationSubject } from '../../../src/presentation/trustExplanation.ts';
import type { UseState } from '../../../src/presentation/useState.ts';
import { digest, evidence, good, policy, sampleUse, signature, states, timeout, unresolvedUse } from './samples.ts';

const explained = (state: UseState, changes: Partial<ExplanationSubject> = {}): string =>
  trustExplanation({ item: { use: sampleUse(), state }, file: 'Dockerfile', coverage: [], policyFiles: [], keys: ['release'], ...changes }, english, 0);

describe('the explanation of a verdict', () => {
  it('leads from the reference over digest, policies and signatures to the verdict', () => {
    const text = explained({
      kind: 'untrusted',
      ...evidence({
        signatures: [good('release'), signature({ fault: 'other-key', manifest: digest('d') })],
        policies: [policy({
          policy: 'two of us', kind: 'signers', state: 'unsatisfied', required: 2, keys: ['release', 'qa'], origin: { kind: 'settings', uri: 'file:///w/.vscode/settings.json', range: { start: { line: 7, character: 0 }, end: { line: 9, character: 0 } } },
          signers: [{ key: 'release', state: 'present', fingerprint: 'SHA256:abc' }, { key: 'qa', state: 'missing' }],
        })],
      }),
    }, { coverage: [{ policy: 'two of us', covers: true, pattern: 'ghcr.io/o/**' }, { policy: 'others', covers: false }] });
    assert.deepEqual([...text.matchAll(/^##+ (.*)$/gm)].map(([, title]) => title), ['1. Reference', '2. Digest', '3. Policies', 'two of us: not satisfied', '4. Signatures', '5. Verdict']);
    for (const part of ['asks for 2 of 2 signers', 'release has signed', 'qa has not signed', 'line 8', 'it matches ghcr', 'none of its patterns matches', 'counts: signed by **release**', 'by a key that does not count here', digest('a'), digest('d')]) {
      assert.ok(text.includes(part), `${part} is missing in ${text}`);
    }
  });
  it('says of stored signatures that they are, and how old', () => {
    assert.match(explained({ ...states.verified, storedAt: 0 }), /- From signatures stored on this machine, as the registry had them on 1970-01-01 00:00:00 UTC; it was not asked now\./);
  });
  it('says of what could not be checked that nothing is known', () => {
    const text = explained({ kind: 'unchecked', reason: timeout, digest: digest('a'), evidence: evidence({ incomplete: [timeout] }), checkedAt: 0 });
    assert.match(text, /None was found, but not every place could be read/);
    assert.match(text, /Whether the image is signed is not known/);
    assert.doesNotMatch(text, /There is none:/);
  });
  it('says that nothing was looked for where nothing was', () => {
    for (const state of [states.uncovered, states.noKeys, states.pending, states.cancelled]) assert.match(explained(state), /No signature was looked for/);
    const text = trustExplanation({ item: { use: unresolvedUse(), state: states.unresolved }, file: 'Dockerfile', coverage: [], policyFiles: [], keys: [] }, english, 0);
    assert.match(text, /The reference was not resolved to a digest/);
  });
  it('shows the parts of alternatives with the state of each', () => {
    const part = (authority: string, state: 'satisfied' | 'unknown', reason?: string): object => ({ kind: state === 'unknown' ? 'unsupported' : 'signers', state, authority, required: 1, signers: [], annotations: {}, ...(reason === undefined ? {} : { reason }) });
    const outcome = policy({ policy: 'cluster', satisfied: true, state: 'satisfied', kind: 'any', parts: [part('key', 'satisfied'), part('keyless', 'unknown', 'keyless signatures are not checked')] as never });
    const text = explained({ kind: 'verified', ...evidence({ signatures: [good('release')], policies: [outcome] }) });
    assert.match(text, /one of these suffices \(satisfied\)/);
    assert.match(text, /keyless: .*\(not known\): keyless signatures are not checked/);
  });
  it('lets no foreign text become Markdown', () => {
    const nasty = fc.constantFrom('](command:x)', '<img src=x>', '$(trash)', '`code`', '\n# title', '**bold**', '![i](u)');
    fc.assert(fc.property(nasty, nasty, (one, two) => {
      const text = explained({ kind: 'untrusted', ...evidence({ signatures: [signature({ fault: 'annotations', detail: said`${one}`, annotations: { [one]: two } })], policies: [policy({ policy: two, annotations: { [two]: one } })] }) }, {
        item: { use: sampleUse({ raw: one, text: one }), state: { kind: 'untrusted', ...evidence({ signatures: [signature({ fault: 'annotations', detail: said`${one}`, annotations: { [one]: two } })], policies: [policy({ policy: two })] }) } }, file: two,
      });
      assert.doesNotMatch(text, /\]\(command|<img|\$\(trash|^# title|!\[i/m);
    }));
  });
});

it('a policy file is explained by the glob or scope that matched, and by what a cluster does where none does', () => {
  const said = (...policyFiles: Parameters<typeof trustExplanation>[0]['policyFiles']): string =>
    trustExplanation({ item: { use: sampleUse(), state: states.verified }, file: 'Dockerfile', coverage: [], policyFiles, keys: [] }, english, 0);
  const glob = { policy: 'shop', match: { kind: 'glob', text: 'ghcr.io/**' } } as const;
  const scope = { policy: 'docker.io/library', match: { kind: 'scope', text: 'docker.io/library' } } as const;
  assert.match(said({ name: 'a.yaml', demands: [glob] }), /a&#46;yaml speaks about the image: the glob ghcr&#46;io\S+ of its policy shop matches/);
  const twice = said({ name: 'policy.json', demands: [scope, scope] });
  assert.equal(twice.match(/docker&#46;io\/library is its most specific scope/g)?.length, 1, twice);
  assert.match(said({ name: 'policy.json', demands: [{ policy: 'default', match: { kind: 'default', text: 'default' } }] }), /its default counts/);
  const none = said({ name: 'a.yaml', demands: [] });
  assert.match(none, /does not speak about the image/);
  assert.match(none, /no-match-policy/);
  assert.doesNotMatch(said({ name: 'a.yaml', demands: [] }, { name: 'b.yaml', demands: [glob] }), /no-match-policy/);
});
