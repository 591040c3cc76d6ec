// Signing and file signatures in words: what is claimed, what is not, and text of others made safe.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseDigest } from '../../../src/core/crypto/digest.ts';
import { CosignError } from '../../../src/core/errors.ts';
import { said } from '../../../src/core/said.ts';
import { parseReference } from '../../../src/core/oci/reference.ts';
import type { SignatureReport, Verdict } from '../../../src/core/policy/verdict.ts';
import type { SigningPlan } from '../../../src/core/signing/signImage.ts';
import type { FileVerdict } from '../../../src/core/signingEngine.ts';
import { fileStateIcon, fileStateWords, fileTooltip, fileVerdictMessage, signatureDiagnostic, signatureLens, signaturePaths, signedPath, type FileState } from '../../../src/presentation/fileSignatureText.ts';
import { listedSigners, signingOutcome, signingSummary } from '../../../src/presentation/signingText.ts';
import { english as t } from '../../../src/presentation/translate.ts';

const digest = parseDigest(`sha256:${'a'.repeat(64)}`);
const report = (changes: Partial<SignatureReport>): SignatureReport => ({ format: 'bundle', store: 'referrers API', manifest: digest, blob: digest, annotations: {}, ...changes });
const verdict = (kind: 'verified' | 'unsigned' | 'untrusted', signatures: readonly SignatureReport[]): Verdict => ({ kind, digest, decidedBy: digest, signatures, policies: [], incomplete: [], checkedAt: 0 });
const reason = new CosignError('REGISTRY_TIMEOUT', said`ghcr.io did not answer in time.`);
const unchecked: Verdict = { kind: 'unchecked', reason, checkedAt: 0 };
const plan = (places: readonly string[], count = 1): SigningPlan => ({
  reference: parseReference('alpine:3'), digest, formats: ['legacy'], repository: { registry: 'index.docker.io', repository: 'library/alpine' }, places,
  manifests: Array.from({ length: count }, () => ({ descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest, size: 1 } })),
});
const key = { algorithm: 'ECDSA P-256', fingerprint: 'SHA256:x', pem: 'PEM' };

describe('who has signed', () => {
  it('is nobody only where everything could be read', () => {
    assert.equal(listedSigners(verdict('unsigned', []), t), 'nobody');
    assert.doesNotMatch(listedSigners(unchecked, t), /nobody/);
    assert.equal(listedSigners({ kind: 'uncovered' }, t), 'not known');
  });
  it('names each key once, and counts the others', () => {
    const signed = report({ signedBy: { key: 'a\u202eb', fingerprint: 'x' } });
    assert.equal(listedSigners(verdict('verified', [signed, signed, report({ fault: 'other-key' }), report({ fault: 'other-key' })]), t), 'a\uFFFDb (x) and 2 signatures by keys that are not known here');
  });
  it('does not count what is no signature for this digest', () => assert.equal(listedSigners(verdict('untrusted', [report({ fault: 'wrong-digest' })]), t), 'nobody'));
});

describe('the summary before signing', () => {
  const summary = (places: readonly string[], count?: number): string => signingSummary({ plan: plan(places, count), key, keyName: 'k', annotations: {}, dockerMediaTypes: false, before: unchecked }, t);
  it('has the whole digest, and says that no log is written to', () => assert.match(summary(['x']), new RegExp(`${digest}[^]*Nothing is uploaded to a transparency log\\.$`)));
  it('is bounded', () => assert.match(summary(Array.from({ length: 500 }, (_, index) => `place ${index}`), 250), /250 manifests[^]*• place 7\n• and 492 more/));
});

