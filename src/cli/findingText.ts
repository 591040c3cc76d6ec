// Findings as compilers print them: `file:line:column: severity: message [code]`, which the problem matcher `$countersign` reads.
import type { PolicySeverity } from '../core/policy/verdict.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { findingsOf, type VerifiedFile } from './findings.ts';
import { place } from './imageLine.ts';
import { outcomeText } from './outcomeText.ts';

/** One line for each image that is as it should be and for each finding. */
export function fileText(verified: VerifiedFile): string {
  const file = plainText(verified.file);
  const found = findingsOf(verified).map(({ range, severity, message, code }) => `${place(file, range)}: ${word(severity)}: ${plainText(message, 2000)} [${code}]`);
  const fine = verified.uses.flatMap(({ use, outcome }) => (outcome.kind === 'verified' || outcome.kind === 'uncovered' ? [`${place(file, use.range)}: ${outcome.kind}: ${outcomeText(use.text, outcome)}`] : []));
  return [...found, ...fine].map((line) => `${line}\n`).join('');
}

function word(severity: PolicySeverity): string {
  switch (severity) {
    case 'error': case 'warning': return severity;
    case 'information': case 'hint': return 'info';
  }
}
