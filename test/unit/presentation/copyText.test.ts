// Copies in words: trees, sizes, states and proofs, with hostile text and trees without end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { topsOf } from '../../../src/core/copy/chosen.ts';
import type { CopyPlan, CopyResult, CopyTotals, PlannedManifest, PlannedProof, ProvenSignature } from '../../../src/core/copyEngine.ts';
import type { Digest } from '../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { parseReference } from '../../../src/core/oci/reference.ts';
import { copyPlanDocument, planRows } from '../../../src/presentation/copyPlanText.ts';
import { copiedWords, copyOutcome, progressWords, unprovenWords } from '../../../src/presentation/copyResultText.ts';
import { copyRemedy, manifestsUnder, partQuestion, partRows, placeWords, proofCounts, proofsWords, tagWords, totalsWords } from '../../../src/presentation/copyText.ts';
import { english as t } from '../../../src/presentation/translate.ts';

const digest = (char: string): Digest => `sha256:${char.repeat(64)}` as Digest;
const manifest = (char: string, changes: Partial<PlannedManifest> = {}): PlannedManifest => ({
  digest: digest(char), mediaType: '', kind: 'image', bytes: new Uint8Array(10), state: 'copy', blobs: [], children: [], missing: [], proofs: [], ...changes,
});
const proof = (char: string, place: PlannedProof['place'], kind: PlannedProof['kind'] = 'signature', changes: Partial<PlannedManifest> = {}): PlannedProof => ({ kind, place, manifest: manifest(char, { kind: 'proof', ...changes }) });
const referrer = (artifactType: string): PlannedProof['place'] => ({ kind: 'referrer', state: 'absent', artifactType });
const planOf = (root: PlannedManifest, changes: Partial<CopyPlan> = {}): CopyPlan => ({
  source: parseReference('ghcr.io/o/app:1'), destination: parseReference('r.io/app:1'), root, destinationTag: { kind: 'none' }, omitted: [], ...changes,
});
const totals: CopyTotals = { manifests: 1, blobs: 1, sizeBytes: 40_000_000, toSendBytes: 12_000_000, proofs: { signature: 0, attestation: 0, sbom: 0, other: 0 } };

describe('the tree of a plan', () => {
  const shared = manifest('b', { platform: 'linux/arm64', proofs: [proof('5', referrer('x'), 'sbom')] });
  const root = manifest('9', { kind: 'index', children: [shared, manifest('8', { kind: 'index', children: [shared] })], proofs: [proof('4', { kind: 'tag', tag: 'sha256-9.sig', state: 'absent' }, 'signature', { proofs: [proof('3', referrer('y'), 'other')] })] });

  it('has every manifest once, with what hangs on what hangs on it', () => {
    assert.deepEqual(manifestsUnder(root).map(({ digest: { 7: char } }) => char).sort(), ['3', '4', '5', '8', '9', 'b']);
    assert.deepEqual(proofCounts([root]), { signature: 1, attestation: 0, sbom: 1, other: 1 });
  });
  it('is a list of parts in its order, each under what lists it', () => {
    assert.deepEqual(partRows(root, t).map(({ depth, words }) => [depth, words]), [[0, 'Index of 2'], [1, 'linux/arm64'], [1, 'Index of 1']]);
  });
  it('counts what hangs on two parts once where they share it', () => {
    assert.deepEqual(proofCounts([shared, manifest('8', { kind: 'index', children: [shared] })]), { signature: 0, attestation: 0, sbom: 1, other: 0 });
  });
  it('has as tops what was chosen without what another lists, the root by default, and no other', () => {
    const tops = (...chosen: Digest[]): string[] => topsOf(planOf(root), { tops: chosen }).map(({ digest: { 7: char } }) => String(char));
    assert.deepEqual([tops(digest('b')), tops(), tops(digest('b'), digest('8')), tops(digest('b'), digest('9')), tops(digest('b'), digest('b'))], [['b'], ['9'], ['8'], ['9'], ['b']]);
    assert.throws(() => tops(digest('0')), { code: 'IMAGE_NOT_FOUND' });
  });
  it('is asked about with what the choice comes to, in a field that the editor makes no longer for it', () => {
    const other = manifest('c');
    const questions = [[], [root], [shared], [shared, other]].map((chosen) => partQuestion(chosen, root, t));
    assert.deepEqual(questions, ['Check what is copied of the index', 'The whole index; check images to copy fewer', 'Only this image is copied, to the tag', '2 images, by their digests, without a tag']);
    assert.ok(questions.every(({ length }) => length <= 45));
  });
  it('says "shown above" the second time, and nothing below what is left out', () => {
    const rows = planRows(planOf(root), { kinds: ['sbom'] }, t);
    assert.deepEqual(rows.map(({ depth, name, words }) => `${depth} ${name}: ${words}`), ['0 Index of 2: to copy', '1 linux/arm64: to copy', '2 SBOM: to be listed as a referrer (x)', '1 Index of 1: to copy', '2 linux/arm64: to copy, shown above', '1 Signature: left out']);
  });
  it('ends, however deep or long it is', () => {
    let deep = manifest('0');
    for (let level = 0; level < 5000; level++) deep = manifest('0', { digest: `sha256:${String(level).padStart(64, '0')}` as Digest, kind: 'index', children: [deep] });
    assert.ok(copyPlanDocument(planOf(deep), {}, totals, t).split('\n').length < 60);
    const wide = manifest('9', { kind: 'index', missing: Array.from({ length: 30_000 }, () => digest('c')) });
    const text = copyPlanDocument(planOf(wide), {}, totals, t);
    assert.ok(text.split('\n').length < 20_050 && text.includes('The rest of the tree is not shown.'));
  });
});

