// `generate-key-pair`, `import-key-pair` and `public-key`.
import { resolve } from 'node:path';
import type { Engine } from '../core/engine.ts';
import { CosignError } from '../core/errors.ts';
import { said, saidList } from '../core/said.ts';
import { isSecretReference, parseSecretReference, secretReference } from '../core/kubernetes/secretReference.ts';
import type { KeyPairRequest } from '../core/signingEngine.ts';
import { exitCodes, type ExitCode } from './exitCodes.ts';
import { UsageError } from './flags.ts';
import { tell, type Call } from './machine.ts';
import { newPassword, unlock } from './password.ts';
import { agreesToOverwrite } from './questions.ts';
import { withEngine } from './session.ts';
import { keyNamed } from './trustFlags.ts';

export async function generateKeyPair(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const [target] = call.operands;
  if (target !== undefined && isSecretReference(target)) return generateInCluster(call, target, signal);
  if (target !== undefined) throw new UsageError(`a key pair goes to files, or to k8s://NAMESPACE/NAME, not to "${target}".`);
  return writePair(call, 'cosign', (engine, request, limited) => engine.signing.generateKeyPair(request, limited), signal);
}

export async function importKeyPair(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const key = call.flags.text('key');
  if (key === undefined) throw new UsageError('--key is needed: the private key to import.');
  const source = resolve(call.machine.workingDirectory, key);
  // Before any password is asked for.
  await call.machine.readInput(key, 256 * 1024, signal);
  return writePair(call, 'import-cosign', (engine, request, limited) => engine.signing.importKeyPair(source, request, limited), signal);
}

/** To standard output, or to a file that does not exist. */
export async function printPublicKey(call: Call, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine } = call;
  const key = flags.text('key');
  if (key === undefined) throw new UsageError('--key is needed: the private key whose public key is wanted.');
  const pem = await withEngine(call, { references: [] }, signal, (engine, limited) => unlock(engine, machine, keyNamed(key, machine.workingDirectory), limited));
  const file = flags.text('outfile');
  if (file === undefined) machine.stdout.write(pem);
  else {
    const path = resolve(machine.workingDirectory, file);
    await machine.writeFiles([{ path, content: pem, mode: 0o644 }], flags.on('yes'), signal);
    tell(call, `Public key written to ${file}`);
  }
  return exitCodes.success;
}

async function writePair(call: Call, otherwise: string, make: (engine: Engine, request: KeyPairRequest, signal: AbortSignal) => Promise<unknown>, signal: AbortSignal): Promise<ExitCode> {
  const { flags, machine } = call;
  const prefix = flags.text('output-key-prefix') ?? otherwise;
  const paths = { privateKey: resolve(machine.workingDirectory, `${prefix}.key`), publicKey: resolve(machine.workingDirectory, `${prefix}.pub`) };
  await withEngine(call, { references: [] }, signal, async (engine, limited) => {
    const existing = await engine.signing.existing(paths, limited);
    if (existing.length > 0 && !await agreesToOverwrite(call, existing.join(' and '), limited)) throw declined(existing);
    await make(engine, { paths, password: await newPassword(machine, limited), overwrite: existing }, limited);
  });
  tell(call, `Private key written to ${prefix}.key\nPublic key written to ${prefix}.pub`);
  return exitCodes.success;
}

/** The secret gets a password that nobody has seen, as it holds the key beside it. */
async function generateInCluster(call: Call, target: string, signal: AbortSignal): Promise<ExitCode> {
  const { machine } = call;
  const place = parseSecretReference(target);
  const publicKey = resolve(machine.workingDirectory, 'cosign.pub');
  const overwritten = await withEngine(call, { references: [] }, signal, async (engine, limited) => {
    const [existing] = await engine.signing.existing({ privateKey: `${publicKey}.none`, publicKey }, limited);
    const overwrite = existing !== undefined && await agreesToOverwrite(call, existing, limited);
    if (existing !== undefined && !overwrite) throw declined([existing]);
    const plan = await engine.kubernetes.planKeyPair({ place }, limited);
    const losing = plan.secrets.filter(({ action, losesPrivateKey }) => losesPrivateKey || action === 'replace').map((secret) => secretReference(secret.place));
    if (losing.length > 0 && !await agreesToOverwrite(call, `${losing.join(' and ')} (its private key will be gone)`, limited)) throw declined(losing);
    const { leftovers } = await plan.write(limited);
    for (const leftover of leftovers) machine.stderr.write(`Warning: a copy of the old secret could not be removed and still holds the old private key: ${secretReference(leftover)}\n`);
    await machine.writeFiles([{ path: publicKey, content: plan.publicKey.pem, mode: 0o600 }], overwrite, limited);
    return plan.secrets.some(({ action }) => action !== 'create');
  });
  tell(call, `Successfully ${overwritten ? 'updated' : 'created'} secret ${place.name} in namespace ${place.namespace}\nPublic key written to cosign.pub`);
  return exitCodes.success;
}

function declined(paths: readonly string[]): CosignError {
  const names = saidList(paths.map((path) => `"${path}"`));
  const message = paths.length === 1 ? said`${names} exists already and was not overwritten.` : said`${names} exist already and were not overwritten.`;
  return new CosignError('KEY_EXISTS', message, { remedy: said`Choose another name, or add --yes.` });
}
