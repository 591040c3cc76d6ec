// `sign-blob` and `verify-blob`: files, standard input, and digests in place of files.
import { resolve } from 'node:path';
import { isDigest } from '../core/crypto/digest.ts';
import type { Engine } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { FileSignature, FileVerdict } from '../core/signingEngine.ts';
import { plainText } from '../presentation/untrustedText.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { failureText, verboseCauses } from './failureLine.ts';
import { UsageError } from './flags.ts';
import { tell, type Call, type Machine } from './machine.ts';
import { unlock } from './password.ts';
import { withEngine } from './session.ts';
import { privateKeyFlag, refuseLogs } from './signImages.ts';
import { checkKeys, trustByKeys } from './trustFlags.ts';

const maxSignatureBytes = 10 * 1024 * 1024;

export async function signBlob(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine, operands: [file = ''] } = call;
  const key = privateKeyFlag(flags, machine.workingDirectory);
  refuseLogs(flags);
  const [signature, bundle] = [absolute(machine, flags.text('output-signature')), absolute(machine, flags.text('bundle'))];
  for (const path of [signature, bundle]) if (path !== undefined) await refuseKeyFile(machine, path, signal);
  await machine.inTemporaryFolder((folder) => withEngine(call, { references: [] }, signal, async (engine, limited) => {
    const path = await localFile(machine, file, folder, limited);
    await unlock(engine, machine, key, limited);
    tell(call, `Using payload from: ${file}`);
    const printed = signature === undefined && bundle === undefined ? resolve(folder, 'signature') : undefined;
    const outputs = { ...(signature === undefined ? {} : { signature }), ...(printed === undefined ? {} : { signature: printed }), ...(bundle === undefined ? {} : { bundle }) };
    await engine.signing.signFile({ file: path, key, ...outputs, overwrite: true }, () => undefined, limited);
    if (printed !== undefined) machine.stdout.write(`${new TextDecoder().decode(await machine.readInput(printed, maxSignatureBytes, limited))}\n`);
  }));
  for (const [what, name] of [['signature', flags.text('output-signature')], ['bundle', flags.text('bundle')]] as const) if (name !== undefined) tell(call, `Wrote ${what} to file ${name}`);
  return exitCodes.success;
}

/** `Verified OK` on standard error, as cosign says it. */
export async function verifyBlob(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { machine, operands: [file = ''] } = call;
  const trust = trustByKeys(call);
  const signatures = await signaturesOf(call, signal);
  const verdict = await machine.inTemporaryFolder((folder) => withEngine(call, { references: [] }, signal, async (engine, limited) => {
    await checkKeys(engine, trust, limited);
    return verdictOf(engine, machine, { file, folder, trust, signatures }, limited);
  }));
  switch (verdict.kind) {
    case 'verified': {
      tell(call, 'Verified OK');
      return exitCodes.success;
    }
    case 'unchecked': {
      machine.stderr.write(`Error: could not check who signed ${plainText(file)}: ${failureText(verdict.reason)}\n${verboseCauses(call.flags, verdict.reason)}`);
      return exitCodes.unchecked;
    }
    case 'unsigned': case 'untrusted': {
      const faults = verdict.kind === 'untrusted' ? verdict.signatures.map(({ fault }) => plainText(String(fault ?? ''), 500)) : ['There is no signature.'];
      machine.stderr.write(`Error: invalid signature of ${plainText(file)}: ${faults.join(' ')}\n`);
      return exitCodes.failure;
    }
  }
}

interface BlobQuestion {
  readonly file: string;
  readonly folder: string;
  readonly trust: ReturnType<typeof trustByKeys>;
  readonly signatures: readonly FileSignature[];
}

async function verdictOf(engine: Engine, machine: Machine, { file, folder, trust, signatures }: BlobQuestion, signal: AbortSignal): Promise<FileVerdict> {
  if (file.startsWith('sha256:')) {
    if (!isDigest(file)) throw new CosignError('DIGEST_INVALID', said`"${file.slice(0, 100)}" is no digest: sha256: and 64 lower-case hex digits.`);
    return engine.signing.verifyDigest(file, trust, signatures, signal);
  }
  return engine.signing.verifyFile(await localFile(machine, file, folder, signal), trust, () => undefined, signal, signatures);
}

/** Exactly one of the two flags. A signature may stand on the command line itself. */
async function signaturesOf({ flags, machine }: Call, signal: AbortSignal): Promise<readonly FileSignature[]> {
  const [signature, bundle] = [flags.text('signature'), flags.text('bundle')];
  if (signature !== undefined && bundle !== undefined) throw new UsageError('--signature and --bundle exclude each other.');
  if (bundle !== undefined) return [{ path: resolve(machine.workingDirectory, bundle), format: 'bundle', content: await machine.readInput(bundle, maxSignatureBytes, signal) }];
  if (signature === undefined) throw new UsageError('--signature or --bundle is needed.');
  const path = resolve(machine.workingDirectory, signature);
  try {
    return [{ path, format: 'signature', content: await machine.readInput(signature, maxSignatureBytes, signal) }];
  } catch (error) {
    signal.throwIfAborted();
    if (!/^[A-Za-z0-9+/]{40,}={0,2}$/.test(signature)) throw error;
    return [{ path: '--signature', format: 'signature', content: new TextEncoder().encode(signature) }];
  }
}

async function localFile(machine: Machine, file: string, folder: string, signal: AbortSignal): Promise<string> {
  if (file !== '-' && file !== '/dev/stdin') return resolve(machine.workingDirectory, file);
  const path = resolve(folder, 'standard-input');
  await machine.saveInput(path, signal);
  return path;
}

/** Signatures may be written again and again; a key is never what they are written over. */
async function refuseKeyFile(machine: Machine, path: string, signal: AbortSignal): Promise<void> {
  const bytes = await machine.readInput(path, maxSignatureBytes, signal).catch(() => new Uint8Array());
  signal.throwIfAborted();
  if (/-----BEGIN [A-Z ]*KEY-----/.test(new TextDecoder().decode(bytes.subarray(0, 64 * 1024)))) throw new CosignError('KEY_EXISTS', said`"${path}" is a key and was not overwritten.`, { remedy: said`Choose another name.` });
}

function absolute(machine: Machine, path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(machine.workingDirectory, path);
}
