// Key pairs on disk: new ones beside nothing that exists, and private keys under another password.
import { realpath, stat } from 'node:fs/promises';
import { digestOf } from '../core/crypto/digest.ts';
import { changePassword, type KeyPairFiles } from '../core/crypto/encryptedKey.ts';
import type { PrivateKey } from '../core/crypto/privateKey.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { KeyPairPaths, Overwrite } from '../core/signingEngine.ts';
import { FileProblem, readBoundedFile } from './boundedFile.ts';
import { refuseExisting, writeFiles } from './writeFiles.ts';

/** Far above any private key there is. */
export const maxKeyFileBytes = 256 * 1024;
const privateMode = 0o600;
const publicMode = 0o644;

/** To be asked before a password is: whether the pair may be written at all. @throws {CosignError} `KEY_EXISTS`, naming the files */
export function refuseExistingKeys({ privateKey, publicKey }: KeyPairPaths, overwrite: Overwrite): Promise<void> {
  return refuseExisting([privateKey, publicKey], { overwrite, existsCode: 'KEY_EXISTS' });
}

/** Both files or neither. @throws {CosignError} `KEY_EXISTS`, `FILE_UNREADABLE` when the folder cannot be written to */
export function writeKeyPair(paths: KeyPairPaths, { privatePem, publicPem }: KeyPairFiles, overwrite: Overwrite, signal: AbortSignal): Promise<void> {
  return writeFiles([
    { path: paths.privateKey, content: privatePem, mode: privateMode },
    { path: paths.publicKey, content: publicPem, mode: publicMode },
  ], { overwrite, existsCode: 'KEY_EXISTS' }, signal);
}

/** @throws {CosignError} `FILE_UNREADABLE`, `SIZE_LIMIT` for what is too large to be a key */
export async function readKeyFile(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return await readBoundedFile(path, maxKeyFileBytes, signal);
  } catch (error) {
    if (error instanceof FileProblem) throw new CosignError('FILE_UNREADABLE', said`The key file "${path}" ${error.said}.`, { cause: error });
    throw error;
  }
}

/**
 * Encrypts a private key file anew. The file keeps its place (behind a symbolic link, if it is one) and its permissions.
 * @throws {CosignError} `KEY_PASSWORD_WRONG` and whatever else keeps it from being decrypted; `FILE_CHANGED` when somebody else
 * wrote it meanwhile. The old file stays then.
 * @returns the key that is in it
 */
export async function changeKeyPassword(path: string, oldPassword: string, newPassword: string, signal: AbortSignal): Promise<PrivateKey> {
  const before = await readKeyFile(path, signal);
  const place = await realpath(path);
  const { mode } = await stat(place);
  const { privatePem, key } = await changePassword(before, oldPassword, newPassword, signal);
  const now = await readKeyFile(place, signal);
  if (digestOf(now) !== digestOf(before)) {
    throw new CosignError('FILE_CHANGED', said`The key file "${path}" was changed while its password was; it was left as it is.`, { remedy: said`Try again.` });
  }
  await writeFiles([{ path: place, content: privatePem, mode: mode & 0o777 }], { overwrite: true, existsCode: 'KEY_EXISTS' }, signal);
  return key;
}
