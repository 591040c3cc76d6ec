// `dockerfile images`: what a build of all stages would pull. No network, and nothing of it is loaded.
import type { ImageUse } from '../core/dockerfile/images.ts';
import { canonicalName } from '../core/oci/reference.ts';
import { toCosignError } from '../core/errors.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { dockerfileOptions, readText } from './dockerfileInput.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { failureLine } from './failureLine.ts';
import { fileRecord, place } from './imageLine.ts';
import type { Call } from './machine.ts';

/** A file that a build would refuse is an answer; one that cannot be read is a failure, and the others are listed all the same. */
export async function listImages(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, operands, readDockerfile, machine: { stdout, stderr, env } } = call;
  const options = dockerfileOptions(flags, { env });
  const json = flags.text('output') === 'json';
  let code: ExitCode = exitCodes.success;
  for (const file of operands) {
    let text: string;
    try {
      text = await readText(call, file, signal);
    } catch (error) {
      signal.throwIfAborted();
      stderr.write(failureLine(toCosignError(error)));
      code = exitCodes.failure;
      continue;
    }
    const images = readDockerfile(text, options);
    if (json) stdout.write(`${JSON.stringify(fileRecord(file, images))}\n`);
    else {
      stdout.write(images.uses.map((use) => imageText(file, use)).join(''));
      if (images.problem) stderr.write(`${place(plainText(file), images.problem.range)}: error: ${plainText(images.problem.message.toString(), 500)}\n`);
    }
  }
  return code;
}

function imageText(file: string, { kind, range, raw, reference, missing, platform }: ImageUse): string {
  const name = reference ? canonicalName(reference) : `${plainText(raw)} (unresolved${missing.length === 0 ? '' : `: no value for ${plainText(missing.join(', '))}`})`;
  return `${place(plainText(file), range)}: ${kind} ${name}${platform === undefined ? '' : ` (${plainText(platform)})`}\n`;
}
