// `triangulate`: where cosign keeps what belongs to an image, under a tag made of its digest.
import { hexOf } from '../core/crypto/digest.ts';
import { canonicalRepository, parseReference } from '../core/oci/reference.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import type { Call } from './machine.ts';
import { signatureRepository } from './repositoryVariable.ts';
import { withEngine } from './session.ts';

const suffixes: Readonly<Record<string, string>> = { signature: 'sig', attestation: 'att', sbom: 'sbom' };

export async function triangulateImage(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine, operands: [image = ''] } = call;
  const reference = parseReference(image);
  const digest = reference.digest ?? await withEngine(call, { references: [reference] }, signal, (engine, limited) => engine.contents.resolve(reference, limited));
  const suffix = suffixes[flags.text('type') ?? 'signature'];
  const repository = canonicalRepository(signatureRepository(machine) ?? reference);
  machine.stdout.write(suffix === undefined ? `${canonicalRepository(reference)}@${digest}\n` : `${repository}:sha256-${hexOf(digest)}.${suffix}\n`);
  return exitCodes.success;
}
