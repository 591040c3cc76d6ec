// `tree`: what hangs on an image, drawn as cosign draws it. Nothing of it is verified.
import type { AttachedProof, ManifestContents } from '../core/contentsEngine.ts';
import type { ProofKind } from '../core/copyEngine.ts';
import { canonicalName, canonicalRepository, parseReference, type Reference } from '../core/oci/reference.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import type { Call } from './machine.ts';
import { signatureRepository } from './repositoryVariable.ts';
import { withEngine } from './session.ts';

const titles: Readonly<Record<ProofKind, string>> = { signature: '🔐 Signatures', attestation: '💾 Attestations', sbom: '📦 SBOMs', other: '📎 Artifacts' };

export async function imageTree(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { machine, operands: [image = ''] } = call;
  const reference = parseReference(image);
  const place = signatureRepository(machine) ?? reference;
  const contents = await withEngine(call, { references: [reference, { ...place, tag: 'latest' }] }, signal, async (engine, limited) => {
    const digest = reference.digest ?? await engine.contents.resolve(reference, limited);
    return engine.contents.read({ registry: place.registry, repository: place.repository }, digest, limited);
  });
  machine.stdout.write(`📦 Supply Chain Security Related artifacts for an image: ${canonicalName(reference)}\n${treeLines(place, contents).map((line) => `${line}\n`).join('')}`);
  for (const { message } of contents.incomplete) machine.stderr.write(`Error: could not look at everything: ${plainText(message, 500)}\n`);
  if (contents.notRead > 0) machine.stderr.write(`Error: ${contents.notRead} more referrers were not read.\n`);
  if (contents.proofs.length === 0 && contents.incomplete.length === 0) machine.stdout.write(`No Supply Chain Security Related Artifacts found for image ${canonicalName(reference)}\n`);
  return contents.incomplete.length > 0 || contents.notRead > 0 ? exitCodes.unchecked : exitCodes.success;
}

function treeLines(place: Pick<Reference, 'registry' | 'repository'>, { proofs }: ManifestContents): readonly string[] {
  const repository = canonicalRepository(place);
  return proofs.flatMap((proof, index) => {
    const last = index === proofs.length - 1;
    return [`${last ? '└' : '├'}── ${headline(proof, repository)}`, ...proof.layers.map(({ digest }, at) => `${last ? ' ' : '│'}  ${at === proof.layers.length - 1 ? '└' : '├'}── 🍒 ${digest}`)];
  });
}

function headline({ kind, place, digest, artifactType, predicateType }: AttachedProof, repository: string): string {
  if (place.kind === 'tag') return `${titles[kind]} for an image tag: ${repository}:${place.tag}`;
  return `🔗 ${plainText(predicateType ?? artifactType ?? 'other')} artifacts via OCI referrer: ${repository}@${digest}`;
}
