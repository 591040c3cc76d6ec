// The half of the composition root for keys and signing, behind the SigningEngine interface.
import { decryptPrivateKey, generateKeyPair, importKeyPair, type KeyPairFiles } from './core/crypto/encryptedKey.ts';
import { importPrivateKey, type PrivateKey } from './core/crypto/privateKey.ts';
import type { PublicKey } from './core/crypto/publicKey.ts';
import type { KeyDescription } from './core/crypto/keyDescription.ts';
import { CosignError } from './core/errors.ts';
import { said } from './core/said.ts';
import type { ClusterKeys } from './core/kubernetes/clusterKeys.ts';
import { isSecretReference, parseSecretReference } from './core/kubernetes/secretReference.ts';
import { parseSignatureRepository } from './core/oci/signatureRepository.ts';
import type { Clock } from './core/oci/transport.ts';
import type { KeySource } from './core/policy/keySource.ts';
import type { KeySetting } from './core/policy/trustPolicy.ts';
import type { KeyPairRequest, SigningEngine } from './core/signingEngine.ts';
import type { RegistryWriter } from './core/signing/registryWriter.ts';
import { planSigning, signPlan } from './core/signing/signImage.ts';
import { isPipe } from './node/inputFile.ts';
import { changeKeyPassword, maxKeyFileBytes, readKeyFile, refuseExistingKeys, writeKeyPair } from './node/keyFiles.ts';
import type { ReadPipe } from './node/keySource.ts';
import { signFile } from './node/signFile.ts';
import { UnlockedKeys } from './node/unlockedKeys.ts';
import { signaturesBeside, verifyDigest, verifyFile } from './node/verifyFile.ts';
import { existingFiles } from './node/writeFiles.ts';

export interface SigningMachine {
  /** The registry client as the settings of now want it. */
  readonly registry: () => RegistryWriter;
  readonly clock: Clock;
  /** From 0 (inclusive) to 1, for spreading retries. */
  readonly random: () => number;
  /** Reads key references, private ones too. */
  readonly keySource: () => KeySource;
  /** Undefined: a key to import is never read from a pipe. */
  readonly readPipe?: ReadPipe | undefined;
  /** Private keys in Kubernetes, which come with their passwords. */
  readonly cluster?: () => Pick<ClusterKeys, 'readPrivate'>;
}

/** Nothing is read or asked before the first call. Holds timers only while keys are unlocked, and none that keeps a process alive. */
export function createSigningEngine({ registry, clock, random, keySource, readPipe, cluster }: SigningMachine): SigningEngine {
  const keys = new UnlockedKeys(clock);

  const readKey = async (key: KeySetting, signal: AbortSignal): Promise<{ readonly file: Uint8Array; readonly password?: Uint8Array }> => {
    if (/^https?:/i.test(key.reference.trim())) {
      throw new CosignError('KEY_UNSUPPORTED', said`A private key is not read over the network.`, { remedy: said`Use a file, or env://NAME.` });
    }
    if (cluster && isSecretReference(key.reference)) return cluster().readPrivate(parseSecretReference(key.reference), signal);
    return { file: await keySource().read(key, { fresh: true }, signal) };
  };

  const withKey = async <T>(key: KeySetting, signal: AbortSignal, work: (key: PrivateKey) => Promise<T>): Promise<T> => {
    const { file, password } = await readKey(key, signal);
    const done = await keys.use(key, file, work);
    if (!done && password) return work(await decryptPrivateKey(file, password, signal));
    if (!done) throw new CosignError('KEY_PASSWORD_WRONG', said`The private key "${key.name}" is locked.`, { remedy: said`Enter its password.` });
    return done.result;
  };

  const writeNew = async ({ paths, overwrite }: KeyPairRequest, make: () => Promise<KeyPairFiles>, signal: AbortSignal): Promise<KeyDescription> => {
    await refuseExistingKeys(paths, overwrite);
    const files = await make();
    await writeKeyPair(paths, files, overwrite, signal);
    keys.forget(settingOf(paths.privateKey));
    return describe(files.key.publicKey);
  };

  return {
    existing: async ({ privateKey, publicKey }, signal) => {
      signal.throwIfAborted();
      return existingFiles([privateKey, publicKey]);
    },
    generateKeyPair: (request, signal) => writeNew(request, () => generateKeyPair(request.password, signal), signal),
    describeImport: async (source, signal) => describe(importPrivateKey(await readKeyFile(source, signal)).publicKey),
    importKeyPair: async (source, request, signal) => {
      const pem = readPipe && await isPipe(source) ? await readPipe(source, maxKeyFileBytes, signal) : await readKeyFile(source, signal);
      return writeNew(request, () => importKeyPair(pem, request.password, signal), signal);
    },
    changePassword: async (privateKey, oldPassword, newPassword, signal) => {
      const { publicKey } = await changeKeyPassword(privateKey, oldPassword, newPassword, signal);
      keys.forget(settingOf(privateKey));
      return describe(publicKey);
    },

    unlocked: async (key, signal) => {
      const unlocked = keys.peek(key, (await readKey(key, signal)).file);
      return unlocked && describe(unlocked.publicKey);
    },
    unlock: async (key, password, keepMs, signal) => {
      const { file, password: stored } = await readKey(key, signal);
      const unlocked = await decryptPrivateKey(file, stored ?? password, signal);
      keys.add(key, file, unlocked, keepMs);
      return describe(unlocked.publicKey);
    },
    lock: (key) => {
      if (key) keys.forget(key);
      else keys.clear();
    },

    planImage: async ({ reference, format, recursive, signatureRepository }, signal) => {
      const repository = signatureRepository === undefined ? {} : { signatureRepository: parseSignatureRepository(signatureRepository) };
      return planSigning(registry(), { reference, format, recursive, ...repository }, signal);
    },
    signImage: ({ plan, key, annotations, dockerMediaTypes }, onProgress, signal) => withKey(key, signal, (unlocked) =>
      signPlan({ registry: registry(), clock, random }, plan, { key: unlocked, annotations, dockerMediaTypes }, onProgress, signal)),

    signFile: (request, onProgress, signal) => withKey(request.key, signal, (key) => signFile(request, key, onProgress, signal)),
    signaturesOf: signaturesBeside,
    verifyDigest: (digest, trust, signatures, signal) => verifyDigest({ keySource: keySource(), clock }, digest, trust, signatures, signal),
    verifyFile: (file, trust, onProgress, signal, only) => verifyFile({ keySource: keySource(), clock }, file, trust, onProgress, signal, only),
  };
}

/** As the editor's face names a file. */
function settingOf(path: string): KeySetting {
  return { name: path, reference: path };
}

function describe({ label, fingerprint, pem }: PublicKey): KeyDescription {
  return { algorithm: label, fingerprint, pem };
}
