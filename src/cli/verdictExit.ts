// Verdicts → exit codes: one for each, and of several the worst.
import type { UseState } from '../presentation/useState.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';

/** What is known about one image when a command ends. */
export type Outcome = Extract<UseState, { readonly kind: 'unresolved' | 'verified' | 'unsigned' | 'untrusted' | 'unchecked' | 'uncovered' }>;

export function exitCodeOf(outcome: Outcome): ExitCode {
  switch (outcome.kind) {
    case 'verified': case 'uncovered': return exitCodes.success;
    case 'unsigned': return exitCodes.unsigned;
    case 'untrusted': return exitCodes.untrusted;
    case 'unresolved': return exitCodes.unchecked;
    case 'unchecked': return outcome.reason.code === 'IMAGE_NOT_FOUND' ? exitCodes.imageNotFound : exitCodes.unchecked;
  }
}

/** The worst first: what was proven wrong, before what was not found, before what is not known. */
const order: readonly ExitCode[] = [exitCodes.untrusted, exitCodes.unsigned, exitCodes.imageNotFound, exitCodes.failure, exitCodes.unchecked];

export function worst(codes: readonly ExitCode[]): ExitCode {
  return order.find((code) => codes.includes(code)) ?? exitCodes.success;
}
