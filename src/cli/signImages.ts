// `sign`: images in their registry, in both of cosign's formats unless told otherwise.
import { canonicalName, canonicalRepository, parseReference } from '../core/oci/reference.ts';
import type { FormatChoice } from '../core/signing/signImage.ts';
import { annotationsOf } from './annotations.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import type { FlagValues } from './flags.ts';
import { UsageError } from './flags.ts';
import { tell, type Call } from './machine.ts';
import { unlock } from './password.ts';
import { signatureRepository } from './repositoryVariable.ts';
import { withEngine } from './session.ts';
import { keyNamed } from './trustFlags.ts';

/** Everything is resolved before the first signature is written. */
export async function signImages(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine, operands } = call;
  const key = privateKeyFlag(flags, machine.workingDirectory);
  refuseLogs(flags);
  const references = operands.map(parseReference);
  const annotations = annotationsOf(flags);
  const place = signatureRepository(machine);
  await withEngine(call, { references: place ? [...references, place] : references }, signal, async (engine, limited) => {
    await unlock(engine, machine, key, limited);
    const plans = [];
    for (const reference of references) {
      plans.push(await engine.signing.planImage({
        reference, format: formatOf(flags), recursive: flags.on('recursive'), ...(place ? { signatureRepository: canonicalRepository(place) } : {}),
      }, limited));
    }
    for (const plan of plans) {
      tell(call, `Pushing signature to: ${canonicalRepository(plan.repository)}`);
      const signed = await engine.signing.signImage({ plan, key, annotations, dockerMediaTypes: isSet(machine.env['COSIGN_DOCKER_MEDIA_TYPES']) }, () => undefined, limited);
      for (const { digest, format, outcome } of signed) tell(call, `  ${digest}: ${format} signature ${outcome}`);
      tell(call, `Signed ${canonicalName({ ...plan.reference, digest: plan.digest })}. Nothing was uploaded to a transparency log.`);
    }
  });
  return exitCodes.success;
}

/** @throws {UsageError} without one */
export function privateKeyFlag(flags: FlagValues, workingDirectory: string): ReturnType<typeof keyNamed> {
  const key = flags.text('key');
  if (key === undefined) throw new UsageError('--key is needed: the private key to sign with. Keyless signing is not supported.');
  return keyNamed(key, workingDirectory);
}

/** What would be uploaded with cosign is not uploaded here: whoever asks for it must know. @throws {UsageError} */
export function refuseLogs(flags: FlagValues): void {
  for (const name of ['tlog-upload', 'use-signing-config']) {
    if (flags.on(name)) throw new UsageError(`--${name} asks for a transparency log, and nothing is ever uploaded to one; leave it out, or write --${name}=false.`);
  }
}

function formatOf(flags: FlagValues): FormatChoice {
  const format = flags.text('format');
  if (format === 'legacy' || format === 'bundle' || format === 'both') return format;
  return flags.has('new-bundle-format') ? (flags.on('new-bundle-format') ? 'bundle' : 'legacy') : 'both';
}

/** As cosign reads a switch in the environment. */
const isSet = (value: string | undefined): boolean => value !== undefined && ['1', 't', 'true'].includes(value.toLowerCase());
