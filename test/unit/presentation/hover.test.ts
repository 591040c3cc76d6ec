import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { said } from '../../../src/core/said.ts';
import { hoverMarkdown } from '../../../src/presentation/hover.ts';
import { english } from '../../../src/presentation/translate.ts';
import type { UseState } from '../../../src/presentation/useState.ts';
import { digest, evidence, good, policy, sampleUse, signature, states, timeout } from './samples.ts';

const hover = (state: UseState, use = sampleUse(), links: readonly { title: string; uri: string }[] = []): string => hoverMarkdown({ use, state }, english, { offsetMinutes: 0, links });

describe('the hover', () => {
  it('gives the evidence of a verified image in full', () => {
    const signatures = [signature({ fault: 'other-key', format: 'bundle', store: 'referrers API', keyHint: 'abc=' }), good('release', { annotations: { env: 'prod' }, identity: 'ghcr.io/o/app' }),
      good('qa', { format: 'bundle', store: 'referrers tag', predicateType: 'https://sigstore.dev/cosign/sign/v1' })];
    assert.equal(hover({ kind: 'verified', ...evidence({ signatures, policies: [policy({ satisfied: true })] }) }), [
      '**$(verified-filled) Signed by release and qa**',
      'Image: ghcr&#46;io/o/app:1',
      `Digest: \`${digest('a')}\``,
      'Signatures: 3',
      '- $(pass) signed by **release** (SHA256:releaseFingerprint) · legacy signature · signature tag · annotations env\\=prod · signed as ghcr&#46;io/o/app\n'.replace('env\\=prod', 'env=prod')
      + '- $(pass) signed by **qa** (SHA256:qaFingerprint) · Sigstore bundle · referrers tag · predicate type https&#58;//sigstore&#46;dev/cosign/sign/v1\n'
      + '- $(circle-slash) by a key that does not count here · Sigstore bundle · referrers · key hint abc\\=',
      'Policies: 1',
      '- $(pass) satisfied: every trusted key, as there is no policy asks for a signature by release',
      'Checked: 2026-11-22 18:03:10 UTC  \nNo transparency log was consulted.  \nA tag can move: this is about the digest it stood for at that time.',
    ].join('\n\n'));
  });

  it('says which manifest decided when the index is not signed', () => {
    assert.match(hover({ ...states.verified, platform: 'linux/amd64', decidedBy: digest('d') }), new RegExp(`Decided by its manifest for linux/amd64, as the index itself has no signature: \`${digest('d')}\``));
  });

  it('says of stored signatures that they are, and how old, before anything else about them', () => {
    assert.match(hover({ ...states.verified, storedAt: 0 }), /^.*\n\nImage: .*\n\nFrom signatures stored on this machine, as the registry had them on 1970-01-01 00:00:00 UTC; it was not asked now\.\n\nDigest/);
    assert.doesNotMatch(hover(states.verified), /stored on this machine/);
  });

  it('does not say that a digest can move', () => {
    const use = sampleUse({ reference: { registry: 'ghcr.io', repository: 'o/app', digest: digest('a') } });
    assert.doesNotMatch(hover(states.verified, use), /tag can move/);
  });

  it('shows no annotation of a signature that proves nothing', () => {
    const annotations = { env: 'prod' };
    const shown = (state: UseState): boolean => hover(state).includes('env=prod');
    for (const fault of ['other-key', 'wrong-digest', 'certificate', 'malformed', 'unsupported', 'no-signature'] as const) {
      assert.equal(shown({ kind: 'untrusted', ...evidence({ signatures: [signature({ fault, annotations })] }) }), false, fault);
    }
    assert.equal(shown({ kind: 'untrusted', ...evidence({ signatures: [signature({ fault: 'annotations', annotations })] }) }), true);
    assert.equal(shown({ kind: 'verified', ...evidence({ signatures: [good('release', { annotations })] }) }), true);
  });

  it('says that nothing is known of an image that could not be checked, and what was found until then', () => {
    const bare = hover({ ...states.unchecked, digest: digest('e') });
    assert.match(bare, /did not answer within 30 s&?#?4?6?;?\.?/);
    assert.match(bare, /Whether the image is signed is not known\./);
    assert.match(bare, new RegExp(digest('e')));
    assert.doesNotMatch(bare, /unsigned|No signature/i);
    const partly = hover({ ...states.unchecked, evidence: evidence({ signatures: [good('release')], incomplete: [timeout] }) });
    assert.match(partly, /Found before that:[^]*signed by \*\*release\*\*[^]*Could not be read: 1/);
  });

  it('shows what counts first, ten signatures at most, and counts the rest', () => {
    const flood = Array.from({ length: 500 }, () => signature({ fault: 'other-key' }));
    const text = hover({ kind: 'verified', ...evidence({ signatures: [...flood, good('release')] }) });
    assert.match(text, /Signatures: 501\n\n- \$\(pass\) signed by \*\*release\*\*/);
    assert.equal(text.match(/by a key that does not count/g)?.length, 9);
    assert.match(text, /- and 491 more/);
  });

  it('says where values came from', () => {
    const range = { start: { line: 2, character: 4 }, end: { line: 2, character: 7 } };
    const use = sampleUse({ origins: [
      { name: 'A', kind: 'arg', value: '1', range }, { name: 'B', kind: 'setting', value: '2' }, { name: 'C', kind: 'platform', value: '3' },
      { name: 'D', kind: 'missing', value: '', range }, { name: 'E', kind: 'missing', value: '' },
    ] });
    assert.match(hover(states.pending, use), /A is "1", the default in line 3 {2}\nB is "2", from countersign\.dockerfile\.buildArgs {2}\nC is "3", set by the platform {2}\nD has no value: line 3 gives no default {2}\nE has no value: it is not declared before the first FROM$/);
  });

  it('keeps hostile text from becoming Markdown, wherever it stands', () => {
    const evil = '**x** [click](command:evil) <img src=x> $(verified-filled) `code`\n\n# Title\u202E';
    const signatures = [signature({ fault: 'annotations', annotations: { [evil]: evil }, keyHint: evil, predicateType: evil, detail: said`${evil}`, identity: evil }), good(evil, { identity: evil })];
    const use = sampleUse({ text: evil, platform: evil, origins: [{ name: evil, kind: 'setting', value: evil }] });
    for (const state of [{ kind: 'untrusted', ...evidence({ signatures, platform: evil, policies: [policy({ policy: evil, keys: [evil], annotations: { [evil]: evil } })] }) },
      { kind: 'verified', ...evidence({ signatures, platform: evil }) }] as const) {
      const text = hover(state, use);
      assert.doesNotMatch(text, /\]\(command:evil|<img|\n# |[^\\]`code|\u202E|&[^#]/);
      assert.equal(text.includes('$(verified-filled)'), state.kind === 'verified');
      assert.equal(text.split('$(verified-filled)').length <= 2, true);
    }
  });

  it('ends with the links it is given', () => {
    assert.match(hover(states.unsigned, sampleUse(), [{ title: 'Copy [Digest]', uri: 'command:a?%5B(1) x%5D' }, { title: 'More', uri: 'file:///d.md' }]),
      /\n\n\[Copy \\\[Digest\\\]\]\(command:a\?%5B%281%29%20x%5D\) · \[More\]\(file:\/\/\/d\.md\)$/);
  });

  it('has something to say about every state', () => {
    for (const state of Object.values(states)) assert.ok(hover(state).length > 60, state.kind);
  });
});
