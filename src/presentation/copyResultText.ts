// How a copy went, in words: what was sent, and which signatures hold at the destination.
import type { CopyProof, CopyProgress, CopyResult, ProvenSignature } from '../core/copyEngine.ts';
import { sizeText } from '../core/encoding/sizeText.ts';
import { canonicalRepository, familiarName } from '../core/oci/reference.ts';
import type { Verdict } from '../core/policy/verdict.ts';
import { shortDigest } from './digestText.ts';
import { failureText, shortReason } from './failureText.ts';
import { signerNames } from './signatureWords.ts';
import { enumeration, type Translate } from './translate.ts';
import { plainText } from './untrustedText.ts';

const maxNamed = 5;

/** One message for a copy that holds: what was done, and what it proves. */
export function copyOutcome(result: CopyResult, t: Translate): string {
  return [copiedWords(result, t), proofWords(result.proof, t), ...nameWords(result, t), ...verdictWords(result.proof.destination, t)].join(' ');
}

/** `Copied to r.io/app:1 (sha256:84d8…): 12 MB sent.`, `Copied to r.io/app (sha256:84d8…, sha256:77ab…): 12 MB sent.` */
export function copiedWords({ destination, digests, sentBytes, things }: CopyResult, t: Translate): string {
  const { registry, repository, tag } = destination;
  const isOne = digests.length === 1;
  const name = plainText(familiarName(isOne && tag === undefined ? destination : { registry, repository, ...(isOne && tag !== undefined ? { tag } : {}) }), 300);
  const named = enumeration(digests.map(shortDigest), t, maxNamed);
  const mounted = things.filter(({ what, outcome }) => what === 'blob' && outcome === 'mounted').length;
  const extra = mounted === 0 ? '' : `, ${mounted === 1 ? t('1 blob mounted') : t('{0} blobs mounted', mounted)}`;
  return things.every(({ outcome }) => outcome === 'already there' || outcome === 'foreign')
    ? t('Everything was at {0} already ({1}); nothing was written.', name, named)
    : t('Copied to {0} ({1}): {2}.', name, named, `${t('{0} sent', sizeText(sentBytes))}${extra}`);
}

/** Signatures keep the name that they were made for: for information only. */
export function nameWords({ proof: { signatures }, destination }: CopyResult, t: Translate): readonly string[] {
  const copy = canonicalRepository(destination);
  const others = new Set(signatures.filter(({ state }) => state === 'valid').flatMap(({ atSource: { identity } }) => (identity === undefined || isOf(identity, copy) ? [] : [plainText(identity, 200)])));
  return others.size === 0 ? [] : [t('Signed as {0}; the copy is {1}.', enumeration([...others], t, maxNamed), plainText(copy, 300))];
}

/** With a tag or digest too: `cosign sign --sign-container-identity`. */
function isOf(identity: string, repository: string): boolean {
  return identity === repository || identity.startsWith(`${repository}:`) || identity.startsWith(`${repository}@`);
}

function proofWords({ signatures }: CopyProof, t: Translate): string {
  const valid = signatures.filter(({ state }) => state === 'valid');
  const left = signatures.length - valid.length;
  const behind = left === 0 ? '' : ` ${left === 1 ? t('1 valid signature was left out, as chosen.') : t('{0} valid signatures were left out, as chosen.', left)}`;
  if (valid.length === 0) return signatures.length === 0 ? t('No signature is valid at the source with the keys you trust, so there was none to prove.') : behind.trim();
  const names = signersOf(valid, t);
  return (valid.length === 1 ? t('The signature that is valid at the source is valid here: {0}.', names) : t('All {0} signatures that are valid at the source are valid here: {1}.', valid.length, names)) + behind;
}

/** What is not proven about a copy, and why; one sentence. */
export function unprovenWords({ signatures, incomplete, source, destination }: CopyProof, t: Translate): string {
  const lost = signatures.filter(({ state }) => state === 'missing' || state === 'invalid');
  if (lost.length > 0) {
    const named = enumeration(lost.map((signature) => lostWords(signature, t)), t, maxNamed);
    return lost.length === 1 ? t('A signature that is valid at the source is not valid at the destination: {0}.', named) : t('{0} signatures that are valid at the source are not valid at the destination: {1}.', lost.length, named);
  }
  const [reason] = incomplete;
  if (reason) return t('The signatures could not all be checked: {0}', failureText(reason, t).message);
  return t('The verdict at the destination ({0}) is not as good as at the source ({1}).', shortVerdict(destination, t), shortVerdict(source, t));
}

function lostWords({ subject, atSource: { signedBy, format }, state }: ProvenSignature, t: Translate): string {
  const name = plainText(signedBy?.key ?? '', 40);
  const kind = format === 'legacy' ? t('legacy signature') : t('Sigstore bundle');
  return state === 'missing'
    ? t('{0} ({1} of {2}: not found)', name, kind, shortDigest(subject))
    : t('{0} ({1} of {2}: does not verify)', name, kind, shortDigest(subject));
}

function signersOf(signatures: readonly ProvenSignature[], t: Translate): string {
  return enumeration([...new Set(signatures.flatMap(({ atSource: { signedBy } }) => (signedBy ? [plainText(signedBy.key, 40)] : [])))], t, maxNamed);
}

function verdictWords(verdict: Verdict, t: Translate): readonly string[] {
  switch (verdict.kind) {
    case 'verified': return [t('Verified at the destination: signed by {0}.', signerNames(verdict, t))];
    case 'uncovered': return [verdict.acceptedBy === undefined ? t('No policy covers this image.') : t('The policy accepts it without a signature.')];
    case 'unsigned': return [t('The destination shows no signature of it.')];
    case 'untrusted': return [t('Its signatures do not satisfy what you ask for.')];
    case 'unchecked': return [t('Could not check: {0}', failureText(verdict.reason, t).message)];
  }
}

/** One or two words for a verdict. */
export function shortVerdict(verdict: Verdict, t: Translate): string {
  switch (verdict.kind) {
    case 'verified': return t('verified');
    case 'unsigned': return t('unsigned');
    case 'untrusted': return t('untrusted');
    case 'uncovered': return verdict.acceptedBy === undefined ? t('not covered by any policy') : t('accepted without a signature');
    case 'unchecked': return t('could not check: {0}', shortReason(verdict.reason.code, t));
  }
}

/** `Layers: 12 MB of 40 MB, 8.1 MB/s`. @param bytesPerSecond undefined while it is not known */
export function progressWords({ step, bytesDone, bytesTotal }: CopyProgress, bytesPerSecond: number | undefined, t: Translate): string {
  const speed = bytesPerSecond === undefined ? '' : `, ${t('{0}/s', sizeText(bytesPerSecond))}`;
  const bytes = t('{0} of {1}', sizeText(bytesDone), sizeText(bytesTotal));
  switch (step) {
    case 'look': return t('Looking at the destination');
    case 'blobs': return t('Layers: {0}', bytes + speed);
    case 'manifests': return t('Manifests: {0}', bytes + speed);
    case 'proofs': return t('Signatures and what else belongs to it: {0}', bytes + speed);
    case 'tag': return t('Writing the tag');
    case 'verify': return t('Verifying at the destination');
  }
}