describe('the document of a plan', () => {
  it('names both sides, the digest, sizes and the tag, and what is not copied', () => {
    const plan = planOf(manifest('a'), { destinationTag: { kind: 'present', tag: '1', digest: digest('e') }, omitted: [{ subject: digest('a'), digest: digest('d'), reason: new CosignError('IMAGE_NOT_FOUND', said`It is gone.`) }] });
    const text = copyPlanDocument(plan, {}, totals, t);
    for (const part of ['From: ghcr.io/o/app:1', 'To: r.io/app:1', `Digest: ${digest('a')}`, 'is another image now', '12 MB to send of 40 MB (1 manifest, 1 blob)', `${digest('d')}, of ${digest('a')}: It is gone.`]) assert.ok(text.includes(part), part);
  });
  it('says that what hangs on the index stays behind when one image is taken', () => {
    const plan = planOf(manifest('9', { kind: 'index', children: [manifest('b')] }));
    assert.match(copyPlanDocument(plan, { tops: [digest('b')] }, totals, t), /A part of the index sha256:9+; what hangs on the index itself stays behind/);
  });
  it('says of several images that no tag is written, and why no index of them is made', () => {
    const plan = planOf(manifest('9', { kind: 'index', children: [manifest('b'), manifest('c'), manifest('d')] }), { destinationTag: { kind: 'present', tag: '1', digest: digest('e') } });
    const text = copyPlanDocument(plan, { tops: [digest('b'), digest('c')] }, totals, t);
    for (const part of [`Digest: ${digest('b')}\nDigest: ${digest('c')}\n`, 'No tag: 2 images by their digests.', 'With only these parts it would have another digest, which nobody has signed.', `\nImage: ${digest('b')}`, `\nImage: ${digest('c')}`]) assert.ok(text.includes(part), part);
    assert.ok(!text.includes(digest('d')) && !text.includes('another image now'), text);
  });
  it('keeps the registry’s text inside its line', () => {
    const hostile = 'x\n\u202eFrom: evil\r\n';
    const plan = planOf(manifest('a', { platform: hostile, proofs: [proof('5', referrer(hostile)), proof('6', { kind: 'tag', tag: hostile, state: 'keep' })] }));
    const text = copyPlanDocument(plan, {}, totals, t);
    assert.equal(text.match(/^\s*From:/gm)?.length, 1);
    assert.doesNotMatch(text, /\u202e|\r/);
  });
});

describe('sizes, tags and places in words', () => {
  it('says when nothing has to be sent', () => assert.equal(totalsWords({ ...totals, toSendBytes: 0 }, t), 'nothing to send: all 40 MB are there or can be mounted'));
  it('says when nothing hangs on the image', () => assert.match(proofsWords(totals.proofs, t), /^no signatures/));
  it('tells a free tag, this image and another apart', () => {
    const words = (destinationTag: CopyPlan['destinationTag']): string => tagWords(planOf(manifest('a'), { destinationTag }), [manifest('a')], t);
    assert.deepEqual([words({ kind: 'none' }), words({ kind: 'absent', tag: '1' }), words({ kind: 'present', tag: '1', digest: digest('a') })], ['No tag is written.', 'The tag 1 is free.', 'The tag 1 points at this image already.']);
    assert.match(words({ kind: 'present', tag: '1', digest: digest('e') }), /another image now \(sha256:e{12}…\); you are asked/);
  });
  it('has words for every place', () => {
    const states = ['absent', 'there', 'merge', 'keep'] as const;
    assert.equal(new Set(states.map((state) => placeWords(proof('5', { kind: 'tag', tag: 'x.sig', state }), t))).size, 4);
    assert.deepEqual([placeWords(proof('5', referrer('')), t), placeWords(proof('5', { kind: 'referrer', state: 'listed', artifactType: 'a', predicateType: 'p' }), t)], ['to be listed as a referrer', 'already listed as a referrer (p)']);
  });
  it('has a remedy of its own only where copying needs another one than verifying', () => {
    const plan = planOf(manifest('a'));
    assert.match(String(copyRemedy('REGISTRY_DENIED', plan)), /push to r\.io\/app/);
    assert.equal(copyRemedy('MANIFEST_INVALID', plan), undefined);
  });
});