describe('the outcome of signing', () => {
  const outcome = (judged: Verdict | undefined, signerTrusted = true): string => signingOutcome({ plan: plan([]), signed: [{ digest, format: 'legacy', outcome: 'pushed' }], before: verdict('unsigned', []), after: verdict('verified', []), verdict: judged, signerTrusted }, t);
  it('says verified only for that verdict', () => {
    assert.match(outcome(verdict('verified', [report({ signedBy: { key: 'k', fingerprint: 'x' } })])), /Verified: signed by k\./);
    for (const other of [undefined, unchecked, verdict('unsigned', []), verdict('untrusted', []), { kind: 'uncovered' } as const]) assert.doesNotMatch(outcome(other), /(?<!Not )Verified/);
  });
  it('says where the signatures are, when that is not beside the image, and never that verifying does not look there', () => {
    const elsewhere = { ...plan([]), repository: { registry: 'ghcr.io', repository: 'o/signatures' } };
    const text = signingOutcome({ plan: elsewhere, signed: [{ digest, format: 'legacy', outcome: 'pushed' }], before: verdict('unsigned', []), after: verdict('verified', []), verdict: undefined, signerTrusted: true }, t);
    assert.match(text, /The signatures are in ghcr\.io\/o\/signatures: .*COSIGN_REPOSITORY=ghcr\.io\/o\/signatures\./);
    assert.doesNotMatch(text, /Verifying looks|not in ghcr/);
    assert.doesNotMatch(outcome(undefined), /COSIGN_REPOSITORY/);
  });
  it('says where the key is not trusted', () => assert.match(outcome(undefined, false), /not among those you trust/));
});

describe('the words for a file', () => {
  const verified: FileVerdict = { kind: 'verified', signatures: [{ path: '/d/a.sig', format: 'signature', signedBy: { key: 'k', fingerprint: 'SHA256:x' } }, { path: '/d/a.sigstore.json', format: 'bundle', fault: said`It is for other contents.` }], checkedAt: 0, fileSizeBytes: 1 };
  const states: readonly FileState[] = [
    { kind: 'pending' }, { kind: 'waiting' }, { kind: 'no keys' }, { kind: 'stale' }, verified, { ...verified, kind: 'untrusted', signatures: verified.signatures.slice(1) }, { kind: 'unchecked', reason, checkedAt: 0 }, { kind: 'unsigned', checkedAt: 0 },
  ];
  it('say "signed by" for one state only, and have an icon each', () => {
    assert.deepEqual(states.filter((state) => /^Signed by/.test(fileStateWords(state, t))).map(({ kind }) => kind), ['verified']);
    assert.equal(new Set(states.map(fileStateIcon)).size, states.length);
    assert.deepEqual(states.filter((state) => /^Verified/.test(fileVerdictMessage('a', state, t))).map(({ kind }) => kind), ['verified']);
  });
  it('disarm icons and directions in names', () => assert.doesNotMatch(signatureLens('a$(x)\u202e', '/d/a.sig', verified, t), /[^\\]\$\(x|\u202e/));
  it('tell each signature apart', () => {
    assert.match(fileTooltip('a', verified, t), /a\.sig: signed by k \(SHA256:x\)\na\.sigstore\.json: does not count/);
    assert.match(signatureLens('a', '/d/a.sigstore.json', verified, t), /^\$\(error\).*Does not count/);
    assert.match(signatureLens('a', '/d/a.sig', verified, t), /^\$\(verified-filled\).*Signed by k/);
  });
  it('are no problem where nothing is known or all is well', () => {
    const severities = { unsigned: 'warning', untrusted: 'error', unchecked: 'information', unresolved: 'off', missingArgument: 'off', dockerfile: 'off', drift: 'off' } as const;
    assert.deepEqual(states.map((state) => signatureDiagnostic('a', '/d/a.sig', state, severities, t)?.code), [undefined, undefined, undefined, 'file-stale', undefined, undefined, 'file-unchecked', undefined]);
    assert.equal(signatureDiagnostic('a', '/d/a.sigstore.json', verified, severities, t)?.severity, 'error');
  });
});

describe('the name of a signature file', () => {
  it('says which file it is about', () => assert.deepEqual(['/d/a.txt.sig', '/d/a.sigstore.json', '/d/a.bundle', '/d/.sig', '.sig', '/d/a'].map(signedPath), ['/d/a.txt', '/d/a', undefined, undefined, undefined, undefined]));
  it('follows from that of the file', () => assert.deepEqual(signaturePaths('/d/a'), ['/d/a.sigstore.json', '/d/a.sig', '/d/a.bundle']));
});
