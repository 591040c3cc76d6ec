// Signs a file: reads it once, in constant memory, and puts the signature beside it in the forms cosign reads (`cosign.md` §4.1).
import { createHash } from 'node:crypto';
import { encodeBlobSignature } from '../core/cosign/blobSignature.ts';
import { encodeBlobBundle } from '../core/cosign/bundle.ts';
import type { PrivateKey } from '../core/crypto/privateKey.ts';
import { startSigning } from '../core/crypto/signatures.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { FileSigning, Progress } from '../core/signingEngine.ts';
import { FileBytes } from './fileBytes.ts';
import { refuseExisting, writeFiles, type FileToWrite } from './writeFiles.ts';

const mode = 0o644;

/** @throws {CosignError} `FILE_UNREADABLE`, `FILE_EXISTS` before anything is read, `FILE_CHANGED`; nothing half-written is left */
export async function signFile({ file, signature: signaturePath, bundle: bundlePath, overwrite }: Omit<FileSigning, 'key'>, key: PrivateKey, onProgress: Progress, signal: AbortSignal): Promise<void> {
  const options = { overwrite, existsCode: 'FILE_EXISTS' } as const;
  const outputs = [signaturePath, bundlePath].filter((path) => path !== undefined);
  // The file itself among them, so that it can never be what is written.
  await refuseExisting([file, ...outputs], { ...options, overwrite: true });
  await refuseExisting(outputs, options);
  const { signature, sha256 } = await readAndSign(file, key, bundlePath !== undefined, onProgress, signal);
  const files: FileToWrite[] = [];
  if (signaturePath !== undefined) files.push({ path: signaturePath, content: encodeBlobSignature(signature), mode });
  if (bundlePath !== undefined) files.push({ path: bundlePath, content: encodeBlobBundle(key.publicKey.hint, sha256, signature), mode });
  await writeFiles(files, options, signal);
}

async function readAndSign(path: string, key: PrivateKey, needsDigest: boolean, onProgress: Progress, signal: AbortSignal): Promise<{ signature: Uint8Array; sha256: Uint8Array }> {
  const file = await FileBytes.open(path, signal);
  try {
    const signing = startSigning(key);
    const digest = createHash('sha256');
    for await (const piece of file.pieces(onProgress, signal)) {
      signing.update(piece);
      if (needsDigest) digest.update(piece);
    }
    return { signature: signing.finish(), sha256: digest.digest() };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CosignError) throw error;
    throw new CosignError('FILE_UNREADABLE', said`"${path}" cannot be signed.`, { cause: error });
  } finally {
    await file.close();
  }
}
