// The password of a private key, from where cosign takes it (`cosign.md` §1.5). It goes nowhere but into the call that needs it.
import { isSecretReference } from '../core/kubernetes/secretReference.ts';
import type { KeySetting } from '../core/policy/trustPolicy.ts';
import { CosignError } from '../core/errors.ts';
import { said } from '../core/said.ts';
import type { Engine } from '../core/engine.ts';
import type { Machine } from './machine.ts';

/** Longer than any password, short enough to hold. */
const maxPasswordBytes = 64 * 1024;
const maxKeyBytes = 256 * 1024;
/** As long as a command lasts. */
const keepMs = 24 * 3600_000;

/** For a key that exists. All of a pipe counts, its last line feed included, as in cosign. */
export async function existingPassword(machine: Machine, signal: AbortSignal): Promise<string | Uint8Array> {
  const variable = machine.env['COSIGN_PASSWORD'];
  if (variable !== undefined) return variable;
  if (machine.canAsk) return machine.ask('Enter password for private key: ', true, signal);
  return machine.readInput('-', maxPasswordBytes, signal);
}

/** For a new key: typed twice. @throws {CosignError} `KEY_PASSWORD_WRONG` when the two are not the same */
export async function newPassword(machine: Machine, signal: AbortSignal): Promise<string | Uint8Array> {
  const first = await existingPassword(machine, signal);
  if (machine.env['COSIGN_PASSWORD'] !== undefined || !machine.canAsk) return first;
  if (first === await machine.ask('Enter password for private key again: ', true, signal)) return first;
  throw new CosignError('KEY_PASSWORD_WRONG', said`The passwords do not match.`, { remedy: said`Type the same password twice.` });
}

/** Unlocks a key for the rest of the command. A key that is not there asks for no password. @returns the public PEM */
export async function unlock(engine: Engine, machine: Machine, key: KeySetting, signal: AbortSignal): Promise<string> {
  const password = isSecretReference(key.reference) ? '' : await passwordFor(machine, key, signal);
  return (await engine.signing.unlock(key, password, keepMs, signal)).pem;
}

async function passwordFor(machine: Machine, { reference }: KeySetting, signal: AbortSignal): Promise<string | Uint8Array> {
  if (!reference.includes('://')) await machine.readInput(reference, maxKeyBytes, signal);
  const name = /^env:\/\/(.*)$/.exec(reference)?.[1];
  if (name !== undefined && machine.env[name] === undefined) throw new CosignError('KEY_UNREADABLE', said`The environment variable "${name.slice(0, 100)}" is not set.`);
  return existingPassword(machine, signal);
}
