// One image and what is known about it, in a sentence for a terminal: the words of the editor's problems, without its settings.
import type { Evidence, PolicySeverity } from '../core/policy/verdict.ts';
import { demand, everyKeyPolicy, faultCounts, foreignKeyHints, keyChoice, signatureCount, signerNames, unsatisfied } from '../presentation/signatureWords.ts';
import { english as t, enumeration } from '../presentation/translate.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { failureText } from './failureLine.ts';
import type { Outcome } from './verdictExit.ts';

/** All of them end the command with a failure. A policy's own severity comes first for what it judges. */
const severities: Readonly<Record<'unsigned' | 'untrusted' | 'unchecked' | 'unresolved', PolicySeverity>> = {
  unsigned: 'error', untrusted: 'error', unchecked: 'warning', unresolved: 'warning',
};

/** Undefined for what is no problem. */
export function severityOf(outcome: Outcome): PolicySeverity | undefined {
  switch (outcome.kind) {
    case 'verified': case 'uncovered': return undefined;
    case 'unchecked': case 'unresolved': return severities[outcome.kind];
    case 'unsigned': case 'untrusted': return strictest(unsatisfied(outcome).map(({ severity }) => severity ?? severities[outcome.kind])) ?? severities[outcome.kind];
  }
}

/** @param name of the image */
export function outcomeText(name: string, outcome: Outcome): string {
  const image = plainText(name);
  switch (outcome.kind) {
    case 'verified': return `${image} is signed by ${signerNames(outcome, t)}${outcome.platform === undefined ? '' : ` (${plainText(outcome.platform)} only)`}.`;
    case 'unsigned': return `no signatures found for ${image} (${outcome.digest})${outcome.platform === undefined ? '' : `, and none for its manifest for ${plainText(outcome.platform)}`}. ${demands(outcome)}`;
    case 'untrusted': return untrustedText(image, outcome);
    case 'unchecked': return `could not check who signed ${image}: ${failureText(outcome.reason)} Whether it is signed is not known.`;
    case 'uncovered': return `no policy covers ${image}; it was not checked.`;
    case 'unresolved': return `no image can be verified here: ${failureText(outcome.error)}`;
  }
}

function untrustedText(image: string, evidence: Evidence): string {
  const { signatures } = evidence;
  const hints = foreignKeyHints(signatures).map((hint) => plainText(hint, 64));
  return [
    `no matching signatures for ${image} (${evidence.decidedBy}): it has ${signatureCount(signatures, t)}, ${faultCounts(signatures, t) || 'signed by other trusted keys'}.`,
    ...(hints.length === 0 ? [] : [`Key hints of the other signatures: ${enumeration(hints, t, 3)}.`]),
    demands(evidence),
  ].join(' ');
}

/** Which keys were asked, by which policy. */
function demands(evidence: Evidence): string {
  const against = unsatisfied(evidence);
  return (against.length > 0 ? against : evidence.policies).slice(0, 3).map((policy) => (policy.policy === everyKeyPolicy
    ? `Wanted: a signature by ${keyChoice(policy.keys, t)}.`
    : `${policy.policy === '-a' ? 'Wanted:' : `Policy "${plainText(policy.policy, 80)}" asks for`} ${demand(policy, t)}.`)).join(' ');
}

const order: readonly PolicySeverity[] = ['error', 'warning', 'information', 'hint'];
const strictest = (all: readonly PolicySeverity[]): PolicySeverity | undefined => order.find((severity) => all.includes(severity));
