// `verify`: cosign's command for images named on the command line, with cosign's output and exit codes.
import { parseReference, canonicalName, type Reference } from '../core/oci/reference.ts';
import { claimLines, claimsArray } from './claims.ts';
import type { ExitCode } from './exitCodes.ts';
import { verboseCauses } from './failureLine.ts';
import { outcomeText } from './outcomeText.ts';
import { signatureRepository } from './repositoryVariable.ts';
import type { Call } from './machine.ts';
import { tell } from './machine.ts';
import { withEngine } from './session.ts';
import { checkKeys, trustByKeys } from './trustFlags.ts';
import { exitCodeOf, worst } from './verdictExit.ts';
import { verifyAll } from './verifyAll.ts';

/** Every image is looked at, also after one that fails; the worst decides the exit code. */
export async function verifyImages(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine, operands } = call;
  const trust = trustByKeys(call);
  const references = operands.map(parseReference);
  const place = signatureRepository(machine);
  const checkClaims = flags.on('check-claims', true);
  const verdicts = await withEngine(call, { references: place ? [...references, place] : references }, signal, async (engine, limited) => {
    await checkKeys(engine, trust, limited);
    const queries = references.map((reference) => ({ reference, trust, fresh: false, ...(place ? { signatureRepository: place } : {}), ...(checkClaims ? {} : { checkClaims }) }));
    return verifyAll(call, engine, queries, signal, limited);
  });
  for (const [index, verdict] of verdicts.entries()) {
    const reference = references[index];
    if (!reference) continue;
    if (verdict.kind !== 'verified') {
      machine.stderr.write(`Error: ${outcomeText(canonicalName(reference), verdict)}\n${verdict.kind === 'unchecked' ? verboseCauses(flags, verdict.reason) : ''}`);
      continue;
    }
    tell(call, checksPerformed(reference, checkClaims, flags.has('annotations')));
    if (flags.text('output') === 'text') machine.stdout.write(claimLines(reference, verdict).map((line) => `${line}\n`).join(''));
    else machine.stdout.write(`\n${claimsArray(reference, verdict)}\n`);
  }
  return worst(verdicts.map(exitCodeOf));
}

/** Only what really was checked. */
function checksPerformed(reference: Reference, checkClaims: boolean, annotations: boolean): string {
  return [
    '', `Verification for ${canonicalName(reference)} --`,
    'The following checks were performed on each of these signatures:',
    ...(checkClaims && annotations ? ['  - The specified annotations were verified.'] : []),
    ...(checkClaims ? ['  - The cosign claims were validated'] : []),
    '  - The signatures were verified against the specified public key',
    'No transparency log was consulted.',
  ].join('\n');
}