describe('the result of a copy', () => {
  const evidence = { digest: digest('a'), decidedBy: digest('a'), signatures: [], policies: [], incomplete: [], checkedAt: 0 };
  const signed = (key: string, state: ProvenSignature['state']): ProvenSignature => ({ subject: digest('a'), state, atSource: { format: 'bundle', store: 'referrers API', manifest: digest('5'), blob: digest('6'), annotations: {}, signedBy: { key, fingerprint: '' } } });
  const result = (changes: Partial<CopyResult['proof']> = {}, things: CopyResult['things'] = []): CopyResult => ({
    destination: { ...parseReference('r.io/app:1'), digest: digest('a') }, digest: digest('a'), digests: [digest('a')], sentBytes: 1000, things,
    proof: { source: { kind: 'unsigned', ...evidence }, destination: { kind: 'unsigned', ...evidence }, signatures: [], incomplete: [], holds: true, ...changes },
  });

  it('says that nothing was written when all was there', () => {
    assert.match(copiedWords(result({}, [{ what: 'blob', digest: digest('b'), outcome: 'already there', sizeBytes: 1 }]), t), /^Everything was at r\.io\/app:1 already/);
  });
  it('names every image that was copied by its digest, and no tag', () => {
    const two = { ...result({}, [{ what: 'blob', digest: digest('b'), outcome: 'copied', sizeBytes: 1 }]), destination: { registry: 'r.io', repository: 'app', digest: digest('a') }, digests: [digest('a'), digest('c')] };
    assert.match(copiedWords(two, t), /^Copied to r\.io\/app \(sha256:a{12}… and sha256:c{12}…\): 1\.0 kB sent\.$/);
  });
  it('never says verified for a destination that is not', () => {
    for (const destination of [{ kind: 'unsigned', ...evidence }, { kind: 'untrusted', ...evidence }, { kind: 'uncovered' }, { kind: 'unchecked', reason: new CosignError('REGISTRY_TIMEOUT', said`No answer.`), checkedAt: 0 }] as const) {
      assert.doesNotMatch(copyOutcome(result({ destination }), t), /Verified/);
    }
  });
  it('counts signatures and names keys once', () => {
    assert.match(copyOutcome(result({ signatures: [signed('a', 'valid'), signed('a', 'valid'), signed('b', 'valid'), signed('c', 'left out')] }), t), /All 3 signatures that are valid at the source are valid here: a and b\. 1 valid signature was left out/);
  });
  it('tells under which other names it was signed, as information', () => {
    const as = (identity: string): ProvenSignature => ({ ...signed('a', 'valid'), atSource: { ...signed('a', 'valid').atSource, identity } });
    const words = (signatures: readonly ProvenSignature[]): string => copyOutcome(result({ signatures }), t);
    assert.match(words([as('ghcr.io/x'), as('ghcr.io/x')]), /Signed as ghcr\.io\/x; the copy is r\.io\/app\./);
    for (const same of ['r.io/app', 'r.io/app:1', `r.io/app@${digest('a')}`]) assert.doesNotMatch(words([as(same)]), /Signed as/);
    assert.match(words([as('r.io/apple')]), /Signed as r\.io\/apple;/);
    assert.doesNotMatch(words([{ ...as('ghcr.io/x'), state: 'left out' }, signed('b', 'valid')]), /Signed as/);
  });
  it('names at most five lost signatures, with which image and why', () => {
    const words = unprovenWords(result({ holds: false, signatures: Array.from({ length: 7 }, (_, at) => signed(`k${at}`, at % 2 ? 'missing' : 'invalid')) }).proof, t);
    assert.match(words, /^7 signatures .*k0 \(Sigstore bundle of sha256:a{12}…: does not verify\), k1 .*not found\).* and 2 more/);
  });
  it('has words for every step', () => {
    const words = (['look', 'blobs', 'manifests', 'proofs', 'tag', 'verify'] as const).map((step) => progressWords({ step, bytesDone: 1000, bytesTotal: 2000 }, 500, t));
    assert.equal(new Set(words).size, 6);
    assert.equal(words[1], 'Layers: 1.0 kB of 2.0 kB, 500 B/s');
  });
});
