// What is known about a file that has a signature beside it, in words: status bar, lens, diagnostics and messages.
import type { PolicySeverity } from '../core/policy/verdict.ts';
import type { FileSignature, FileSignatureReport, FileVerdict } from '../core/signingEngine.ts';
import { timeText } from './digestText.ts';
import type { Severities, Severity } from './diagnosticText.ts';
import { failureText, shortReason } from './failureText.ts';
import { enumeration, inWords, type Translate } from './translate.ts';
import { labelText, plainText } from './untrustedText.ts';
import { lensText } from './verdictText.ts';

/** Only `verified` may ever be drawn as signed by somebody. */
export type FileState =
  /** Being verified now. */
  | { readonly kind: 'pending' }
  /** There is a signature, and nothing is known about it yet. */
  | { readonly kind: 'waiting' }
  /** There is a signature and no trusted key. */
  | { readonly kind: 'no keys' }
  /** The file or a signature has changed on disk since it was verified. */
  | { readonly kind: 'stale' }
  | FileVerdict;

/** Codicon name of a state; different for each kind, so that colour never carries the meaning alone. */
export function fileStateIcon(state: FileState): string {
  switch (state.kind) {
    case 'pending': return 'sync';
    case 'waiting': return 'circle-outline';
    case 'no keys': return 'key';
    case 'stale': return 'history';
    case 'verified': return 'verified-filled';
    case 'untrusted': return 'error';
    case 'unchecked': return 'question';
    case 'unsigned': return 'warning';
  }
}

/** A few words; they begin with the verdict. */
export function fileStateWords(state: FileState, t: Translate, safe: typeof plainText = labelText): string {
  switch (state.kind) {
    case 'pending': return t('Verifying…');
    case 'waiting': return t('Signature not verified yet');
    case 'no keys': return t('Signature not verified: add a trusted key');
    case 'stale': return t('Stale: changed since it was verified');
    case 'verified': return t('Signed by {0}', fileSigners(state.signatures, t, safe));
    case 'untrusted': return t('Untrusted: no signature by a trusted key over these contents');
    case 'unchecked': return t('Could not check: {0}', shortReason(state.reason.code, t));
    case 'unsigned': return t('No signature beside the file');
  }
}

/** The message after a person asked. */
export function fileVerdictMessage(file: string, state: FileState, t: Translate): string {
  const name = plainText(file, 120);
  switch (state.kind) {
    case 'verified': {
      const counted = state.signatures.filter(({ signedBy }) => signedBy).map(({ path }) => baseName(path));
      return t('Verified: {0} is signed by {1}, in {2}.', name, fileSigners(state.signatures, t, plainText, true), enumeration(counted, t));
    }
    case 'untrusted': return t('Untrusted: no signature beside {0} is by a trusted key over the contents on disk. {1}', name, faults(state.signatures, t));
    case 'unchecked': return t('Could not check who signed {0}: {1} Whether it is signed is not known.', name, failureText(state.reason, t).text);
    case 'unsigned': return t('{0} has no signature beside it: there is neither a .sig nor a .sigstore.json nor a .bundle file of its name.', name);
    case 'no keys': return t('No trusted key is configured, so there is nothing to verify signatures with.');
    case 'stale': return t('{0} was changed while it was verified. Verify it again.', name);
    case 'pending': case 'waiting': return t('{0} is not verified yet.', name);
  }
}

export interface NamedFileState {
  readonly name: string;
  readonly state: FileState;
}

/** One message for all the files a person asked about; "verified" begins it only where every one of them is. */
export function filesVerdictMessage(files: readonly NamedFileState[], t: Translate): string {
  const [first] = files;
  if (files.length === 1 && first) return fileVerdictMessage(first.name, first.state, t);
  const others = files.filter(({ state }) => state.kind !== 'verified');
  const withoutKeys = others.find(({ state }) => state.kind === 'no keys');
  if (withoutKeys && others.length === files.length) return fileVerdictMessage(withoutKeys.name, withoutKeys.state, t);
  if (others.length === 0) {
    const signatures = files.flatMap(({ state }) => (state.kind === 'verified' ? state.signatures : []));
    return t('Verified: all {0} files. The keys that signed them: {1}.', files.length, fileSigners(signatures, t, plainText, true));
  }
  const shown = others.slice(0, 3);
  return [
    t('{0} of {1} files are verified.', files.length - others.length, files.length),
    ...shown.map(({ name, state }) => fileVerdictMessage(name, state, t)),
    ...(others.length > shown.length ? [t('{0} more are not verified.', others.length - shown.length)] : []),
  ].join(' ');
}

