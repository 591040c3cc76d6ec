// What is wrong in a verified Dockerfile, place by place: what the text form prints and SARIF lists.
import type { DockerfileProblem, ImageUse } from '../core/dockerfile/images.ts';
import type { PolicySeverity } from '../core/policy/verdict.ts';
import type { TextRange } from '../core/textRange.ts';
import type { DiagnosticCode } from '../presentation/documentation.ts';
import { outcomeText, severityOf } from './outcomeText.ts';
import type { Outcome } from './verdictExit.ts';

export interface VerifiedUse {
  readonly use: ImageUse;
  readonly outcome: Outcome;
}

export interface VerifiedFile {
  /** As it was named. */
  readonly file: string;
  readonly problem: DockerfileProblem | undefined;
  readonly uses: readonly VerifiedUse[];
}

export interface Finding {
  readonly code: DiagnosticCode;
  readonly severity: PolicySeverity;
  readonly range: TextRange;
  readonly message: string;
}

/** In the order of the file. */
export function findingsOf({ problem, uses }: VerifiedFile): readonly Finding[] {
  const refusal: readonly Finding[] = problem ? [{ code: 'dockerfile-invalid', severity: 'error', range: problem.range, message: `a build refuses this Dockerfile: ${problem.message.toString()}` }] : [];
  return [...refusal, ...uses.flatMap(findingOf)].sort((a, b) => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character);
}

function findingOf({ use, outcome }: VerifiedUse): readonly Finding[] {
  const severity = severityOf(outcome);
  if (severity === undefined || outcome.kind === 'verified' || outcome.kind === 'uncovered') return [];
  return [{ code: outcome.kind, severity, range: use.range, message: outcomeText(use.text === '' ? use.raw : use.text, outcome) }];
}
