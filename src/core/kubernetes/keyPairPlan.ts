// A new key pair and the secrets it goes to: planned, shown, then written one after another.
import type { KeyPairFiles } from '../crypto/encryptedKey.ts';
import { CosignError, toCosignError } from '../errors.ts';
import { said, sequence } from '../said.ts';
import type { KeyPairPlan, KeyPairRequest } from './clusterKeys.ts';
import { describeChange, knowsImmutable, maskedManifest, planChange, type SecretChange } from './plannedSecret.ts';
import { dataKeys } from './secretObject.ts';
import { secretReference, type SecretPlace } from './secretReference.ts';
import type { SecretStore } from './secretStore.ts';
import { writeSecret } from './writeSecret.ts';

export interface KeyPairMaker {
  /** A new key pair, encrypted with the password. */
  readonly generate: (password: string, signal: AbortSignal) => Promise<KeyPairFiles>;
  /** Letters and digits that nobody can guess. */
  readonly randomText: (length: number) => string;
}

const passwordLength = 43;

/**
 * Reads what is there and makes the key pair; nothing is written.
 * @throws {CosignError} `KUBERNETES_REFERENCE_INVALID` for one secret named twice, `KUBERNETES_CONFLICT`, …
 */
export async function planKeyPair(store: SecretStore, { place, publicOnly }: KeyPairRequest, { generate, randomText }: KeyPairMaker, signal: AbortSignal): Promise<KeyPairPlan> {
  if (publicOnly && secretReference(publicOnly) === secretReference(place)) {
    throw new CosignError('KUBERNETES_REFERENCE_INVALID', said`The secret for those who verify must be another one than that with the private key.`, { remedy: said`Choose another name.` });
  }
  const [version, before, publicBefore] = await Promise.all([store.serverVersion(signal), store.get(place, signal), publicOnly ? store.get(publicOnly, signal) : undefined]);
  const password = randomText(passwordLength);
  const { privatePem, publicPem, key: { publicKey } } = await generate(password, signal);
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const immutable = knowsImmutable(version);
  const changes: SecretChange[] = [planChange(place, before, {
    [dataKeys.privateKey]: bytes(privatePem), [dataKeys.publicKey]: bytes(publicPem), [dataKeys.password]: bytes(password),
  }, immutable)];
  if (publicOnly) changes.push(planChange(publicOnly, publicBefore, { [dataKeys.publicKey]: bytes(publicPem) }, immutable));
  return {
    context: store.context,
    secrets: changes.map(describeChange),
    publicKey: { algorithm: publicKey.label, fingerprint: publicKey.fingerprint, pem: publicPem },
    manifest: sequence(changes.map(maskedManifest), '---\n'),
    write: async (writing) => {
      const leftovers: SecretPlace[] = [];
      const written: SecretPlace[] = [];
      for (const change of changes) {
        try {
          const leftover = await writeSecret(store, change, { suffix: randomText(8).toLowerCase() }, writing);
          written.push(change.place);
          if (leftover) leftovers.push(leftover);
        } catch (error) {
          if (written.length === 0) throw error;
          if (writing.aborted) writing.throwIfAborted();
          throw afterOthers(error, written);
        }
      }
      return { leftovers };
    },
  };
}

function afterOthers(error: unknown, written: readonly SecretPlace[]): CosignError {
  const { code, said: message, remedy } = toCosignError(error);
  return new CosignError(code, said`${written.map(secretReference).join(', ')} is written and can be used, but not the secret for those who verify. ${message}`, { cause: error, ...(remedy === undefined ? {} : { remedy }) });
}