/** Lens of one signature file: which file, who signed, still true? */
export function signatureLens(subject: string, path: string, state: FileState, t: Translate): string {
  const report = reportOf(state, path);
  const words = report?.signedBy ? t('Signed by {0}', labelText(report.signedBy.key))
    : report?.fault !== undefined ? t('Does not count: {0}', labelText(inWords(report.fault, t), 80)) : fileStateWords(state, t);
  const icon = report && !report.signedBy ? 'error' : fileStateIcon(state);
  return lensText(icon, `${t('Signature of {0}', labelText(subject))} · ${words}`);
}

export interface FileDiagnosticText {
  readonly code: 'file-untrusted' | 'file-unchecked' | 'file-stale';
  readonly severity: PolicySeverity;
  readonly message: string;
}

/** What Problems says about one signature file; undefined where there is nothing to say. */
export function signatureDiagnostic(subject: string, path: string, state: FileState, severities: Severities, t: Translate): FileDiagnosticText | undefined {
  const name = plainText(subject, 120);
  const made = (code: FileDiagnosticText['code'], severity: Severity, message: string): FileDiagnosticText | undefined => (severity === 'off' ? undefined : { code, severity, message });
  if (state.kind === 'stale') return made('file-stale', severities.unchecked === 'off' ? 'off' : 'information', t('{0} or its signature has changed since it was verified. Verify it again.', name));
  if (state.kind === 'unchecked') return made('file-unchecked', severities.unchecked, t('Could not check this signature of {0}: {1}', name, failureText(state.reason, t).text));
  const report = reportOf(state, path);
  if (!report || report.signedBy) return undefined;
  return made('file-untrusted', severities.untrusted, t('This signature of {0} does not count: {1} Sign the file again, or add the right key with "Add Trusted Key…" if you trust who signed.', name, plainText(inWords(report.fault ?? '', t), 300)));
}

/** Markdown-free tooltip: the whole of it, one fact a line. */
export function fileTooltip(file: string, state: FileState, t: Translate): string {
  const lines = [fileVerdictMessage(file, state, t)];
  if (state.kind === 'verified' || state.kind === 'untrusted') lines.push(...state.signatures.map((report) => signatureLine(report, t)), t('Checked: {0}', timeText(state.checkedAt)));
  return lines.join('\n');
}

/** `NAME` and how its signature files end. */
const endings: readonly (readonly [string, FileSignature['format']])[] = [['.sigstore.json', 'bundle'], ['.sig', 'signature'], ['.bundle', 'legacy bundle']];

/** The file that a `.sig` or `.sigstore.json` is about, by its name; undefined for any other: a `.bundle` may be one of many things. */
export function signedPath(path: string): string | undefined {
  const ending = endings.filter(([, format]) => format !== 'legacy bundle').map(([text]) => text).find((text) => path.endsWith(text));
  const subject = ending === undefined ? '' : path.slice(0, -ending.length);
  return subject === '' || /[/\\]$/.test(subject) ? undefined : subject;
}

/** The paths at which signatures of a file may lie. */
export function signaturePaths(path: string): readonly string[] {
  return endings.map(([ending]) => path + ending);
}

function reportOf(state: FileState, path: string): FileSignatureReport | undefined {
  return state.kind === 'verified' || state.kind === 'untrusted' ? state.signatures.find((report) => report.path === path) : undefined;
}

function signatureLine({ path, signedBy, fault }: FileSignatureReport, t: Translate): string {
  return signedBy ? t('{0}: signed by {1} ({2})', baseName(path), plainText(signedBy.key, 80), signedBy.fingerprint) : t('{0}: does not count. {1}', baseName(path), plainText(inWords(fault ?? '', t), 300));
}

function fileSigners(signatures: readonly FileSignatureReport[], t: Translate, safe: typeof plainText, inFull = false): string {
  const nameOf = ({ key, fingerprint }: { readonly key: string; readonly fingerprint: string }): string => (inFull ? `${safe(key, 40)} (${fingerprint})` : safe(key, 40));
  return enumeration([...new Set(signatures.flatMap(({ signedBy }) => (signedBy ? [nameOf(signedBy)] : [])))], t, 3);
}

const faults = (signatures: readonly FileSignatureReport[], t: Translate): string => signatures.slice(0, 3).map(({ path, fault }) => `${baseName(path)}: ${plainText(inWords(fault ?? '', t), 200)}`).join(' ');
const baseName = (path: string): string => plainText(path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1), 120);
