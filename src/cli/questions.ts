// A yes before anything is overwritten: by a flag, or typed on a terminal.
import type { Call } from './machine.ts';
import { plainText } from '../presentation/untrustedText.ts';

/** False when nobody can be asked. @param what will be gone */
export async function agreesToOverwrite({ flags, machine }: Call, what: string, signal: AbortSignal): Promise<boolean> {
  if (flags.on('yes') || flags.on('force')) return true;
  if (!machine.canAsk) return false;
  machine.stderr.write(`WARNING: ${plainText(what, 1000)} exists already. Overwrite?\n`);
  return /^y(?:es)?$/i.test((await machine.ask('Are you sure you would like to continue? [y/N] ', false, signal)).trim());
}
