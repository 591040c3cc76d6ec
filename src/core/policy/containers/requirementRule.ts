// A requirement of a containers policy → what it asks of an image.
import { parsePublicKeys } from '../../crypto/publicKey.ts';
import { encodePem, parsePem } from '../../encoding/pem.ts';
import { CosignError, toCosignError } from '../../errors.ts';
import { said, type Said } from '../../said.ts';
import type { DemandRule } from '../demand.ts';
import type { KeyPlace } from '../policyProblem.ts';
import type { KeySetting } from '../trustPolicy.ts';
import type { WrittenKey } from './keySources.ts';
import type { Requirement, SigstoreSigned } from './requirement.ts';

export interface RuleContext {
  /** Absolute folder that relative key paths start from. */
  readonly baseDirectory: string | undefined;
  /** Whether registries.d lets podman see the signatures of the image. */
  readonly usesAttachments: boolean;
}

export function ruleOf(requirement: Requirement, context: RuleContext): DemandRule {
  switch (requirement.kind) {
    case 'insecureAcceptAnything': return { kind: 'accept', reason: said`insecureAcceptAnything` };
    case 'reject': return { kind: 'reject', reason: said`The policy rejects this image (reject).` };
    case 'signedBy': return unsupported(said`It asks for a signature made with GPG (signedBy), which Countersign does not check.`);
    case 'signedBaseLayer': return { kind: 'reject', reason: said`The policy asks for signedBaseLayer, which podman never finds satisfied.` };
    case 'sigstoreSigned': return sigstoreRule(requirement, context);
  }
}

function sigstoreRule(requirement: SigstoreSigned, { baseDirectory, usesAttachments }: RuleContext): DemandRule {
  if (!usesAttachments) {
    return { kind: 'reject', reason: said`Podman does not see cosign's signatures of this image: registries.d does not set use-sigstore-attachments for it.` };
  }
  if (requirement.certificates) return unsupported(said`It asks for a certificate (${requirement.certificates}), which Countersign does not check yet.`);
  if (requirement.rekor) return unsupported(said`It asks for an entry in a transparency log (rekorPublicKey), which Countersign does not check yet.`);
  const keys: KeySetting[] = [];
  for (const written of requirement.keys) {
    const key = written.kind === 'path' ? pathKey(written.path, baseDirectory) : dataKey(written.bytes);
    // As podman: one key that cannot be used makes the whole requirement unusable.
    if (key instanceof CosignError) return { kind: 'unsupported', error: key };
    if (!keys.some(({ reference }) => reference === key.reference)) keys.push(key);
  }
  return { kind: 'signers', keys, threshold: 1, needsEveryKey: true, ofPlatform: true, besideImage: true, annotations: {}, formats: ['legacy'], identity: requirement.identity };
}

/** The path is a path: what would be an address, a variable or the home directory in our own settings is not one here. */
function pathKey(path: string, baseDirectory: string | undefined): KeySetting | CosignError {
  if (path.trim() === '' || path.includes('-----BEGIN ')) {
    return new CosignError('KEY_UNREADABLE', said`A key of the policy cannot be read: "${path.slice(0, 100)}" is not the path of a file.`, { remedy: said`Correct the keyPath in the policy.` });
  }
  const isPlain = !/^\s*(?:[a-z][a-z0-9+.-]*:|~)/i.test(path) || /^[a-z]:[\\/]/i.test(path);
  return { name: path, reference: isPlain ? path : `./${path.trim()}`, firstOnly: true, ...(baseDirectory === undefined ? {} : { baseDirectory }) };
}

/** The first key counts, as for podman. */
function dataKey(bytes: Uint8Array): KeySetting | CosignError {
  const key = firstKey(bytes);
  return key instanceof CosignError ? key : { name: `keyData ${key.fingerprint}`, reference: key.pem };
}

/** @returns the first public key of a PEM text, or why there is none */
export function firstKey(bytes: Uint8Array): { readonly fingerprint: string; readonly pem: string } | CosignError {
  try {
    const [block] = parsePem(bytes);
    const [key] = parsePublicKeys(block ? new TextEncoder().encode(encodePem(block.label, block.bytes)) : bytes);
    if (key) return key;
  } catch (error) {
    return toCosignError(error);
  }
  return new CosignError('KEY_INVALID', said`There is no public key in the keyData of the policy.`, { remedy: said`Correct the keyData in the policy.` });
}

/** The key of a requirement that podman could never use, if there is one: text inside the policy that is no public key, or no path. */
export function unusableKey(keys: readonly WrittenKey[]): { readonly key: WrittenKey; readonly error: CosignError } | undefined {
  for (const key of keys) {
    const result = key.kind === 'data' ? firstKey(key.bytes) : pathKey(key.path, undefined);
    if (result instanceof CosignError) return { key, error: result };
  }
  return undefined;
}

/** The files of keys of a requirement, each where it is named. */
export function keyPlacesOf(requirement: Requirement, baseDirectory: string | undefined): readonly KeyPlace[] {
  if (requirement.kind !== 'sigstoreSigned') return [];
  return requirement.keys.flatMap((written) => {
    const key = written.kind === 'path' ? pathKey(written.path, baseDirectory) : undefined;
    return key === undefined || key instanceof CosignError ? [] : [{ key, range: written.range }];
  });
}

function unsupported(message: Said): DemandRule {
  return { kind: 'unsupported', error: new CosignError('POLICY_UNSUPPORTED', message, { remedy: said`Check this image with podman or skopeo.` }) };
}
