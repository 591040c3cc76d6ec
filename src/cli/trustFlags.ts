// `--key` and `-a` → whom to trust: the same shape that the editor makes of its settings.
import type { Engine } from '../core/engine.ts';
import type { KeySetting, TrustSettings } from '../core/policy/trustPolicy.ts';
import { annotationsOf } from './annotations.ts';
import { UsageError } from './flags.ts';
import type { Call } from './machine.ts';

/** Any one of the keys suffices, for every image, with all annotations. @throws {UsageError} without a key */
export function trustByKeys({ flags, machine }: Pick<Call, 'flags' | 'machine'>): TrustSettings {
  const keys = [...new Set(flags.all('key'))].map((reference) => keyNamed(reference, machine.workingDirectory));
  if (keys.length === 0) throw new UsageError('--key is needed: the public key that must have signed. Keyless signatures cannot be verified.');
  const annotations = flags.on('check-claims', true) ? annotationsOf(flags) : {};
  const names = keys.map(({ name }) => name);
  return {
    keys, problems: [],
    policies: Object.keys(annotations).length === 0 ? [] : [{ name: '-a', images: ['**'], keys: names, annotations }],
  };
}

/** Reads the keys once, so that one that cannot be read is a mistake of the command line and not a verdict. @throws {CosignError} the `KEY_…` codes */
export async function checkKeys(engine: Engine, { keys }: TrustSettings, signal: AbortSignal): Promise<void> {
  for (const key of keys) await engine.describeKey(key, signal);
}

export function keyNamed(reference: string, workingDirectory: string): KeySetting {
  return { name: reference, reference, baseDirectory: workingDirectory };
}
